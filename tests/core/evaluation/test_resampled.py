import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from core.evaluation.resampled import auc_estimate, f1_estimate, weighted_auc, weighted_f1
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores


def auc_by_pairs(scores, labels, weights):
    """Every positive against every negative, as often as both were drawn."""
    won = total = 0.0
    for i in np.flatnonzero(labels):
        for j in np.flatnonzero(~labels):
            pairs = weights[i] * weights[j]
            total += pairs
            won += pairs * ((scores[i] > scores[j]) + 0.5 * (scores[i] == scores[j]))
    return won / total if total else math.nan


@given(labelled_scores(max_size=15), st.integers(0, 2**32 - 1))
def test_weighted_auc_is_the_share_of_pairs_ranked_rightly(scored, seed):
    weights = np.random.default_rng(seed).integers(0, 4, size=(3, scored.n)).astype(float)
    fast = weighted_auc(scored)(weights)
    slow = [auc_by_pairs(scored.scores, scored.labels, row) for row in weights]
    np.testing.assert_allclose(fast, slow, atol=1e-12)


@given(labelled_scores(min_size=2, both_classes=True), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_weighted_f1_agrees_with_scikit_learn(scored, threshold, seed):
    weights = np.random.default_rng(seed).integers(0, 4, size=(3, scored.n)).astype(float)
    for value, row in zip(weighted_f1(scored, threshold)(weights), weights, strict=True):
        if row[scored.labels].sum() == 0:
            assert math.isnan(value)
        else:
            called = scored.scores >= threshold
            theirs = metrics.f1_score(scored.labels, called, sample_weight=row, zero_division=0)
            assert value == pytest.approx(theirs, abs=1e-12)


@settings(max_examples=20)
@given(labelled_scores(min_size=2, both_classes=True))
def test_intervals_hold_their_value_and_stay_within_zero_to_one(scored):
    for estimate in (auc_estimate(scored, draws=200), f1_estimate(scored, 0.5, draws=200)):
        assert 0 <= estimate.value <= 1
        if not math.isnan(estimate.low):
            assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
            assert estimate.low < estimate.high


def test_one_class_absent_is_said_not_crashed():
    for labels in ([True] * 3, [False] * 3):
        estimate = auc_estimate(Scored.of([0.1, 0.5, 0.9], labels))
        assert math.isnan(estimate.value)
        assert math.isnan(estimate.low)
    assert math.isnan(f1_estimate(Scored.of([0.1, 0.5, 0.9], [False] * 3), 0.5).value)


def test_a_faultless_small_sample_claims_no_certainty():
    scored = Scored.of(np.r_[np.full(10, 0.9), np.full(10, 0.1)], np.r_[[True] * 10, [False] * 10])
    for estimate in (auc_estimate(scored), f1_estimate(scored, 0.5)):
        assert (estimate.value, estimate.high) == (1, 1)
        assert 0.6 < estimate.low < 0.9


def test_more_faultless_groups_make_the_interval_narrower_and_more_scans_of_them_do_not():
    def low(patients, scans_each):
        labels = np.repeat(np.arange(patients) % 2 == 0, scans_each)
        groups = np.repeat([f"p{i}" for i in range(patients)], scans_each)
        return auc_estimate(Scored.of(np.where(labels, 0.9, 0.1), labels, groups)).low

    assert low(20, 1) == low(20, 10)
    assert low(20, 1) < low(200, 1) < 1


def test_nothing_found_leaves_room_above_zero():
    estimate = f1_estimate(Scored.of([0.1] * 20, [True] * 10 + [False] * 10), 0.5)
    assert (estimate.value, estimate.low) == (0, 0)
    assert 0.2 < estimate.high < 0.6


def test_five_scans_are_enough_for_a_value():
    scored = Scored.of([0.9, 0.8, 0.3, 0.6, 0.1], [1, 1, 1, 0, 0])
    assert auc_estimate(scored).value == pytest.approx(5 / 6)
    assert f1_estimate(scored, 0.5).value == pytest.approx(2 / 3)
