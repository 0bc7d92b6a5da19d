"""`calibrate`, and `evaluate` by patient and for subgroups."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from core.cli import main
from core.runs import Run
from tests.conftest import Trained


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    """What a command prints as JSON; it must end well."""
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line of a command that is refused."""
    assert main([*map(str, arguments)]) == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.fixture
def doubtful_run(own_run: Run) -> Run:
    """The run with a scan of each class and split on the wrong side, so that a temperature can be fitted."""
    path = own_run.folder / "predictions.parquet"
    table = pd.read_parquet(path)
    first, second = own_run.record.classes
    wrong = table.groupby(["split", "label"]).head(1).index
    table.loc[wrong, [first, second]] = table.loc[wrong, [second, first]].to_numpy()
    sure = 0.999 * (table["label"] == first) + 0.0005
    table[first] = sure.where(~table.index.isin(wrong), 1 - sure).astype("float32")
    table[second] = (1 - table[first]).astype("float32")
    table.to_parquet(path, index=False)
    return own_run


def test_a_training_keeps_the_brightness_of_each_scan(trained: Trained):
    brightness = pd.read_parquet(trained.run.folder / "predictions.parquet")["brightness"]
    assert brightness.between(0, 1).all()
    assert brightness.nunique() > 1


def test_calibrate_tells_and_switches_and_every_command_says_which_scores_it_means(doubtful_run, capsys, scans):
    run = doubtful_run.folder
    looked = said(capsys, "calibrate", run)
    assert looked["scores"] == "raw"
    assert looked["temperature"] > 1
    assert looked["rough"]
    assert not (run / "calibration.json").exists()
    assert looked["val"]["calibrated"]["brier"]["brier"] < looked["val"]["raw"]["brier"]["brier"]
    before = said(capsys, "evaluate", run)
    scan = next(scans.rglob("*.png"))
    raw = said(capsys, "predict", run, scan)
    used = said(capsys, "calibrate", run, "--use")
    assert used["scores"] == "calibrated"
    assert used["temperature"] == looked["temperature"]
    after = said(capsys, "evaluate", run)
    assert (before["scores"], after["scores"]) == ("raw", "calibrated")
    assert after["confusion"] == before["confusion"]
    assert after["auc"] == before["auc"]
    assert after["brier"] != before["brier"]
    assert said(capsys, "threshold", run, "--max-fnr", "0.2")["scores"] == "calibrated"
    assert said(capsys, "evaluate", run, "--data", scans)["scores"] == "calibrated"
    calibrated = said(capsys, "predict", run, scan)
    assert (raw["scores"], calibrated["scores"]) == ("raw", "calibrated")
    (one,), (other,) = raw["predictions"], calibrated["predictions"]
    assert one["decision"] == other["decision"]
    assert one["score"] != other["score"]
    drawn = said(capsys, "explain", run, scan, "--out", run.parent / "maps")
    assert drawn["scores"] == "calibrated"
    assert drawn["maps"][0]["score"] == pytest.approx(other["score"], abs=1e-5)
    assert said(capsys, "calibrate", run, "--off")["scores"] == "raw"
    assert said(capsys, "evaluate", run) == before


def test_a_temperature_that_cannot_be_fitted_is_one_line(trained, tmp_path, capsys):
    run = tmp_path / "faultless"
    shutil.copytree(trained.run.folder, run)
    table = pd.read_parquet(run / "predictions.parquet")
    first, second = trained.run.record.classes
    table[first] = (table["label"] == first) * 0.98 + 0.01
    table[second] = 1 - table[first]
    table.to_parquet(run / "predictions.parquet", index=False)
    assert "told apart without an error" in refused(capsys, "calibrate", run, "--use")
    off = said(capsys, "calibrate", run, "--off")
    assert (off["scores"], off["temperature"], off["test"]["calibrated"]) == ("raw", None, None)
    assert main(["calibrate", str(run), "--off"]) == 0


