import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from core.evaluation.agreement import (
    AVERAGES,
    balanced_accuracy,
    f_betas,
    kappa,
    matthews,
    precisions,
    recalls,
    scores_of,
    shares_of,
)

MATRICES = st.integers(2, 4).flatmap(
    lambda size: st.lists(st.lists(st.integers(0, 9), min_size=size, max_size=size), min_size=size, max_size=size)
)


def scans_of(matrix):
    """Truth and prediction of every scan counted."""
    cells = [(i, j) for i, row in enumerate(matrix) for j, count in enumerate(row) for _ in range(count)]
    return [truth for truth, _ in cells], [called for _, called in cells]


@given(MATRICES)
def test_every_figure_is_that_of_scikit_learn(counts):
    truth, called = scans_of(counts)
    matrix = np.array(counts, dtype=float)
    support = matrix.sum(axis=1)
    if (support > 0).sum() < 2:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of shares of nothing
        theirs = {
            "balanced accuracy": metrics.balanced_accuracy_score(truth, called),
            "mcc": metrics.matthews_corrcoef(truth, called),
            "kappa": metrics.cohen_kappa_score(truth, called),
        }
        labels = range(len(counts))
        of_class = {"labels": labels, "average": None, "zero_division": np.nan}
        recall = metrics.recall_score(truth, called, **of_class)
        precision = metrics.precision_score(truth, called, **of_class)
        f2 = metrics.fbeta_score(truth, called, beta=2, labels=labels, average=None, zero_division=0)
    ours = {"balanced accuracy": balanced_accuracy(matrix), "mcc": matthews(matrix), "kappa": kappa(matrix)}
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, abs=1e-12), name
    np.testing.assert_allclose(recalls(matrix), recall, atol=1e-12)
    np.testing.assert_allclose(precisions(matrix), precision, atol=1e-12)
    np.testing.assert_allclose(f_betas(matrix, 2.0), np.where(support > 0, f2, np.nan), atol=1e-12)


@given(MATRICES)
def test_macro_averages_are_those_of_scikit_learn_over_the_classes_that_have_scans(counts):
    truth, called = scans_of(counts)
    there = sorted(set(truth))
    if len(there) < 2:
        return
    macro = {"labels": there, "average": "macro", "zero_division": 0}
    theirs = {
        "macro_recall": metrics.recall_score(truth, called, **macro),
        "macro_precision": metrics.precision_score(truth, called, **macro),
        "macro_f1": metrics.f1_score(truth, called, **macro),
    }
    ours = {name: average(np.array(counts, dtype=float)) for name, average in AVERAGES.items()}
    assert ours == pytest.approx(theirs, abs=1e-12)


def test_a_class_that_is_never_called_counts_against_macro_precision():
    matrix = np.array([[30.0, 0, 0], [0, 30, 0], [15, 15, 0]])
    assert AVERAGES["macro_precision"](matrix) == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert math.isnan(precisions(matrix)[2])


@given(st.lists(MATRICES.filter(lambda counts: len(counts) == 3), min_size=1, max_size=5))
def test_many_matrices_at_once_give_what_each_gives_alone(many):
    stacked = np.array(many, dtype=float)
    figures = {**scores_of(1), **AVERAGES, **{name: share.of for name, share in shares_of(3, 1).items()}}
    for name, figure in figures.items():
        alone = [figure(matrix[None])[0] for matrix in stacked]
        np.testing.assert_allclose(figure(stacked), alone, atol=1e-12, equal_nan=True, err_msg=name)


@given(MATRICES, st.data())
def test_shares_lie_in_zero_to_one_and_correlations_in_minus_one_to_one(counts, data):
    matrix = np.array(counts, dtype=float)
    positive = data.draw(st.integers(0, len(counts) - 1))
    for share in shares_of(len(counts), positive).values():
        assert math.isnan(share.of(matrix)) or 0 <= share.of(matrix) <= 1
    for name, score in {**scores_of(positive), **AVERAGES}.items():
        value = float(score(matrix))
        lowest = -1 if name in ("mcc", "kappa") else 0
        assert math.isnan(value) or lowest - 1e-12 <= value <= 1 + 1e-12


def test_one_class_in_the_truth_leaves_agreement_undefined():
    for matrix in ([[3, 2], [0, 0]], [[0, 0], [0, 4]]):
        for figure in (balanced_accuracy, matthews, kappa):
            assert math.isnan(float(figure(np.array(matrix, dtype=float))))


def test_calling_all_scans_one_class_agrees_no_more_than_guessing():
    matrix = np.array([[7.0, 0.0], [5.0, 0.0]])
    assert balanced_accuracy(matrix) == 0.5
    assert matthews(matrix) == kappa(matrix) == 0
