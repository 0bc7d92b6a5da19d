import numpy as np
import pandas as pd
import pytest

from core.evaluation.scored import Scored


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match=r"scores must be finite, found .* at row 1"):
        Scored.of([0.1, bad], [True, False])


@pytest.mark.parametrize("bad", [-0.01, 1.01])
def test_scores_outside_zero_to_one_are_refused(bad):
    with pytest.raises(ValueError, match=r"probabilities in \[0, 1\], found .* at row 2"):
        Scored.of([0.0, 1.0, bad], [True, False, True])


def test_lengths_that_differ_are_refused_and_all_are_named():
    with pytest.raises(ValueError, match="found 2 scores, 1 labels, 3 groups"):
        Scored.of([0.1, 0.2], [True], ["a", "b", "c"])


def test_two_dimensional_scores_are_refused():
    with pytest.raises(ValueError, match=r"scores must have shape \(n,\), found shape \(2, 2\)"):
        Scored.of([[0.1, 0.9], [0.2, 0.8]], [True, False], ["a", "b"])


@pytest.mark.parametrize("labels", [[1, 2], ["COVID", "non-COVID"], [0.5, 1.0]])
def test_labels_that_are_neither_true_nor_false_are_refused(labels):
    with pytest.raises(ValueError, match="labels must be true or false"):
        Scored.of([0.1, 0.2], labels)


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_a_missing_label_or_score_is_refused(missing):
    with pytest.raises(ValueError, match=r"labels must be true or false, found .* at row 1"):
        Scored.of([0.1, 0.2], [True, missing])
    with pytest.raises(ValueError, match="labels must be true or false, found <NA> at row 1"):
        Scored.of([0.1, 0.2], pd.array([True, pd.NA], dtype="boolean"))
    with pytest.raises(ValueError, match="scores must be"):
        Scored.of([0.1, missing], [True, False])


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u2003"])
def test_a_blank_group_is_refused_because_it_would_merge_strangers(blank):
    for groups in (["a", blank], np.array(["a", blank]), pd.Series(["a", blank])):
        with pytest.raises(ValueError, match=r"every scan needs a group, found the blank text .* at row 1"):
            Scored.of([0.1, 0.2], [True, False], groups)


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_a_missing_group_is_refused_because_it_would_merge_strangers(missing):
    with pytest.raises(ValueError, match="every scan needs a group, found none at row 1"):
        Scored.of([0.1, 0.2], [True, False], ["a", missing])


def test_labels_may_be_zeros_and_ones_and_groups_any_names():
    scored = Scored.of([0.25, 0.75], [0, 1.0], [7, "x"])
    assert scored.labels.tolist() == [False, True]
    assert scored.groups.tolist() == ["7", "x"]
    assert (scored.n, scored.positives, scored.negatives) == (2, 1, 1)


def test_without_groups_every_scan_is_its_own():
    assert len(set(Scored.of([0.5] * 4, [True] * 4).groups)) == 4


def test_no_scans_are_allowed():
    assert Scored.of([], []).n == 0


def test_what_was_checked_cannot_be_changed_afterwards():
    source = np.array([0.25, 0.75])
    truth = np.array([True, False])
    scored = Scored.of(source, truth)
    source[0], truth[0] = 0.9, False
    assert scored.scores[0] == 0.25
    assert scored.labels[0]
    with pytest.raises(ValueError, match="read-only"):
        scored.scores[0] = 0.5


def test_float32_scores_keep_their_exact_value():
    single = np.float32(0.1)
    assert Scored.of(np.array([single]), [True]).scores[0] == float(single)
