import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from core.evaluation.confusion import Counts, cell_of, confusion_matrix, counts_at, rates
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores


@given(labelled_scores(), st.floats(0, 1))
def test_counts_agree_with_scikit_learn(scored, threshold):
    counts = counts_at(scored, threshold)
    tn, fp, fn, tp = metrics.confusion_matrix(scored.labels, scored.scores >= threshold, labels=[False, True]).ravel()
    assert counts == Counts(tp=tp, fp=fp, fn=fn, tn=tn)
    assert counts.n == scored.n


@given(labelled_scores(), st.floats(0, 1))
def test_cells_count_up_to_the_counts(scored, threshold):
    cells = cell_of(scored.labels, scored.scores, threshold).tolist()
    counts = counts_at(scored, threshold)
    assert cells.count("found") == counts.tp
    assert cells.count("missed") == counts.fn
    assert cells.count("false alarm") == counts.fp
    assert cells.count("cleared") == counts.tn


@pytest.mark.parametrize(
    ("label", "score", "cell"),
    [(True, 0.5, "found"), (True, 0.49, "missed"), (False, 0.5, "false alarm"), (False, 0.49, "cleared")],
)
def test_a_score_at_the_threshold_is_called_positive(label, score, cell):
    assert cell_of(label, score, 0.5) == cell


def test_rates_are_what_their_names_say():
    at = rates(Counts(tp=8, fp=3, fn=2, tn=27))
    assert at.fnr.value == 2 / 10
    assert at.sensitivity.value == at.recall.value == 8 / 10
    assert at.fpr.value == 3 / 30
    assert at.specificity.value == 27 / 30
    assert at.ppv.value == at.precision.value == 8 / 11
    assert at.npv.value == 27 / 29
    assert at.accuracy.value == 35 / 40


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_rates_and_their_complements_mirror_each_other(tp, fp, fn, tn):
    at = rates(Counts(tp=tp, fp=fp, fn=fn, tn=tn))
    for share, complement in ((at.fnr, at.sensitivity), (at.fpr, at.specificity)):
        if math.isnan(share.value):
            assert math.isnan(complement.value)
        else:
            assert share.value == pytest.approx(1 - complement.value)
            assert share.low == pytest.approx(1 - complement.high)
            assert share.high == pytest.approx(1 - complement.low)
            assert 0 <= share.low <= share.value <= share.high <= 1


def test_a_class_that_is_absent_has_no_rate():
    at = rates(counts_at(Scored.of([0.2, 0.8], [False, False]), 0.5))
    assert math.isnan(at.fnr.value)
    assert math.isnan(at.sensitivity.value)
    assert at.fpr.value == 0.5
    assert all(math.isnan(share.value) for share in vars(rates(Counts(0, 0, 0, 0))).values())


def test_a_threshold_that_is_not_a_number_is_refused():
    scored = Scored.of([0.2], [True])
    with pytest.raises(ValueError, match="threshold must be a number"):
        counts_at(scored, math.nan)
    with pytest.raises(ValueError, match="threshold must be a number"):
        cell_of(scored.labels, scored.scores, math.nan)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=30))
def test_the_matrix_agrees_with_scikit_learn_rows_the_truth(pairs):
    truth, predicted = [t for t, _ in pairs], [p for _, p in pairs]
    ours = confusion_matrix(truth, predicted, ["a", "b", "c"])
    slow = np.zeros((3, 3), dtype=int)
    for t, p in pairs:
        slow["abc".index(t), "abc".index(p)] += 1
    np.testing.assert_array_equal(ours, slow)
    if pairs:
        np.testing.assert_array_equal(ours, metrics.confusion_matrix(truth, predicted, labels=["a", "b", "c"]))


def test_a_label_that_is_no_class_is_named():
    with pytest.raises(ValueError, match="labels must be among a, b; found 'x'"):
        confusion_matrix(["a", "x"], ["a", "b"], ["a", "b"])


def test_truths_and_predictions_of_different_length_are_refused():
    with pytest.raises(ValueError, match="equally many, found 2 and 1"):
        confusion_matrix(["a", "b"], ["a"], ["a", "b"])
