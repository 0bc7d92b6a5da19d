"""`explain`: every method, stage, target and way to show, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli import main
from core.runs import Run


def drawn(capsys: pytest.CaptureFixture[str], run: Run, scan: Path, *options: str) -> dict:
    """What the command says about the one map that it draws."""
    out = run.folder.parent / "maps"
    assert main(["explain", str(run.folder), str(scan), "--out", str(out), "--json", *options]) == 0
    (row,) = json.loads(capsys.readouterr().out.splitlines()[-1])["maps"]
    return row


@pytest.fixture
def scan(scans: Path) -> Path:
    return next((scans / "covid").glob("*.png"))


def test_an_earlier_stage_is_finer_and_in_the_name(own_run, scan, capsys):
    last, third = drawn(capsys, own_run, scan), drawn(capsys, own_run, scan, "--layer", "layer2")
    assert last["cells"] == [1, 1]
    assert third["cells"] == [4, 4]
    assert third["layer"] == "layer2"
    assert Path(third["picture"]).name == f"001-{scan.stem}-gradcam-layer2.png"
    assert Path(third["picture"]).exists()


def test_the_predicted_class_and_the_difference_of_two_can_be_asked_about(own_run, scan, capsys):
    predicted = drawn(capsys, own_run, scan, "--target", "predicted")
    assert main(["predict", str(own_run.folder), str(scan), "--json"]) == 0
    (prediction,) = json.loads(capsys.readouterr().out.splitlines()[-1])["predictions"]
    assert predicted["class"] == prediction["decision"]
    assert drawn(capsys, own_run, scan, "--target", "difference")["class"] == "covid over normal"


def test_a_slow_method_tells_how_far_it_is(own_run, scan, capsys):
    out = own_run.folder.parent / "maps"
    options = ["--method", "ablationcam", "--layer", "layer1", "--out", str(out)]
    assert main(["explain", str(own_run.folder), str(scan), *options]) == 0
    assert "map 1 of 1" in capsys.readouterr().err


def test_contour_and_mask_are_other_pictures_of_the_same_heat(own_run, scan, capsys):
    pictures, heats = [], []
    for show in ("heat", "contour", "masked"):
        row = drawn(capsys, own_run, scan, "--show", show, "--method", "layercam", "--layer", "layer1")
        heats.append(np.load(Path(row["picture"]).with_suffix(".npy"), allow_pickle=False))
        with Image.open(row["picture"]) as picture:
            pictures.append(np.asarray(picture))
    assert all((heat == heats[0]).all() for heat in heats)
    assert (pictures[0] != pictures[1]).any()
    assert (pictures[1] != pictures[2]).any()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--layer", "fc"], "expected a layer among act1, layer1, layer2, layer3, layer4, found 'fc'"),
        (["--show", "film"], "expected --show to be one of heat, contour, masked, found 'film'"),
    ],
)
def test_an_unknown_layer_or_way_to_show_is_refused_in_one_line(own_run, scan, capsys, options, said):
    out = own_run.folder.parent / "maps"
    assert main(["explain", str(own_run.folder), str(scan), "--out", str(out), *options]) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]
