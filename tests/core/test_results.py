import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, roc_auc_score

from core.decided import point_in_force, save_point
from core.errors import RequestError, RunDamagedError
from core.evaluation.decision.choosing import chosen
from core.evaluation.decision.rules import MaxFnr
from core.results import SplitResults, split_results, splits_of, torn_groups

SCORES = st.lists(st.tuples(st.booleans(), st.floats(0, 1, width=32)), min_size=1, max_size=30)


def results(rows: list[tuple[bool, float]]) -> SplitResults:
    table = pd.DataFrame(
        {
            "path": [f"{number:02d}.png" for number in range(len(rows))],
            "label": ["sick" if sick else "well" for sick, _ in rows],
            "split": "val",
            "group": [str(number) for number in range(len(rows))],
            "sick": np.array([score for _, score in rows], np.float32),
        }
    )
    table["well"] = 1 - table["sick"]
    return SplitResults("val", table, ("sick", "well"), "sick")


@given(rows=SCORES, threshold=st.floats(0, 1, width=32))
def test_every_scan_is_in_the_cell_that_its_call_puts_it_in(rows, threshold):
    for row in results(rows).with_cells(threshold).itertuples():
        called = row.score >= threshold
        sick = row.label == "sick"
        assert row.cell == {(1, 0): "missed", (0, 1): "false alarm", (1, 1): "found", (0, 0): "cleared"}[sick, called]
        assert row.predicted == ("sick" if called else "well")


def test_figures_of_a_run_agree_with_scikit_learn(trained):
    test = split_results(trained.run, "test")
    truth = test.table["label"] == test.positive
    scores = test.table[test.positive].astype(float)
    figures = test.evaluated(0.5)
    assert figures.auc.value == pytest.approx(roc_auc_score(truth, scores))
    expected = confusion_matrix(truth, scores >= 0.5, labels=[True, False])
    np.testing.assert_array_equal(figures.confusion, expected)
    assert test.classes == ("covid", "normal")


def test_splits_hold_what_the_record_says(trained):
    run = trained.run
    assert splits_of(run) == ("train", "val", "test")
    assert {name: len(split_results(run, name).table) for name in splits_of(run)} == dict(run.record.split_sizes)


def test_a_split_without_scans_is_no_split(own_run):
    run = own_run.updated(split_sizes={"train": 30, "val": 8, "test": 0})
    assert splits_of(run) == ("train", "val")
    with pytest.raises(RequestError, match="expected a split among train, val, found 'test', which has no scans"):
        split_results(run, "test")


@pytest.mark.parametrize("status", ["queued", "running", "failed", "stopped"])
def test_a_run_that_is_not_finished_has_no_results(own_run, status):
    with pytest.raises(RequestError, match=f"expected a finished run, found .* {status}; finish it with resume first"):
        split_results(own_run.updated(status=status), "val")


def test_predictions_without_a_scan_of_the_split_are_damaged(own_run):
    path = own_run.folder / "predictions.parquet"
    table = pd.read_parquet(path)
    table[table["split"] != "val"].to_parquet(path)
    with pytest.raises(RunDamagedError, match=r"expected the val split in .*predictions\.parquet.*; train again"):
        split_results(own_run, "val")


def set_to(column: str, value: object):
    def damage(table: pd.DataFrame) -> pd.DataFrame:
        rows = table["split"] == "val"
        return table.assign(**{column: table[column].astype(object).mask(rows, value)})

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        set_to("label", "flu"),
        set_to("label", None),
        set_to("group", None),
        set_to("covid", float("nan")),
        set_to("covid", 1.5),
        set_to("normal", -0.1),
    ],
    ids=["label", "no label", "no group", "nan", "above 1", "below 0"],
)
def test_predictions_that_cannot_be_are_damaged(own_run, damage):
    path = own_run.folder / "predictions.parquet"
    damage(pd.read_parquet(path)).to_parquet(path)
    with pytest.raises(RunDamagedError, match=r"predictions\.parquet .*it is damaged .*restore the file") as caught:
        split_results(own_run, "val")
    assert "\n" not in str(caught.value)


def test_no_group_of_a_drawn_split_is_torn(trained):
    assert torn_groups(trained.run) == 0


def test_half_is_in_force_while_nobody_has_chosen(own_run):
    point = point_in_force(own_run)
    assert (point.threshold, point.rule, point.split) == (0.5, "default", "val")


def test_a_saved_point_is_in_force_to_the_last_bit(own_run):
    saved = save_point(own_run, chosen(split_results(own_run, "val").scored, MaxFnr(0.3)))
    assert point_in_force(own_run) == saved
    assert saved.threshold in split_results(own_run, "val").scored.scores


@pytest.mark.parametrize(
    "changes", [{"threshold": 7}, {"threshold": -0.1}, {"threshold": "high"}, {"threshold": float("nan")}, {"fnr": 3}]
)
def test_an_operating_point_that_makes_no_sense_is_damaged(own_run, changes):
    point = replace(point_in_force(own_run), rule="by hand")
    (own_run.folder / "operating_point.json").write_text(json.dumps(point.to_json() | changes))
    with pytest.raises(RunDamagedError, match=r"operating_point\.json, found damage; save one again, for instance"):
        point_in_force(own_run)
