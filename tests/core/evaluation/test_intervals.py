import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from core.evaluation.intervals import Estimate, group_bootstrap, in_doubt, wilson_around, wilson_interval


@given(st.integers(1, 5000), st.data(), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_wilson_agrees_with_scipy(trials, data, confidence):
    successes = data.draw(st.integers(0, trials))
    ours = wilson_interval(successes, trials, confidence=confidence)
    theirs = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    assert ours.value == successes / trials
    assert ours.low == pytest.approx(theirs.low, abs=1e-12)
    assert ours.high == pytest.approx(theirs.high, abs=1e-12)
    assert 0 <= ours.low <= ours.value <= ours.high <= 1


def test_wilson_covers_the_truth_about_as_often_as_it_says():
    # Exactly, not by simulation: sum the chances of every outcome whose interval holds the truth.
    trials, outcomes = 60, np.arange(61)
    covered = []
    for truth in np.linspace(0.05, 0.95, 19):
        held = [wilson_interval(int(k), trials).low <= truth <= wilson_interval(int(k), trials).high for k in outcomes]
        covered.append(binom.pmf(outcomes, trials, truth)[held].sum())
    assert np.mean(covered) == pytest.approx(0.95, abs=0.01)
    assert min(covered) > 0.90


def test_none_of_none_is_not_a_number():
    estimate = wilson_interval(0, 0)
    assert all(math.isnan(number) for number in (estimate.value, estimate.low, estimate.high))
    assert estimate.to_json() == {"value": None, "low": None, "high": None}


def test_estimates_survive_json():
    for estimate in (Estimate(0.1, 1 / 3, 2 / 3), Estimate(0.5, math.nan, math.nan)):
        back = Estimate.from_json(json.loads(json.dumps(estimate.to_json(), allow_nan=False)))
        assert back.to_json() == estimate.to_json()


@pytest.mark.parametrize(("successes", "trials"), [(-1, 5), (6, 5), (1, 0)])
def test_impossible_counts_are_refused(successes, trials):
    with pytest.raises(ValueError, match="successes must lie in"):
        wilson_interval(successes, trials)


@pytest.mark.parametrize("confidence", [0, 1, 1.5, math.nan])
def test_confidence_outside_zero_to_one_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        wilson_interval(1, 2, confidence=confidence)


def mean_of(values):
    return lambda weights: (weights @ values) / weights.sum(axis=1)


def test_bootstrap_of_a_mean_spreads_like_the_textbook_standard_error():
    values = np.random.default_rng(1).normal(size=400)
    estimate = group_bootstrap(mean_of(values), [str(i) for i in range(400)])
    reach = 1.96 * values.std() / np.sqrt(400)
    assert estimate.value == pytest.approx(values.mean(), abs=1e-12)
    assert estimate.low == pytest.approx(values.mean() - reach, abs=0.15 * reach)
    assert estimate.high == pytest.approx(values.mean() + reach, abs=0.15 * reach)


def test_scans_of_one_group_count_once_not_many_times():
    # Every group ten identical scans: the interval must be that of the groups, not of ten times as many.
    values = np.random.default_rng(2).normal(size=50)
    of_groups = group_bootstrap(mean_of(values), [f"{i:02}" for i in range(50)])
    repeated = group_bootstrap(mean_of(np.repeat(values, 10)), [f"{i:02}" for i in range(50) for _ in range(10)])
    assert (repeated.low, repeated.high) == pytest.approx((of_groups.low, of_groups.high), abs=1e-12)


def test_bootstrap_agrees_with_drawing_groups_one_by_one():
    values, groups = np.array([1.0, 5.0, 2.0, 9.0, 4.0, 4.0]), np.array(list("aabcdd"))
    names = np.unique(groups)
    rng = np.random.default_rng(7)
    slow = []
    for _ in range(4000):
        rows = np.concatenate([np.flatnonzero(groups == names[k]) for k in rng.integers(4, size=4)])
        slow.append(values[rows].mean())
    fast = group_bootstrap(mean_of(values), groups, draws=4000, seed=7)
    assert (fast.low, fast.high) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])), abs=1e-12)


def test_bootstrap_depends_on_the_seed_and_on_nothing_else():
    values, groups = np.arange(30.0), np.array([str(i // 3) for i in range(30)])
    first = group_bootstrap(mean_of(values), groups, seed=3)
    order = np.random.default_rng(0).permutation(30)
    shuffled = group_bootstrap(mean_of(values[order]), groups[order], seed=3)
    assert (shuffled.low, shuffled.high) == pytest.approx((first.low, first.high), abs=1e-12)
    assert group_bootstrap(mean_of(values), groups, seed=4) != first


def test_bootstrap_drawn_in_pieces_is_bootstrap_drawn_at_once(monkeypatch):
    values, groups = np.arange(12.0), list("abcdefghijkl")
    at_once = group_bootstrap(mean_of(values), groups, draws=300)
    monkeypatch.setattr("core.evaluation.intervals._WEIGHTS_AT_ONCE", 12 * 7)
    assert group_bootstrap(mean_of(values), groups, draws=300) == at_once


def test_one_group_says_nothing_about_others():
    estimate = group_bootstrap(mean_of(np.array([1.0, 2.0])), ["a", "a"])
    assert estimate.value == 1.5
    assert math.isnan(estimate.low)
    assert math.isnan(estimate.high)


def undefined_unless_first_scan_drawn(weights):
    return np.where(weights[:, 0] > 0, weights[:, 1], np.nan)


def test_undefined_draws_are_dropped_but_too_many_leave_no_interval():
    kept = group_bootstrap(undefined_unless_first_scan_drawn, list("ab"))  # undefined in one of four draws
    assert (kept.low, kept.high) == (0, 1)
    rare = group_bootstrap(lambda w: np.where(w[:, 0] == 1, w[:, 1], np.nan), list("abcdef"))  # defined in 40 %
    assert rare.value == 1
    assert math.isnan(rare.low)
    assert math.isnan(rare.high)


def test_no_scans_have_no_value():
    assert math.isnan(group_bootstrap(mean_of(np.array([])), []).value)


def test_bootstrap_without_draws_is_refused():
    with pytest.raises(ValueError, match="draws must be at least 1"):
        group_bootstrap(mean_of(np.arange(2.0)), ["a", "b"], draws=0)


@given(st.floats(0, 1), st.integers(1, 50))
def test_what_is_left_of_one_has_the_mirrored_wilson_interval(value, trials):
    share, rest = wilson_around(value, trials), wilson_around(1 - value, trials)
    assert (1 - rest.high, 1 - rest.low) == pytest.approx((share.low, share.high), abs=1e-9)
    assert share.low <= share.value <= share.high


def test_ends_that_only_rounding_parts_claim_certainty():
    third = Estimate(0.09, 0.08999999999999997, 0.09000000000000005)
    assert in_doubt(third, 3) == wilson_around(0.09, 3)
    assert in_doubt(Estimate(0.09, 0.089, 0.091), 3) == Estimate(0.09, 0.089, 0.091)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 1.5])
def test_a_confidence_that_is_none_is_refused_around_any_value(confidence):
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        wilson_around(0.5, 10, confidence)
