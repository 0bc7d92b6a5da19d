"""Worklists: the right scans in the right order, against slow obvious counting."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import RequestError
from core.evaluation.decision.operating_point import fixed_point
from core.results import SplitResults
from core.review.worklists.case_table import slice_places, table_of
from core.review.worklists.filters import ANY, CELLS, ORDERS, Filters, without
from core.review.worklists.worklist import PART, counts, left_without, masks, position_of, unanswered, worklist

ROWS = st.lists(
    st.tuples(st.booleans(), st.floats(0, 1, width=32), st.sampled_from("abc"), st.sampled_from(("val", "test"))),
    min_size=1,
    max_size=25,
)
THRESHOLDS = st.floats(0, 1, width=32)


def table_at(rows, threshold, upper=None) -> pd.DataFrame:
    scans = pd.DataFrame(
        {
            "path": [f"{number}.png" for number in range(len(rows))],
            "label": ["sick" if sick else "well" for sick, *_ in rows],
            "split": [split for *_, split in rows],
            "group": [group for _, _, group, _ in rows],
            "sick": np.array([score for _, score, *_ in rows], np.float32),
        }
    )
    scans["well"] = 1 - scans["sick"]
    index = scans[["path"]].assign(sha256=[f"content {path}" for path in scans["path"]])
    results = [
        SplitResults(split, scans[scans["split"] == split].reset_index(drop=True), ("sick", "well"), "sick")
        for split in ("val", "test")
        if (scans["split"] == split).any()
    ]
    return table_of(results, index, replace(fixed_point(results[0].scored, threshold), upper=upper))


@given(rows=ROWS, threshold=THRESHOLDS)
def test_every_scan_is_on_exactly_one_list_of_a_cell(rows, threshold):
    table = table_at(rows, threshold)
    listed = [path for cell in CELLS for path in worklist(table, Filters(cells=(cell,)))["path"]]
    assert sorted(listed) == sorted(table["path"]) == sorted(worklist(table, Filters())["path"])


@given(rows=ROWS, threshold=THRESHOLDS)
@example(rows=[(False, 0.0, "a", "val"), (False, 2.0**-56, "a", "val")], threshold=0.0)
def test_a_list_of_one_cell_starts_with_the_most_confident(rows, threshold):
    table = table_at(rows, threshold)
    for cell in CELLS:
        distances = (worklist(table, Filters(cells=(cell,)))["score"] - threshold).abs().tolist()
        assert distances == sorted(distances, reverse=True)


@given(rows=ROWS, threshold=THRESHOLDS)
def test_errors_come_before_what_is_right(rows, threshold):
    is_right = worklist(table_at(rows, threshold), Filters())["cell"].isin(["found", "cleared"]).tolist()
    assert is_right == sorted(is_right)


def test_a_miss_below_a_low_threshold_is_as_confident_as_an_alarm_far_above_it():
    table = table_at([(True, 0.0, "a", "val"), (False, 0.9, "b", "val"), (True, 0.04, "c", "val")], 0.05)
    assert worklist(table, Filters())["path"].tolist() == ["0.png", "1.png", "2.png"]


def test_equal_scores_are_listed_by_path():
    rows = [(True, 0.1, "a", "val")] * 12
    listed = worklist(table_at(rows, 0.5), Filters(cells=("missed",)))["path"].tolist()
    assert listed == sorted(listed)


@given(
    rows=ROWS,
    threshold=THRESHOLDS,
    filters=st.builds(
        Filters,
        cells=st.sampled_from(((), ("missed",), ("missed", "cleared"))),
        truth=st.sampled_from(("", "sick")),
        predicted=st.sampled_from(("", "well")),
        split=st.sampled_from((ANY, "val", "test")),
        group=st.sampled_from(("", "b")),
        score_low=st.sampled_from((0.0, 0.25)),
        score_high=st.sampled_from((1.0, 0.75)),
        near_threshold=st.booleans(),
        order=st.sampled_from(("error", "score-up", "score-down", "group")),
    ),
)
def test_filters_and_counts_agree_with_counting_row_by_row(rows, threshold, filters):
    table = table_at(rows, threshold)
    table = table.assign(**slice_places(table))

    def fits(row, asked) -> bool:
        return (
            (not asked.cells or row.cell in asked.cells)
            and asked.truth in ("", row.label)
            and asked.predicted in ("", row.predicted)
            and asked.split in (ANY, row.split)
            and asked.group in ("", row.group)
            and asked.score_low <= row.score <= asked.score_high
            and (not asked.near_threshold or row.near)
        )

    def number(asked) -> int:
        return sum(fits(row, asked) for row in table.itertuples())

    found = worklist(table, filters)
    assert sorted(found["path"]) == sorted(row.path for row in table.itertuples() if fits(row, filters))
    numbers = counts(table, filters)
    for cell in CELLS:
        assert numbers["cell"].get(cell, 0) == number(replace(filters, cells=(cell,)))
    for split in (ANY, "val", "test"):
        assert numbers["split"].get(split, 0) == number(replace(filters, split=split))
    assert numbers["truth"].get("sick", 0) == number(replace(filters, truth="sick"))
    assert numbers["near"]["near"] == number(replace(filters, near_threshold=True))
    if found.empty:
        for name, left in left_without(table, filters).items():
            dropped = filters.with_only(()) if name == "near" else without(filters, name)
            assert left == number(dropped) > 0
    assert [position_of(found, path) for path in found["path"]] == list(range(len(found)))
    assert position_of(found, "elsewhere.png") is None


@given(rows=ROWS, threshold=THRESHOLDS, order=st.sampled_from(("score-up", "score-down")))
def test_scores_rise_or_fall_as_asked(rows, threshold, order):
    scores = worklist(table_at(rows, threshold), Filters(order=order))["score"]
    assert scores.is_monotonic_increasing if order == "score-up" else scores.is_monotonic_decreasing


def test_slices_of_a_group_stand_together_as_people_count():
    table = table_at([(True, 0.5, group, "val") for group in "abab" * 3], 0.5)
    table = table.assign(**slice_places(table))
    listed = worklist(table, Filters(order="group"))
    assert listed["group"].tolist() == ["a"] * 6 + ["b"] * 6
    assert listed["path"].tolist()[:6] == ["0.png", "2.png", "4.png", "6.png", "8.png", "10.png"]


def test_near_is_the_nearest_tenth_of_each_split_to_either_threshold():
    rows = [(True, k / 100, "a", "val") for k in range(100)] + [(True, 0.9, "a", "test")]
    table = table_at(rows, 0.2, upper=0.7)
    near = table.loc[table["near"] & (table["split"] == "val"), "score"]
    assert len(near) == 10
    assert all(min(abs(score - 0.2), abs(score - 0.7)) < 0.026 for score in near)
    assert table.loc[table["split"] == "test", "near"].tolist() == [True]  # the nearest there is


def test_parts_of_one_column_are_alternatives_and_columns_go_together():
    table = table_at([(True, 0.5, "a", "val")] * 4, 0.5).assign(
        **{PART + "sex": ["F", "F", "M", None], PART + "site": ["x", "y", "x", "y"]}
    )
    both = Filters(subgroups=(("sex", "F"), ("sex", "M"), ("site", "x")))
    assert worklist(table, both)["path"].tolist() == ["0.png", "2.png"]


def test_a_list_that_needs_what_is_not_known_says_so_and_is_not_an_empty_one():
    table = table_at([(True, 0.5, "a", "val")], 0.5)
    for filters in (
        Filters(mislabelled=True),
        Filters(outside_lungs=True),
        Filters(unread=True),
        Filters(order="disagreement"),
        Filters(order="doubt"),
        Filters(order="group"),
        Filters(area="pca:0,0;1,0;1,1"),
        Filters(subgroups=(("sex", "F"),)),
    ):
        assert len(unanswered(table, filters)) == 1
        with pytest.raises(RequestError, match="cannot make this worklist"):
            worklist(table, filters)
        assert not any(mask.any() for mask in masks(table, filters).values())
    assert unanswered(table, Filters(near_threshold=True)) == {}


def test_what_was_joined_narrows_and_sorts_with_the_unknown_last():
    table = table_at([(True, 0.5, "a", "val")] * 3, 0.5).assign(
        in_lungs=[0.9, np.nan, 0.2],
        suspected=[False, True, False],
        doubt=[0.1, 0.8, np.nan],
        read=[True, False, False],
        disagreement=[0.5, np.nan, 0.5],
        spread=[0.1, np.nan, 0.4],
        map_x=[0.0, 0.9, np.nan],
        map_y=[0.0, 0.9, np.nan],
    )
    paths = {
        Filters(order="outside"): ["2.png", "0.png", "1.png"],
        Filters(order="doubt"): ["1.png", "0.png", "2.png"],
        Filters(order="disagreement"): ["2.png", "0.png", "1.png"],
        Filters(outside_lungs=True): ["2.png"],
        Filters(mislabelled=True): ["1.png"],
        Filters(unread=True): ["1.png", "2.png"],
        Filters(area="pca:-0.5,-0.5;0.5,-0.5;0.5,0.5;-0.5,0.5"): ["0.png"],
    }
    assert {filters: worklist(table, filters)["path"].tolist() for filters in paths} == paths
    assert set(ORDERS) >= {filters.order for filters in paths}