def test_a_damaged_calibration_names_the_command_that_does_without_it(own_run, capsys):
    (own_run.folder / "calibration.json").write_text("{")
    assert main(["evaluate", str(own_run.folder)]) == 1
    assert f"`python -m core calibrate {own_run.id} --off`" in capsys.readouterr().err.splitlines()[-1]
    assert said(capsys, "calibrate", own_run.folder, "--off")["scores"] == "raw"
    assert said(capsys, "evaluate", own_run.folder)["scores"] == "raw"


def test_evaluate_by_patient_counts_groups_and_keeps_the_figures_by_scan(own_run, capsys):
    path = own_run.folder / "predictions.parquet"
    table = pd.read_parquet(path)
    table["group"] = table["label"] + (table.groupby("label").cumcount() // 3).astype(str) + table["split"]
    table.to_parquet(path, index=False)
    by_scan = said(capsys, "evaluate", own_run.folder)
    by_patient = said(capsys, "evaluate", own_run.folder, "--by", "patient", "--join", "max")
    test = table[table["split"] == "test"]
    joined = test.groupby(["group", "label"])[own_run.record.positive].max().reset_index()
    assert by_patient["n"] == len(joined) < by_scan["n"]
    assert (by_patient["by"], by_patient["join"], by_patient["contradicting_groups"]) == ("patient", "max", 0)
    assert by_patient["auc"]["value"] == pytest.approx(
        roc_auc_score(joined["label"] == own_run.record.positive, joined[own_run.record.positive])
    )
    assert (by_scan["counted"], by_patient["counted"]) == ("scans", "groups")
    assert f"over {len(joined)} groups" in by_patient["interval_methods"]["losses"]
    assert by_patient["by_scan"] == {name: by_scan[name] for name in by_patient["by_scan"]}


def test_evaluate_for_subgroups_takes_the_columns_of_the_index(own_run, capsys):
    path = own_run.folder / "index.parquet"
    index = pd.read_parquet(path)
    index["site"] = ["north", "south"] * (len(index) // 2)
    index.to_parquet(path, index=False)
    facts = said(capsys, "evaluate", own_run.folder, "--split", "train", "--subgroups")
    parts = [part for part in facts["subgroups"] if part["column"] == "site"]
    assert {part["part"] for part in parts} == {"north", "south"}
    assert sum(part["n"] for part in parts) == facts["n"]
    assert {part["column"] for part in facts["subgroups"]} >= {"site", "brightness"}
    assert "the same for all" in facts["left_out"]["mode"]
    assert main(["evaluate", str(own_run.folder), "--split", "train", "--subgroups"]) == 0
    assert "site: north" in capsys.readouterr().out


def test_subgroups_of_another_dataset_have_its_own_columns(own_run, scans, capsys):
    facts = said(capsys, "evaluate", own_run.folder, "--data", scans, "--subgroups")
    assert "brightness" in {part["column"] for part in facts["subgroups"]}


def test_runs_without_brightness_say_so(own_run, capsys):
    path = own_run.folder / "predictions.parquet"
    pd.read_parquet(path).drop(columns="brightness").to_parquet(path, index=False)
    facts = said(capsys, "evaluate", own_run.folder, "--subgroups")
    assert "not kept when this run's scans were scored" in facts["left_out"]["brightness"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--by", "patient", "--join", "median"), "expected a way to join scores"),
        (("--join", "mean"), "expected --join with --by patient"),
        (("--by", "patient", "--subgroups"), "subgroups are of scans"),
    ],
)
def test_what_does_not_go_together_is_one_line(trained, capsys, options, says):
    assert says in refused(capsys, "evaluate", trained.run.folder, *options)


def test_a_scan_missing_in_the_index_is_damage(own_run, capsys):
    path: Path = own_run.folder / "index.parquet"
    index = pd.read_parquet(path)
    index[index["split"] != "test"].to_parquet(path, index=False)
    assert main(["evaluate", str(own_run.folder), "--subgroups"]) == 1
    assert "found no such scan" in capsys.readouterr().err
