import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from core.evaluation.predicted import classification_report, one_vs_rest, predicted_labels

THREE = ("a", "b", "c")


def test_two_classes_are_decided_by_the_threshold_alone():
    probabilities = np.array([[0.7, 0.3], [0.69, 0.31], [0.1, 0.9]])
    predicted = predicted_labels(probabilities, classes=("healthy", "ill"), positive="ill", threshold=0.31)
    assert predicted.tolist() == ["healthy", "ill", "ill"]


def test_with_more_classes_the_threshold_still_decides_about_the_positive_one():
    probabilities = np.array([[0.4, 0.35, 0.25], [0.5, 0.19, 0.31], [0.6, 0.1, 0.3], [0.2, 0.2, 0.6]])
    predicted = predicted_labels(probabilities, classes=THREE, positive="c", threshold=0.31)
    assert predicted.tolist() == ["a", "c", "a", "c"]


def test_the_positive_class_is_never_predicted_below_its_threshold_even_when_likeliest():
    predicted = predicted_labels([[0.1, 0.2, 0.7]], classes=THREE, positive="c", threshold=0.8)
    assert predicted.tolist() == ["b"]


@pytest.mark.parametrize(
    ("probabilities", "says"),
    [
        ([[0.5, 0.5]], r"shape \(n, 3\), found shape \(1, 2\)"),
        ([0.5, 0.3, 0.2], r"shape \(n, 3\), found shape \(3,\)"),
        ([[0.5, math.nan, 0.2]], "found nan"),
        ([[0.5, math.inf, 0.2]], "found inf"),
        ([[0.5, -0.1, 0.6]], "found -0.1"),
    ],
)
def test_probabilities_that_are_none_are_refused(probabilities, says):
    with pytest.raises(ValueError, match=says):
        predicted_labels(probabilities, classes=THREE, positive="a", threshold=0.5)


def test_a_positive_class_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="must be among a, b, c; found 'x'"):
        predicted_labels([[0.5, 0.3, 0.2]], classes=THREE, positive="x", threshold=0.5)


def test_one_class_alone_or_twice_is_refused():
    with pytest.raises(ValueError, match="two or more different classes, found a, a"):
        one_vs_rest([[0.5, 0.5]], ["a"], ["g"], ("a", "a"))


def test_one_vs_rest_takes_each_class_in_turn():
    by_class = one_vs_rest([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]], ["b", "c"], ["g", "h"], THREE)
    assert list(by_class) == list(THREE)
    assert by_class["a"].labels.tolist() == [False, False]
    assert by_class["b"].labels.tolist() == [True, False]
    assert by_class["c"].scores.tolist() == [0.2, 0.7]
    assert by_class["c"].groups.tolist() == ["g", "h"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=40))
def test_the_report_agrees_with_scikit_learn(pairs):
    truth, predicted = [t for t, _ in pairs], [p for _, p in pairs]
    report = classification_report(truth, predicted, THREE)
    columns = ["precision", "recall", "f1"]
    referee = metrics.precision_recall_fscore_support(truth, predicted, labels=list(THREE), zero_division=np.nan)
    ours = report.loc[list(THREE), columns].T.to_numpy().astype(float)
    np.testing.assert_allclose(ours[:2], referee[:2])
    np.testing.assert_allclose(ours[2], np.where(referee[3] > 0, referee[2], np.nan))
    np.testing.assert_array_equal(report.loc[list(THREE), "support"], referee[3])
    assert report.loc["macro average", "support"] == len(pairs)
    for kind in ("macro", "weighted"):
        referee = metrics.precision_recall_fscore_support(
            truth, predicted, labels=sorted(set(truth)), average=kind, zero_division=0
        )
        np.testing.assert_allclose(report.loc[f"{kind} average", columns].astype(float), referee[:3])


def test_a_class_that_is_never_called_has_no_precision_and_counts_against_the_averages():
    report = classification_report(["a", "b", "c", "c"], ["a", "b", "a", "b"], THREE)
    assert math.isnan(report.loc["c", "precision"])
    assert report.loc["macro average", "precision"] == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert report.loc["weighted average", "precision"] == pytest.approx((0.5 + 0.5 + 2 * 0) / 4)


def test_a_class_without_scans_has_no_recall_rather_than_none():
    report = classification_report(["a", "b"], ["a", "a"], THREE)
    assert math.isnan(report.loc["c", "recall"])
    assert report.loc["macro average", "recall"] == pytest.approx(0.5)
