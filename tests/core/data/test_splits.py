"""Splits: no group torn apart, every class everywhere, the same again for the same seed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.split_ways import SplitWay, split_way
from core.data.splits import SLICE_WARNING, assign_splits, split_preview
from core.errors import DatasetError, RequestError


def scans(labels, groups=None, split=""):
    count = len(labels)
    groups = [f"scan:{row}" for row in range(count)] if groups is None else groups
    paths = [f"{row:05}.png" for row in range(count)]
    return pd.DataFrame({"path": paths, "label": labels, "group": groups, "split": split, "problem": ""})


@st.composite
def grouped_scans(draw):
    """Two or three classes, each of 5 to 25 patients with 1 to 6 slices; some patients with two labels."""
    labels, groups = [], []
    for label in "abc"[: draw(st.integers(2, 3))]:
        for patient, slices in enumerate(draw(st.lists(st.integers(1, 6), min_size=5, max_size=25))):
            labels += [label] * slices
            shared = draw(st.integers(0, 9)) == 0
            groups += [f"patient:{patient if shared else label + str(patient)}"] * slices
    return scans(labels, groups)


def split_or_none(table, seed):
    """The split, or None where the groups leave no way to have every class in every part."""
    try:
        return assign_splits(table, seed=seed)[0]
    except DatasetError:
        return None


@settings(max_examples=60, deadline=None)
@given(table=grouped_scans(), seed=st.integers(0, 2**32 - 1))
def test_no_group_crosses_splits_and_every_class_is_everywhere(table, seed):
    split = split_or_none(table, seed)
    if split is None:
        return
    assert split.index.equals(table.index)
    assert set(split) == {"train", "val", "test"}
    assert (split.groupby(table["group"]).nunique() == 1).all()
    assert (split.groupby(table["label"]).nunique() == 3).all()


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(5, 300), min_size=2, max_size=4), seed=st.integers(0, 1000))
def test_single_scans_always_split_close_to_64_16_20(sizes, seed):
    labels = [f"class {number}" for number, size in enumerate(sizes) for _ in range(size)]
    table = scans(labels)
    split, _ = assign_splits(table, seed=seed)
    for label, size in zip(sorted(set(labels)), sizes, strict=True):
        counts = split[table["label"] == label].value_counts()
        assert abs(counts["test"] - 0.20 * size) <= 1
        # Of a class with few scans 4 may be left after test: then val is a quarter of the rest, not a fifth.
        most = 0.20 * size + 1 if min(sizes) < 7 else 0.16 * size + 2
        assert 0.16 * size - 2 <= counts["val"] <= most
        assert counts.sum() == size


def test_shares_of_many_patients_are_near_their_target():
    rng = np.random.default_rng(0)
    patients = rng.integers(0, 300, 3000)
    sick = rng.random(300) < 0.3
    table = scans(np.where(sick[patients], "sick", "well"), [f"patient:{number}" for number in patients])
    split, _ = assign_splits(table, seed=0)
    shares = pd.crosstab(table["label"], split, normalize="index")
    assert shares["train"].tolist() == pytest.approx([0.64, 0.64], abs=0.03)
    assert shares["val"].tolist() == pytest.approx([0.16, 0.16], abs=0.03)
    assert shares["test"].tolist() == pytest.approx([0.20, 0.20], abs=0.03)


@settings(max_examples=40, deadline=None)
@given(table=grouped_scans(), seed=st.integers(0, 1000), shuffle=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(table, seed, shuffle):
    expected = split_or_none(table, seed)
    shuffled = table.sample(frac=1, random_state=shuffle)
    found = split_or_none(shuffled, seed)
    if expected is None:
        assert found is None
    else:
        assert found.index.equals(shuffled.index)
        assert found.sort_index().equals(expected)


@pytest.mark.parametrize("groups", [None, [f"patient:{row // 3}" for row in range(240)]])
def test_the_seed_decides(groups):
    table = scans(["a"] * 120 + ["b"] * 120, groups)
    first, _ = assign_splits(table, seed=1)
    again, _ = assign_splits(table, seed=1)
    other, _ = assign_splits(table, seed=2)
    assert first.equals(again)
    assert not first.equals(other)


def test_the_table_is_left_as_it_was():
    table = scans(["a"] * 30 + ["b"] * 30)
    before = table.copy()
    assign_splits(table, seed=0)
    pd.testing.assert_frame_equal(table, before)


def test_an_index_with_gaps_or_repeats_is_kept():
    table = scans(["a"] * 30 + ["b"] * 30).set_axis([7] * 60)
    split, _ = assign_splits(table, seed=0)
    assert split.index.tolist() == [7] * 60
    assert split.tolist() == assign_splits(table.reset_index(drop=True), seed=0)[0].tolist()


@pytest.mark.parametrize(
    ("groups", "unit"),
    [
        (None, "scan"),
        ([f"patient:{row // 2}" for row in range(100)], "patient"),
        (["content:12345678"] * 2 + [f"scan:{row}" for row in range(98)], "group"),
    ],
)
def test_the_sentence_says_what_was_kept_together(groups, unit):
    _, how = assign_splits(scans(["a"] * 50 + ["b"] * 50, groups), seed=3)
    assert how == (
        f"Split by class and {unit}, no group in two parts (seed 3): 64 train (64%), 16 val (16%), 20 test (20%)."
    )


# --- given splits ---


def given_split(*parts, patients=20):
    """40 scans of two classes, two a patient, cut in equal runs into the parts."""
    split = np.repeat(parts, 40 // len(parts))
    labels = ["a", "b"] * 20
    return scans(labels, [f"patient:{row // 2 % patients}" for row in range(40)], list(split))


def test_a_complete_given_split_is_taken_as_it_is():
    table = given_split("train", "train", "val", "test")
    split, how = assign_splits(table, seed=0)
    assert split.tolist() == table["split"].tolist()
    assert how == "Split as the dataset gives it: 20 train (50%), 10 val (25%), 10 test (25%)."


def test_a_missing_val_is_taken_from_train_by_patient():
    table = given_split("train", "train", "train", "test")
    split, how = assign_splits(table, seed=4)
    assert how == (
        "Split as the dataset gives it, with a fifth of train taken as val by patient (seed 4): "
        "24 train (60%), 6 val (15%), 10 test (25%)."
    )
    assert (split[table["split"] == "test"] == "test").all()
    assert set(split[table["split"] == "train"]) == {"train", "val"}
    assert (split.groupby(table["group"]).nunique() == 1).all()
    assert not split.equals(assign_splits(table, seed=5)[0])


def test_a_missing_test_stays_missing():
    table = given_split("train", "train", "train", "val")
    split, how = assign_splits(table, seed=0)
    assert split.tolist() == table["split"].tolist()
    assert how == "Split as the dataset gives it, without a test part: 30 train (75%), 10 val (25%)."


def test_train_alone_gives_a_val():
    split, how = assign_splits(given_split("train"), seed=0)
    assert split.value_counts().to_dict() == {"train": 32, "val": 8}
    assert "taken as val by patient (seed 0), without a test part: 32 train (80%), 8 val (20%)." in how


def test_a_given_split_that_tears_groups_apart_is_said():
    _, how = assign_splits(given_split("train", "val", "test", "test", patients=15), seed=0)
    assert (
        how == "Split as the dataset gives it (5 groups lie in more than one part): "
        "10 train (25%), 10 val (25%), 20 test (50%)."
    )


# --- what cannot be split ---


def test_a_given_split_without_train_is_refused():
    with pytest.raises(DatasetError) as raised:
        assign_splits(given_split("val", "test"), seed=0)
    assert str(raised.value) == ("expected scans in the split 'train', found none; correct the split in index.csv")


def test_a_given_test_without_a_class_is_taken_as_it_is():
    table = given_split("train", "train", "val", "test")
    table.loc[table["split"] == "test", "label"] = "a"
    split, _ = assign_splits(table, seed=0)
    assert split.tolist() == table["split"].tolist()


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_given_part_without_a_class_is_refused_for_what_it_lacks(part):
    table = given_split("train", "train", "val", "test")
    table.loc[table["split"] == part, "label"] = "a"
    with pytest.raises(DatasetError) as raised:
        assign_splits(table, seed=0)
    assert str(raised.value) == (
        f"expected scans of every class in the split '{part}', found none of 'b' there; correct the split in index.csv"
    )


def test_a_class_of_one_patient_cannot_be_split():
    table = scans(["a"] * 30 + ["b"] * 30, ["patient:only"] * 30 + [f"patient:{row}" for row in range(30)])
    with pytest.raises(DatasetError, match="would hold no scan of 'a'"):
        assign_splits(table, seed=0)


def test_a_class_of_one_scan_cannot_be_split():
    with pytest.raises(DatasetError) as raised:
        assign_splits(scans(["a"] + ["b"] * 30), seed=0)
    assert str(raised.value) == ("cannot split: there is only 1 scan of 'a' left to divide; add scans of it")


def test_two_patients_cannot_give_a_val():
    table = scans(["a", "a", "b", "b"], ["patient:1", "patient:1", "patient:2", "patient:2"], "train")
    with pytest.raises(DatasetError, match="would hold no scan of"):
        assign_splits(table, seed=0)


def test_scans_with_a_problem_are_a_mistake():
    table = scans(["a"] * 20 + ["b"] * 20)
    table.loc[3, "problem"] = "empty file (0 bytes)"
    with pytest.raises(ValueError, match="usable scans only"):
        assign_splits(table, seed=0)


def test_a_path_twice_is_a_mistake():
    table = scans(["a"] * 20 + ["b"] * 20)
    table.loc[3, "path"] = table.loc[4, "path"]
    with pytest.raises(ValueError, match="every path once"):
        assign_splits(table, seed=0)


# --- the other ways ---


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
