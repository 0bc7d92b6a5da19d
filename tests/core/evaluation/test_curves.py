import math

import numpy as np
import pytest
from hypothesis import given
from sklearn import metrics

from core.evaluation.confusion import counts_at
from core.evaluation.curves import (
    average_precision_score,
    precision_recall_points,
    roc_auc_score,
    roc_points,
    threshold_counts,
    threshold_curve,
)
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores

BOTH = labelled_scores(min_size=2, both_classes=True)


@given(BOTH)
def test_roc_agrees_with_scikit_learn_point_by_point(scored):
    points = roc_points(scored)
    fpr, tpr, thresholds = metrics.roc_curve(scored.labels, scored.scores, drop_intermediate=False)
    np.testing.assert_array_equal(points["threshold"], thresholds)
    np.testing.assert_allclose(points["fpr"], fpr, atol=1e-15)
    np.testing.assert_allclose(points["tpr"], tpr, atol=1e-15)
    np.testing.assert_allclose(points["fnr"], 1 - tpr, atol=1e-15)


@given(labelled_scores())
def test_every_row_of_every_curve_is_what_counting_at_its_threshold_gives(scored):
    for row in roc_points(scored).itertuples():
        counts = counts_at(scored, row.threshold)
        assert scored.positives == 0 or row.fnr == counts.fn / scored.positives
        assert scored.negatives == 0 or row.fpr == counts.fp / scored.negatives
    for row in threshold_curve(scored).itertuples():
        counts = counts_at(scored, row.threshold)
        assert scored.positives == 0 or row.fnr == counts.fn / scored.positives
        assert scored.negatives == 0 or row.fpr == counts.fp / scored.negatives
        assert row.accuracy == (counts.tp + counts.tn) / scored.n
        called = counts.tp + counts.fp
        assert row.precision == counts.tp / called if called else math.isnan(row.precision)
    assert threshold_counts(scored)["threshold"].equals(threshold_curve(scored)["threshold"])
    for row in threshold_counts(scored).itertuples():
        counts = counts_at(scored, row.threshold)
        assert (row.tp, row.fp, row.fn, row.tn) == (counts.tp, counts.fp, counts.fn, counts.tn)
    for row in precision_recall_points(scored).itertuples():
        counts = counts_at(scored, row.threshold)
        assert row.precision == counts.tp / (counts.tp + counts.fp)


@pytest.mark.parametrize("distinct", [40_000, 3_000])
def test_a_long_threshold_curve_counts_as_a_short_one(distinct):
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(1, distinct, size=50_000) / distinct, rng.random(50_000) < 0.3
    curve = threshold_curve(Scored.of(scores, labels))
    thresholds = np.unique([0.0, *scores, 1.0])
    missed = np.searchsorted(np.sort(scores[labels]), thresholds)
    passed = np.searchsorted(np.sort(scores[~labels]), thresholds)
    found, alarms = labels.sum() - missed, (~labels).sum() - passed
    assert curve["threshold"].tolist() == thresholds.tolist()
    assert curve["fnr"].tolist() == (missed / labels.sum()).tolist()
    assert curve["fpr"].tolist() == (alarms / (~labels).sum()).tolist()
    assert curve["accuracy"].tolist() == ((found + passed) / labels.size).tolist()
    called = found + alarms
    assert curve["precision"].tolist()[:-1] == (found[:-1] / called[:-1]).tolist()
    assert called[-1] == 0
    assert math.isnan(curve["precision"].iloc[-1])


@given(BOTH)
def test_curves_rise_and_fall_only_one_way_and_end_in_the_corners(scored):
    points = roc_points(scored)
    assert (np.diff(points["threshold"]) < 0).all()
    assert (np.diff(points["fpr"]) >= 0).all()
    assert (np.diff(points["fnr"]) <= 0).all()
    assert points.iloc[0].tolist() == [math.inf, 0, 1, 0]
    assert points.iloc[-1, 1:].tolist() == [1, 0, 1]
    curve = threshold_curve(scored)
    assert (np.diff(curve["threshold"]) > 0).all()
    assert (np.diff(curve["fnr"]) >= 0).all()
    assert (np.diff(curve["fpr"]) <= 0).all()
    assert (curve["threshold"].iloc[0], curve["fnr"].iloc[0], curve["fpr"].iloc[0]) == (0, 0, 1)
    assert curve["threshold"].iloc[-1] == 1
    assert curve.drop(columns="precision").notna().all(axis=None)


@given(labelled_scores())
def test_there_is_one_row_for_each_distinct_score(scored):
    distinct = len(set(scored.scores.tolist()))
    assert len(roc_points(scored)) == distinct + 1
    assert len(precision_recall_points(scored)) == distinct
    assert len(threshold_curve(scored)) == len({0.0, 1.0, *scored.scores.tolist()})


@given(BOTH)
def test_precision_recall_agrees_with_scikit_learn(scored):
    points = precision_recall_points(scored)
    precision, recall, thresholds = metrics.precision_recall_curve(scored.labels, scored.scores)
    np.testing.assert_array_equal(points["threshold"], thresholds[::-1])
    np.testing.assert_allclose(points["precision"], precision[:-1][::-1], atol=1e-15)
    np.testing.assert_allclose(points["recall"], recall[:-1][::-1], atol=1e-15)


@given(BOTH)
def test_areas_agree_with_scikit_learn(scored):
    assert roc_auc_score(scored) == pytest.approx(metrics.roc_auc_score(scored.labels, scored.scores), abs=1e-12)
    theirs = metrics.average_precision_score(scored.labels, scored.scores)
    assert average_precision_score(scored) == pytest.approx(theirs, abs=1e-12)


@given(BOTH)
def test_the_order_of_scans_changes_nothing(scored):
    order = np.random.default_rng(0).permutation(scored.n)
    shuffled = Scored(scored.scores[order], scored.labels[order], scored.groups[order])
    assert roc_points(shuffled).equals(roc_points(scored))
    assert threshold_curve(shuffled).equals(threshold_curve(scored))
    assert roc_auc_score(shuffled) == roc_auc_score(scored)


def test_constant_scores_are_a_coin_toss():
    scored = Scored.of([0.4] * 6, [1, 0, 1, 0, 0, 0])
    assert roc_auc_score(scored) == 0.5
    assert average_precision_score(scored) == pytest.approx(1 / 3)
    assert roc_points(scored)[["fpr", "tpr"]].to_numpy().tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize("label", [True, False])
def test_one_class_absent_is_said_not_crashed(label):
    scored = Scored.of([0.2, 0.8], [label, label])
    assert math.isnan(roc_auc_score(scored))
    assert math.isnan(average_precision_score(scored))
    absent, present = ("fpr", "tpr") if label else ("tpr", "fpr")
    assert roc_points(scored)[absent].isna().all()
    assert roc_points(scored)[present].tolist() == [0, 0.5, 1]


def test_no_scans_give_curves_without_rates():
    empty = Scored.of([], [])
    assert math.isnan(roc_auc_score(empty))
    assert math.isnan(average_precision_score(empty))
    assert roc_points(empty)[["fpr", "tpr"]].isna().all(axis=None)
    assert precision_recall_points(empty).empty
    assert threshold_curve(empty)["threshold"].tolist() == [0, 1]
