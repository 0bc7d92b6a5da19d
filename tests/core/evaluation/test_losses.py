import math

import numpy as np
import pytest
from hypothesis import given
from scipy import stats
from sklearn import metrics

from core.evaluation.losses import brier_score, log_loss, mean_by_groups
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores


@given(labelled_scores(both_classes=True, min_size=2))
def test_losses_are_those_of_scikit_learn(scored):
    assert brier_score(scored).value == pytest.approx(metrics.brier_score_loss(scored.labels, scored.scores))
    probabilities = np.c_[1 - scored.scores, scored.scores]
    ours = log_loss(probabilities, scored.labels.astype(np.int64), scored.group_numbers)
    assert ours.value == pytest.approx(metrics.log_loss(scored.labels, probabilities), abs=1e-12)


@given(labelled_scores())
def test_the_brier_score_and_its_interval_lie_in_zero_to_one(scored):
    found = brier_score(scored)
    assert 0 <= found.value <= 1
    if not math.isnan(found.low):
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_the_interval_of_independent_scans_is_students():
    values = np.random.default_rng(0).normal(3, 1, 25)
    found = mean_by_groups(values, np.arange(25))
    low, high = stats.t.interval(0.95, 24, loc=values.mean(), scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_the_interval_of_equal_groups_is_that_of_their_means():
    means = np.random.default_rng(0).normal(3, 1, 25)
    found = mean_by_groups(np.repeat(means, 4), np.repeat(np.arange(25), 4))
    low, high = stats.t.interval(0.95, 24, loc=means.mean(), scale=stats.sem(means))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_where_nothing_varies_certainty_is_not_claimed():
    faultless = Scored.of([0.0, 1.0] * 10, [False, True] * 10)
    found = brier_score(faultless)
    assert (found.value, found.low) == (0, 0)
    assert 0.1 < found.high < 0.2
    alike = log_loss(np.full((20, 2), 0.5), np.arange(20) % 2, np.arange(20))
    assert alike.value == pytest.approx(math.log(2))
    assert math.isnan(alike.high)


def test_a_certainty_that_was_wrong_costs_much_but_not_without_end():
    assert log_loss(np.array([[0.0, 1.0], [0.5, 0.5]]), np.array([0, 1]), np.arange(2)).value == pytest.approx(
        (-math.log(np.finfo(float).eps) + math.log(2)) / 2
    )


def test_no_scans_and_one_group_have_no_interval():
    assert math.isnan(mean_by_groups(np.array([]), np.array([], dtype=int)).value)
    assert math.isnan(mean_by_groups(np.array([1.0, 2.0]), np.array([0, 0])).low)


@pytest.mark.parametrize("n", [3, 6, 7, 11])
def test_scans_that_are_all_off_by_as_much_claim_no_certainty_whatever_rounding_says(n):
    found = brier_score(Scored.of([0.3] * n, [False] * n))
    assert found.high - found.low > 0.1
    assert math.isnan(log_loss(np.tile([0.7, 0.3], (n, 1)), np.zeros(n, dtype=np.int64), np.arange(n)).low)
