"""Splits that are asked for: by slice, by a column, in folds; and what is shown of one before training."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from split_tables import given_split, grouped_scans, scans

from core.data.split_ways import SplitWay, split_way
from core.data.splits import SLICE_WARNING, assign_splits, split_preview
from core.errors import DatasetError, RequestError


def test_given_and_group_can_be_asked_for():
    table = given_split("train", "train", "val", "test")
    assert assign_splits(table, seed=0, way=split_way("given"))[0].tolist() == table["split"].tolist()
    drawn, how = assign_splits(table, seed=0, way=split_way("group"))
    assert how.startswith("Split by class and patient, no group in two parts (seed 0)")
    assert (drawn.groupby(table["group"]).nunique() == 1).all()


def test_a_given_split_that_is_not_there_is_refused():
    with pytest.raises(DatasetError, match=r"expected a split in index.csv, found none; split by group"):
        assign_splits(scans(["a", "b"] * 20), seed=0, way=split_way("given"))


def test_a_split_by_slice_is_even_and_warns():
    table = scans(["a", "b"] * 50, [f"patient:{row // 10}" for row in range(100)])
    split, how = assign_splits(table, seed=0, way=split_way("slice"))
    assert split.value_counts().to_dict() == {"train": 64, "test": 20, "val": 16}
    assert how == (
        f"Split by slice, whatever their groups (seed 0): {SLICE_WARNING} (10 groups lie in more than one part): "
        "64 train (64%), 16 val (16%), 20 test (20%)."
    )


# --- leave one value out ---


def with_sites(sites, groups=None):
    count = len(sites)
    return scans(["a", "b"] * (count // 2), groups).assign(site=sites)


def test_all_of_one_value_is_test_and_the_rest_is_divided():
    table = with_sites(["Rom", "Rom", "Ulm", "Ulm", "Bern", "Bern"] * 10)
    split, how = assign_splits(table, seed=0, way=split_way("column:site=Ulm"))
    assert (split == "test").tolist() == (table["site"] == "Ulm").tolist()
    assert split.value_counts().to_dict() == {"train": 32, "test": 20, "val": 8}
    assert how == (
        "Split by site: all of 'Ulm' is test, with a fifth of train taken as val by scan (seed 0): "
        "32 train (53%), 8 val (13%), 20 test (33%)."
    )


def test_a_group_with_two_values_is_said():
    groups = [f"patient:{row // 4}" for row in range(64)]
    _, how = assign_splits(with_sites(list("xxxyxxyx") * 8, groups), seed=0, way=split_way("column:site=y"))
    assert "(16 groups lie in more than one part)" in how


@pytest.mark.parametrize(
    ("values", "wanted"), [([1.0, 2.0, np.nan], "2"), ([0.5, 7.0, 7.0], "0.5"), (["x", "y", ""], "y")]
)
def test_numbers_are_meant_as_people_write_them(values, wanted):
    split, _ = assign_splits(with_sites(np.repeat(values, 20)), seed=0, way=SplitWay("column", "site", wanted))
    assert (split == "test").sum() == 20


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "column:scanner=x",
            "expected a column to split by among path, label, group, split, problem, site, code, found 'scanner'",
        ),
        ("column:site=Paris", "expected a value of 'site' to leave out among Bern, Rom, found 'Paris'"),
        (
            "column:label=a",
            "the split 'train' would hold no scan of 'a': all but 'a' have none in label; leave another",
        ),
        ("column:code=7", "the split 'test' would hold no scan of 'b': '7' has none in code; leave another value out"),
        ("column:problem=", "expected split_by to be"),
    ],
)
def test_a_column_or_value_that_is_not_there_is_refused(text, says):
    with pytest.raises(RequestError) as raised:
        assign_splits(
            with_sites(["Rom", "Rom", "Bern", "Bern"] * 10).assign(code=[7, 8, 8, 8] * 10), seed=0, way=split_way(text)
        )
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_value_that_all_have_leaves_nothing_to_train_on():
    with pytest.raises(DatasetError, match="expected other values of 'site' than 'Rom' to train on, found none"):
        assign_splits(with_sites(["Rom"] * 40), seed=0, way=split_way("column:site=Rom"))


# --- folds ---


@settings(max_examples=12, deadline=None)
@given(table=grouped_scans(), seed=st.integers(0, 1000), folds=st.integers(2, 5), shuffle=st.integers(0, 1000))
def test_the_test_parts_of_all_folds_partition_the_scans_and_no_group_is_torn(table, seed, folds, shuffle):
    counts = np.zeros(len(table), int)
    for fold in range(1, folds + 1):
        try:
            split, how = assign_splits(table, seed=seed, way=SplitWay("fold", fold=fold, folds=folds))
        except DatasetError:
            return
        assert how.startswith(f"Fold {fold} of {folds} by class and ")
        assert (split.groupby(table["group"]).nunique() == 1).all()
        again, _ = assign_splits(
            table.sample(frac=1, random_state=shuffle), seed=seed, way=SplitWay("fold", fold=fold, folds=folds)
        )
        assert again.sort_index().equals(split)
        counts += (split == "test").to_numpy()
    assert (counts == 1).all()


@pytest.mark.parametrize("groups", [None, [f"patient:{row // 3}" for row in range(240)]])
def test_every_class_has_its_share_in_every_fold(groups):
    table = scans(["a"] * 60 + ["b"] * 180, groups)
    for fold in range(1, 6):
        split, _ = assign_splits(table, seed=0, way=SplitWay("fold", fold=fold, folds=5))
        shares = pd.crosstab(table["label"], split, normalize="index")
        assert shares["test"].tolist() == pytest.approx([0.2, 0.2], abs=0.05)


def test_more_folds_than_groups_are_refused():
    table = scans(["a"] * 30 + ["b"] * 30, [f"patient:{row // 10}" for row in range(60)])
    with pytest.raises(DatasetError, match=r"expected at least 10 .* found 30 scans of one class and 6 groups"):
        assign_splits(table, seed=0, way=split_way("fold:1/10"))


# --- before training ---


def test_the_preview_counts_scans_and_groups_of_each_class_in_each_part():
    table = scans(["a", "a", "b", "a", "b"], ["patient:1", "patient:1", "patient:2", "patient:3", "patient:3"])
    preview = split_preview(table, pd.Series(["train", "train", "train", "test", "test"]))
    assert preview.to_dict("split")["data"] == [
        ["train", "a", 2, 1],
        ["train", "b", 1, 1],
        ["test", "a", 1, 1],
        ["test", "b", 1, 1],
    ]
    assert preview.columns.tolist() == ["split", "class", "scans", "groups"]


def test_the_preview_shows_a_class_that_a_part_lacks():
    preview = split_preview(scans(["a", "b"]), pd.Series(["train", "test"]))
    assert preview["scans"].tolist() == [1, 0, 0, 1]


@settings(max_examples=30, deadline=None)
@given(table=grouped_scans(), seed=st.integers(0, 1000), way=st.sampled_from(["", "slice", "fold:2/3"]))
def test_the_preview_adds_up(table, seed, way):
    try:
        split, _ = assign_splits(table, seed=seed, way=split_way(way))
    except DatasetError:
        return
    preview = split_preview(table, split)
    assert preview["scans"].sum() == len(table)
    assert (preview["groups"] <= preview["scans"]).all()
    assert len(preview) == 3 * table["label"].nunique()
