"""Faithfulness over a run, and slow maps of one scan: what is written is what is read."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_trainings import call

from core.analyses.faithfulness import Asked, asked_of, by_method, read_faithfulness, sampled
from core.analyses.job import finished_folder, state_of
from core.analyses.slow_map import read_slow_map, slow_map_options
from core.analyses.working import carry_out
from core.calibration import RunCalibration, write_calibration
from core.commands.analyses import asked_options
from core.errors import DatasetError, RequestError
from core.evaluation.temperature import Temperature
from core.explanation.maps import explain
from core.explanation.stages import stages
from core.models.weights import load_run_model
from core.runs import Run, read_index


@pytest.fixture
def layer(own_run: Run) -> str:
    return stages(load_run_model(own_run))[1].layer


def test_a_run_is_measured_and_summed_up(own_run: Run, layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.analyses.faithfulness.RANDOM_MAPS", 4)
    options = Asked(methods=("layercam",), layer=layer, per_cell=2).options()
    assert read_faithfulness(own_run, options) is None
    told: list[tuple[int, int]] = []
    carry_out(own_run, "faithfulness", options, told=lambda done, of: told.append((done, of)))
    found = read_faithfulness(own_run, options)
    assert found is not None
    assert (found.split, found.per_cell, found.unread) == ("test", 2, 0)
    assert found.table.groupby("cell").size().max() <= 2
    (row,) = by_method(found.table).to_dict("records")
    assert row["scans"] == len(found.table)
    assert row["trust"] + row["doubt"] + row["ignore"] == pytest.approx(1)
    assert told[0] == (0, len(found.table))
    folder = finished_folder(own_run, "faithfulness", options)
    assert folder is not None
    (folder / "scans.parquet").write_bytes(b"torn")
    assert read_faithfulness(own_run, options) is None
    assert state_of(own_run, "faithfulness", options).status == "none"  # so that it can be made again


def test_a_mean_gain_lies_in_its_interval_and_one_group_has_none() -> None:
    table = pd.DataFrame(
        {
            "group": ["a", "a", "b", "c"],
            "method": "gradcam",
            "word": ["trust", "doubt", "doubt", "ignore"],
            "flip": [0.5, 0.7, np.nan, 0.6],
            "shift": 0.5,
            "untrained": 0.1,
            **{f"{name}_gain": [1.0, 2.0, 3.0, np.nan] for name in ("deletion", "insertion", "road")},
        }
    )
    (row,) = by_method(table).to_dict("records")
    assert row["deletion_gain"] == 2.0
    assert row["deletion_low"] < 2.0 < row["deletion_high"]
    assert (row["flip"], row["trust"]) == (pytest.approx(0.6), 0.25)
    (row,) = by_method(table[table["group"] == "a"]).to_dict("records")
    assert np.isnan(row["road_low"])


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(0, 9), st.randoms())
def test_a_sample_is_of_each_cell_and_does_not_depend_on_order(per_cell: int, seed: int, shuffler) -> None:
    table = pd.DataFrame({"path": [f"{n:02d}" for n in range(20)], "cell": ["missed"] * 3 + ["found"] * 17})
    rows = list(range(20))
    shuffler.shuffle(rows)
    one = sampled(table, per_cell=per_cell, seed=seed)
    assert list(sampled(table.iloc[rows], per_cell=per_cell, seed=seed)["path"]) == list(one["path"])
    assert one["cell"].value_counts().to_dict() == {"missed": min(3, per_cell), "found": per_cell}


def test_options_say_what_differs_and_are_read_back() -> None:
    assert Asked().options() == {}
    asked = Asked(methods=("gradcam", "eigencam"), layer="layer3", per_cell=3, seed=5)
    assert asked_of(asked.options()) == asked
    for wrong in ({"per_cell": "0"}, {"per_cell": "ten"}, {"methods": "magic"}, {"colour": "red"}, {"seed": "-1"}):
        with pytest.raises(RequestError, match="expected"):
            asked_of(wrong)
    for wrong in ({"seed": str(2**32)}, {"per_cell": "9" * 5000}):
        with pytest.raises(RequestError, match="expected"):
            asked_of(wrong)


def test_wrong_options_and_a_moved_dataset_are_refused(own_run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for setting in ("target=nobody", "layer=nowhere", "split=nothing"):
        finished = call(["analyse", own_run.folder, "faithfulness", "--set", setting], capsys)
        assert (finished.status, finished.stderr.count("expected")) == (2, 1), finished.stderr
    moved = own_run.updated(data=str(own_run.folder / "nowhere"))
    with pytest.raises(RequestError, match="dataset's folder"):
        carry_out(moved, "faithfulness")


def test_a_slow_map_is_the_one_that_explain_gives(own_run: Run, layer: str) -> None:
    path = read_index(own_run)["path"].iloc[0]
    options = slow_map_options(path, "covid", "ablationcam", layer)
    assert read_slow_map(own_run, path, "covid", "ablationcam", layer) is None
    carry_out(own_run, "slow-map", options)
    found = read_slow_map(own_run, path, "covid", "ablationcam", layer)
    assert found is not None
    model = load_run_model(own_run)
    from core.analyses.scans import scan_of

    wanted = explain(model, scan_of(own_run, model, path), target="covid", method="ablationcam", layer=layer)
    assert found.heat == pytest.approx(wanted.heat, abs=1e-6)
    assert (found.maximum, found.side, found.target) == (pytest.approx(wanted.maximum), wanted.side, "covid")
    assert read_slow_map(own_run, path, "covid", "scorecam", layer) is None
    own_run.weights_path.write_bytes(b"others")
    assert read_slow_map(own_run, path, "covid", "ablationcam", layer) is None


def test_a_slow_map_does_not_hold_once_other_scores_are_in_force(own_run: Run, layer: str) -> None:
    path = read_index(own_run)["path"].iloc[0]
    carry_out(own_run, "slow-map", slow_map_options(path, "covid", "ablationcam", layer))
    raw = read_slow_map(own_run, path, "covid", "ablationcam", layer)
    assert raw is not None
    calibration = RunCalibration(Temperature(2.0, "val", 30, 12), True, "2026-01-01", "2026-01-01")
    write_calibration(own_run, calibration)
    # Its score would not be the one beside it.
    assert read_slow_map(own_run, path, "covid", "ablationcam", layer) is None
    write_calibration(own_run, replace(calibration, in_force=False))
    found = read_slow_map(own_run, path, "covid", "ablationcam", layer)
    assert found is not None
    assert found.target_score == raw.target_score


def test_a_process_works_where_who_started_it_looks_also_for_a_path_with_spaces_around_it(own_run: Run) -> None:
    options = slow_map_options(" a=b .png ", "covid")
    there = state_of(own_run, "slow-map", options).folder
    assert state_of(own_run, "slow-map", asked_options([f"{k}={v}" for k, v in options.items()])).folder == there


def test_a_slow_map_asked_for_by_its_scan_alone_is_found_where_the_pages_look(
    own_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    path, last = read_index(own_run)["path"].iloc[0], stages(load_run_model(own_run))[-1].layer
    finished = call(["analyse", own_run.folder, "slow-map", "--set", f"path={path}"], capsys)
    assert finished.status == 0, finished.stderr
    assert read_slow_map(own_run, path, own_run.record.positive, "scorecam", last) is not None


def test_a_slow_map_needs_a_scan_inside_the_dataset(own_run: Run) -> None:
    for options, why in (
        ({}, "path=SCAN"),
        ({"path": "a", "colour": "red"}, "options among"),
        ({"path": "a", "method": "gradcam"}, "method among"),
    ):
        with pytest.raises(RequestError, match=why):
            carry_out(own_run, "slow-map", options)
    with pytest.raises(DatasetError):
        carry_out(own_run, "slow-map", {"path": "../../etc/passwd"})


def test_the_command_says_one_word_a_scan(own_run: Run, capsys: pytest.CaptureFixture[str], layer: str) -> None:
    path = read_index(own_run)["path"].iloc[0]
    finished = call(["faithful", own_run.folder, path, "--method", "layercam", "--layer", layer, "--json"], capsys)
    (row,) = finished.facts["maps"]
    assert row["word"] in ("trust", "doubt", "ignore")
    assert row["random_maps"] == 19
    finished = call(["faithful", own_run.folder, path], capsys)
    assert "ignore" in finished.stdout  # one cell at the last stage
