"""Where the heat of a run lies: what is written, what is read at which threshold, and what cannot be said."""

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.analyses import heat
from core.analyses.heat import KIND, MOST_PICTURES, PICTURE_PX, outside_lungs, read_heat
from core.analyses.heat_pictures import cell_pictures, map_cells
from core.analyses.heat_summary import ALL, as_table, heat_places
from core.analyses.job import finished_folder
from core.analyses.working import carry_out
from core.data.images import read_scan
from core.decided import save_point
from core.errors import DatasetError, RequestError, RunDamagedError, WorkError
from core.evaluation.decision.operating_point import fixed_point
from core.explanation.batches import maps_of
from core.explanation.lungs import Anatomy, find_lungs
from core.explanation.maps import explain
from core.explanation.stages import stages
from core.explanation.whereabouts import whereabouts
from core.models.weights import load_run_model
from core.results import split_results
from core.runs import Run


@pytest.fixture
def chests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every scan is a chest with its lungs in the upper half: the tiny ones are too small to look for any."""
    monkeypatch.setattr(heat, "find_lungs", upper_half)


@pytest.fixture
def layer(own_run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """The maps are of a stage that has several cells: at 32 px the last one has a single one."""
    name = stages(load_run_model(own_run))[1].layer
    monkeypatch.setattr(heat, "maps_of", partial(maps_of, layer=name))
    return name


@pytest.fixture
def looked_at(own_run: Run, chests: None, layer: str) -> Run:
    carry_out(own_run, KIND)
    return own_run


def upper_half(scan: np.ndarray) -> Anatomy:
    lungs = np.zeros(scan.shape, bool)
    lungs[: len(scan) // 2] = True
    return Anatomy(np.ones(scan.shape, bool), lungs, "")


def at_threshold(run: Run, threshold: float) -> None:
    scored = split_results(run, "val").scored
    save_point(run, fixed_point(scored, threshold, split="val"))


def test_each_scan_of_validation_and_test_has_the_place_of_its_own_map(looked_at: Run, layer: str) -> None:
    found = read_heat(looked_at)
    assert found is not None
    wanted = pd.concat([split_results(looked_at, split).table["path"] for split in ("val", "test")])
    assert sorted(found["path"]) == sorted(wanted)
    model = load_run_model(looked_at)
    for row in found.iloc[::3].to_dict("records"):
        scan = read_scan(Path(looked_at.record.data) / row["path"])
        single = explain(model, scan, target=row["predicted"], layer=layer)
        assert row["maximum"] == pytest.approx(single.maximum, rel=1e-3, abs=1e-6)
        expected = whereabouts(single.heat, upper_half(scan))
        assert row["in_lungs"] == pytest.approx(expected.in_lungs, abs=2e-3, nan_ok=True)
        assert row["in_border"] == pytest.approx(expected.in_border, abs=2e-3, nan_ok=True)


def test_another_threshold_needs_no_new_analysis(looked_at: Run) -> None:
    for threshold, called in ((0.0, "covid"), (1.0, "normal")):
        at_threshold(looked_at, threshold)
        found = read_heat(looked_at)
        assert found is not None
        assert len(found)
        assert set(found["predicted"]) == set(found["target"]) == {called}


def test_nothing_is_read_before_the_analysis(own_run: Run) -> None:
    assert read_heat(own_run) is None
    assert cell_pictures(own_run, pd.DataFrame()) == {}


def test_scans_that_are_no_chests_have_no_shares_in_lungs(own_run: Run) -> None:
    carry_out(own_run, KIND)
    found = read_heat(own_run)
    assert found is not None
    assert found["refused"].str.contains("smaller than").all()
    assert found["in_lungs"].isna().all()
    assert outside_lungs(found).empty
    everything = heat_places(found)[ALL]
    assert (everything.judged, everything.without_lungs) == (0, len(found))
    assert np.isnan(everything.outside.value)
    assert everything.without_heat == 0
    assert np.isnan(everything.in_border.value)  # a map of one cell is nowhere


def test_the_list_of_scans_looked_at_elsewhere_begins_with_the_worst() -> None:
    table = pd.DataFrame({"path": list("abcd"), "in_lungs": [0.4, 0.9, 0.1, np.nan]})
    assert list(outside_lungs(table)["path"]) == ["c", "a"]


def test_places_of_cells_are_plain_means_and_shares() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "cell": ["missed"] * 20 + ["found"] * 20,
            "group": [f"g{number // 2}" for number in range(40)],
            "in_lungs": rng.random(40),
            "in_body": 0.9,
            "in_border": rng.random(40),
            "lung_area": np.r_[np.full(20, 0.3), np.full(20, 0.6)],
            "refused": "",
        }
    )
    table.loc[0, ["in_lungs", "lung_area", "refused"]] = [np.nan, np.nan, "an X-ray"]
    table.loc[1, ["in_lungs", "in_body", "in_border"]] = np.nan
    found = heat_places(table)
    assert list(found) == [ALL, "missed", "found"]
    missed = found["missed"]
    judged = table.iloc[2:20]
    assert (missed.scans, missed.judged, missed.without_lungs, missed.without_heat) == (20, 18, 1, 1)
    assert missed.outside.value == pytest.approx((judged["in_lungs"] < 0.5).mean())
    assert missed.in_lungs.value == pytest.approx(judged["in_lungs"].mean())
    assert missed.gain.value == pytest.approx(judged["in_lungs"].mean() - 0.3)
    assert (missed.outside_by_chance, found["found"].outside_by_chance) == (1.0, 0.0)
    for estimate in (missed.outside, missed.in_lungs, missed.in_border):
        assert estimate.low < estimate.value < estimate.high
    assert list(as_table(found)["cell"]) == [ALL, "missed", "found"]


def test_mean_pictures_are_means_of_the_scans_and_maps_of_a_cell(looked_at: Run, layer: str) -> None:
    found = read_heat(looked_at)
    assert found is not None
    pictures = cell_pictures(looked_at, found)
    assert {cell: picture.scans for cell, picture in pictures.items()} == found["cell"].value_counts().to_dict()
    model = load_run_model(looked_at)
    for cell, picture in pictures.items():
        rows = found[found["cell"] == cell]
        scans = [read_scan(Path(looked_at.record.data) / path) for path in rows["path"]]
        assert picture.scan.shape == picture.heat.shape == (PICTURE_PX, PICTURE_PX)
        assert picture.scan.mean() == pytest.approx(np.mean(scans), abs=2)
        maps = [
            explain(model, scan, target=row, layer=layer) for scan, row in zip(scans, rows["predicted"], strict=True)
        ]
        assert picture.without_evidence == sum(one.is_empty for one in maps)
        assert picture.heat.mean() == pytest.approx(np.mean([one.heat for one in maps]), abs=0.05)
    assert map_cells(looked_at) == maps[0].side


def test_of_many_scans_an_even_sample_is_kept(looked_at: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_PICTURES > 10_000
    monkeypatch.setattr(heat, "MOST_PICTURES", 4)
    carry_out(looked_at, KIND, again=True)
    found = read_heat(looked_at)
    assert found is not None
    assert sum(picture.scans for picture in cell_pictures(looked_at, found).values()) == 4


def test_a_scan_that_cannot_be_read_is_said_and_holds_up_no_other(own_run: Run, chests: None, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(own_run.record.data, data)
    run = own_run.updated(data=str(data))
    lost = split_results(run, "test").table["path"].iloc[0]
    (data / lost).unlink()
    carry_out(run, KIND)
    found = read_heat(run)
    assert found is not None
    (row,) = found[found["path"] == lost].to_dict("records")
    assert "cannot be read" in row["refused"]
    assert np.isnan(row["in_lungs"])
    assert (found["refused"] == "").sum() == len(found) - 1
    places = heat_places(found)[ALL]
    assert places.judged + places.without_heat + places.without_lungs == places.scans


def test_a_dataset_that_is_gone_is_said(own_run: Run, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        carry_out(own_run.updated(data=str(tmp_path / "gone")), KIND)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(WorkError, match="none can be read"):
        carry_out(own_run.updated(data=str(empty)), KIND)


def test_options_and_runs_without_scans_to_look_at_are_refused(own_run: Run) -> None:
    with pytest.raises(RequestError, match="no options"):
        carry_out(own_run, KIND, {"colour": "red"})
    without = replace(own_run.record, split_sizes={"train": 5})
    with pytest.raises(RequestError, match="validation or test"):
        heat.work(Run(own_run.folder, without), own_run.folder, {}, lambda done, of: None)


@pytest.mark.parametrize("name", [heat.TABLE, heat.HEATS, heat.SCANS, heat.PICTURED])
def test_damaged_results_are_one_line(looked_at: Run, name: str) -> None:
    folder = finished_folder(looked_at, KIND)
    assert folder is not None
    found = read_heat(looked_at)
    (folder / name).write_bytes(b"torn")
    with pytest.raises(RunDamagedError, match=name):
        cell_pictures(looked_at, read_heat(looked_at) if name == heat.TABLE else found)  # type: ignore[arg-type]


def test_the_real_search_for_lungs_is_the_one_used() -> None:
    assert heat.find_lungs is find_lungs
