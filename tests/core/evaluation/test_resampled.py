import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.intervals import group_bootstrap
from core.evaluation.resampled import auc_estimate, ranking_estimates, weighted_auc
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


@settings(max_examples=20)
@given(labelled_scores(min_size=2, both_classes=True))
def test_intervals_hold_their_value_and_stay_within_zero_to_one(scored):
    for estimate in ranking_estimates(scored, draws=200):
        assert 0 <= estimate.value <= 1
        if not math.isnan(estimate.low):
            assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
            assert estimate.low < estimate.high


def test_one_class_absent_is_said_not_crashed():
    for labels in ([True] * 3, [False] * 3):
        for estimate in ranking_estimates(Scored.of([0.1, 0.5, 0.9], labels)):
            assert math.isnan(estimate.value)
            assert math.isnan(estimate.low)


@pytest.mark.parametrize("scans_each", [1, 7])
def test_one_positive_patient_tells_no_interval(scans_each):
    labels = np.repeat(np.arange(200) == 0, scans_each)
    scored = Scored.of(np.random.default_rng(0).random(labels.size), labels, np.repeat(np.arange(200), scans_each))
    for estimate in ranking_estimates(scored):
        assert 0 < estimate.value < 1
        assert math.isnan(estimate.low)
        assert math.isnan(estimate.high)


def test_a_faultless_small_sample_claims_no_certainty():
    scored = Scored.of(np.r_[np.full(10, 0.9), np.full(10, 0.1)], np.r_[[True] * 10, [False] * 10])
    for estimate in ranking_estimates(scored):
        assert (estimate.value, estimate.high) == (1, 1)
        assert 0.6 < estimate.low < 0.9


def test_more_faultless_groups_make_the_interval_narrower_and_more_scans_of_them_do_not():
    def low(patients, scans_each):
        labels = np.repeat(np.arange(patients) % 2 == 0, scans_each)
        groups = np.repeat([f"p{i}" for i in range(patients)], scans_each)
        return auc_estimate(Scored.of(np.where(labels, 0.9, 0.1), labels, groups)).low

    assert low(20, 1) == low(20, 10)
    assert low(20, 1) < low(200, 1) < 1


def test_five_scans_are_enough_for_a_value():
    scored = Scored.of([0.9, 0.8, 0.3, 0.6, 0.1], [1, 1, 1, 0, 0])
    assert auc_estimate(scored).value == pytest.approx(5 / 6)


@pytest.mark.parametrize(("n", "groups"), [(300, None), (300, 60), (6000, None), (6000, 900)])
def test_resampling_counts_gives_the_interval_of_resampling_scans(n, groups):
    rng = np.random.default_rng(n)
    labels = rng.random(n) < 0.4
    names = None if groups is None else rng.integers(groups, size=n)
    scored = Scored.of(np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1), labels, names)
    fast, slow = auc_estimate(scored), group_bootstrap(weighted_auc(scored), scored.groups, draws=500)
    assert fast.value == pytest.approx(slow.value, abs=1e-12)
    width = slow.high - slow.low
    assert fast.low == pytest.approx(slow.low, abs=0.1 * width)
    assert fast.high == pytest.approx(slow.high, abs=0.1 * width)


def test_constant_scores_rank_nothing():
    area, precision = ranking_estimates(Scored.of([0.5] * 40, [True] * 10 + [False] * 30))
    assert area.value == 0.5
    assert precision.value == 0.25
    assert area.low < 0.5 < area.high
    assert precision.low < 0.25 < precision.high
