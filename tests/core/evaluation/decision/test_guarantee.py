"""Promises: simulated over and over, they are broken no oftener than they allow."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from scipy.stats import binom, binomtest

from core.evaluation.confusion import counts_at
from core.evaluation.decision.choosing import chosen
from core.evaluation.decision.guarantee import hoeffding_bentkus, promised_max_fnr, promised_max_fpr, units_needed
from core.evaluation.decision.rules import MaxFnr, MaxFpr
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores

DRAWS = 2000
ALLOWED = 0.05 + 3 * math.sqrt(0.05 * 0.95 / DRAWS)  # at 95 % confidence, with what simulating adds
SIZES, LIKELY, SHIFTS = np.array([1, 2, 6, 20]), np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.0, 0.3, -0.6, -1.2])
WITHIN = 0.15  # spread within a group; between groups it is 1


def drawn_scans(rng, decimals=None):
    """100 positives, each by itself: scores uniform on [0, 1], so the true FNR of a threshold is the threshold."""
    scores = rng.random(100)
    return Scored.of(scores if decimals is None else np.floor(scores * 10**decimals) / 10**decimals, [True] * 100)


def drawn_groups(rng, decimals=None, count=150):
    """Positives of groups that are much alike inside, of unequal sizes, the largest scoring lowest."""
    kind = rng.choice(SIZES.size, size=count, p=LIKELY)
    group = np.repeat(np.arange(count), SIZES[kind])
    level = (SHIFTS[kind] + rng.normal(size=count))[group]
    scores = ndtr(level + WITHIN * rng.normal(size=group.size))
    if decimals is not None:
        scores = np.floor(scores * 10**decimals) / 10**decimals
    return Scored.of(scores, np.ones(group.size, bool), group)


def fnr_of_groups(threshold, decimals=None):
    """Mean over groups of the share of a group's scans below the threshold, over the whole population."""
    if decimals is not None:
        threshold = math.ceil(threshold * 10**decimals - 1e-9) / 10**decimals  # floored below means below
    edge = np.clip(threshold, 1e-300, 1 - 1e-16)
    return float(LIKELY @ ndtr((ndtri(edge) - SHIFTS) / math.hypot(1, WITHIN)))


def violations(draw, true_fnr, target, *, seed, choose=promised_max_fnr, draws=DRAWS):
    rng = np.random.default_rng(seed)
    broken = 0
    for _ in range(draws):
        threshold = choose(draw(rng), target, 0.95)
        broken += threshold is not None and true_fnr(threshold) > target
    return broken / draws


def test_the_promise_is_kept_for_independent_scans():
    share = violations(drawn_scans, lambda threshold: threshold, 0.1, seed=1)
    assert 0.02 < share <= ALLOWED  # kept, and not by asking for far too much


def test_the_promise_is_kept_for_tied_scores():
    share = violations(lambda rng: drawn_scans(rng, 1), lambda t: math.ceil(t * 10 - 1e-9) / 10, 0.15, seed=2)
    assert share <= ALLOWED


def test_the_promise_is_kept_for_unequal_groups_that_are_alike_inside():
    assert violations(drawn_groups, fnr_of_groups, 0.1, seed=3) <= ALLOWED


def test_the_promise_is_kept_for_tied_scores_of_groups():
    share = violations(lambda rng: drawn_groups(rng, 1), lambda t: fnr_of_groups(t, 1), 0.2, seed=4)
    assert share <= ALLOWED


def test_a_promise_that_ignores_groups_is_broken_far_too_often():
    def as_if_independent(scored, target, confidence):
        return promised_max_fnr(Scored.of(scored.scores, scored.labels), target, confidence)

    # Of equal groups, so that the FNR over scans is the one over groups: only the likeness within is ignored.
    def equal(rng):
        group = np.repeat(np.arange(60), 10)
        return Scored.of(ndtr(rng.normal(size=60)[group] + WITHIN * rng.normal(size=600)), np.ones(600, bool), group)

    def fnr(threshold):
        return float(ndtr(ndtri(threshold) / math.hypot(1, WITHIN)))

    assert violations(equal, fnr, 0.1, seed=5, choose=as_if_independent, draws=400) > 0.2
    assert violations(equal, fnr, 0.1, seed=5, draws=400) <= ALLOWED


def best_of_equals(rng, networks):
    """100 positives and 300 others, scored by networks that are equally good; the one that looks best is kept."""
    labels = np.arange(400) < 100
    scores = ndtr(rng.normal(labels * 2.0, 1, size=(networks, 400)))
    cuts = np.quantile(scores[:, ~labels], 0.9, axis=1)
    return Scored.of(scores[(scores[:, labels] < cuts[:, None]).mean(axis=1).argmin()], labels)


def test_the_promise_is_kept_where_the_network_was_chosen_on_the_same_scans():
    networks, rng = 30, np.random.default_rng(8)
    kept = [best_of_equals(rng, networks) for _ in range(DRAWS)]
    broken = {
        told: np.mean([ndtr(ndtri(chosen(scored, MaxFnr(0.1, 0.95, told)).threshold) - 2) > 0.1 for scored in kept])
        for told in (networks, 1)
    }
    assert broken[networks] <= ALLOWED
    assert broken[1] > 0.08  # without knowing of the choice it would be broken


def test_the_choice_among_networks_takes_more_positives_and_is_said():
    scored = Scored.of(np.r_[np.full(100, 0.8), 0.1], np.arange(101) < 100)
    alone, over = MaxFnr(0.05, 0.95), MaxFnr(0.05, 0.95, 20)
    assert "itself chosen" not in chosen(scored, alone).promise
    with pytest.raises(
        ValueError, match=r"in val, on which one of 20 networks was chosen, cannot .* takes 117 positives"
    ):
        chosen(scored, over)
    more = Scored.of(np.r_[np.full(117, 0.8), 0.1], np.arange(118) < 117)
    assert chosen(more, over).promise.endswith(
        "The promise covers that this network, one of 20, was itself chosen on val."
    )


@pytest.mark.parametrize("groups", range(1, 40))
def test_as_many_groups_as_it_takes_are_enough(groups):
    budget = 0.5
    confidence = 1 - budget**groups  # just enough, to the last bit
    scored = Scored.of(np.full(2 * groups, 0.8), np.ones(2 * groups, bool), np.repeat(np.arange(groups), 2))
    assert units_needed(budget, confidence) == groups
    assert promised_max_fnr(scored, budget, confidence) == 0.8


def test_the_plain_budget_keeps_no_such_promise():
    def budget(scored, target, _confidence):
        return chosen(Scored.of(np.r_[scored.scores, 0.5], np.r_[scored.labels, False]), MaxFnr(target)).threshold

    assert violations(drawn_scans, lambda threshold: threshold, 0.1, seed=6, choose=budget, draws=400) > 0.2


def test_the_promise_about_false_alarms_is_kept_too():
    rng = np.random.default_rng(7)
    broken = 0
    for _ in range(DRAWS):
        scored = Scored.of(np.r_[rng.random(100), 1.0], [False] * 100 + [True])
        cleared = promised_max_fpr(scored, 0.1, 0.95)
        broken += 1 - cleared > 0.1
        assert chosen(scored, MaxFpr(0.1, 0.95)).threshold > cleared
    assert 0.02 < broken / DRAWS <= ALLOWED


@given(labelled_scores(min_size=30, max_size=90, both_classes=True), st.floats(0.1, 0.6))
def test_a_promised_threshold_is_the_last_one_before_the_first_failure(scored, max_fnr):
    slow = None
    for score in sorted(set(scored.scores[scored.labels].tolist())):
        misses = counts_at(scored, score).fn
        upper = binomtest(misses, scored.positives, alternative="less").proportion_ci(0.9, method="exact").high
        if upper > max_fnr:
            break
        slow = score
    assert promised_max_fnr(alone(scored), max_fnr, 0.9) == slow


@given(labelled_scores(min_size=20, max_size=120, both_classes=True), st.floats(0.1, 0.6), st.integers(2, 5))
def test_by_groups_each_counts_once_with_its_share(scored, max_fnr, scans_a_group):
    groups = np.arange(scored.n) // scans_a_group
    grouped = Scored.of(scored.scores, scored.labels, groups)
    units = sorted(set(groups[scored.labels].tolist()))
    if len(units) == scored.positives:
        return
    slow = None
    for score in sorted(set(scored.scores[scored.labels].tolist())):
        shares = [np.mean(scored.scores[scored.labels & (groups == unit)] < score) for unit in units]
        if slow_p_value(sum(shares), len(units), max_fnr) > 0.1:
            break
        slow = score
    assert promised_max_fnr(grouped, max_fnr, 0.9) == slow


def slow_p_value(total, n, budget):
    mean = min(total / n, budget)
    parts = [mean * math.log(mean / budget) if mean else 0, (1 - mean) * math.log((1 - mean) / (1 - budget))]
    return min(1, math.exp(-n * sum(parts)), math.e * binom.cdf(math.ceil(total - 1e-9), n, budget))


@given(st.integers(1, 200), st.floats(0.01, 0.9), st.floats(0, 1))
def test_the_test_for_groups_agrees_with_scipy(n, budget, share):
    found = hoeffding_bentkus(np.array([share * n]), n, budget)[0]
    assert found == pytest.approx(slow_p_value(share * n, n, budget), rel=1e-9, abs=1e-300)


@given(st.integers(1, 60), st.floats(0.05, 0.9))
def test_worse_shares_are_never_surer(n, budget):
    p_values = hoeffding_bentkus(np.linspace(0, n, 101), n, budget)
    assert (np.diff(p_values) >= -1e-12).all()


@given(labelled_scores(min_size=10, max_size=80, both_classes=True), st.floats(0.1, 0.6), st.integers(1, 4))
def test_the_order_of_scans_changes_no_promise(scored, budget, scans_a_group):
    grouped = Scored.of(scored.scores, scored.labels, np.arange(scored.n) // scans_a_group)
    order = np.random.default_rng(0).permutation(scored.n)
    shuffled = Scored(grouped.scores[order], grouped.labels[order], grouped.groups[order])
    assert promised_max_fnr(shuffled, budget, 0.8) == promised_max_fnr(grouped, budget, 0.8)
    assert promised_max_fpr(shuffled, budget, 0.8) == promised_max_fpr(grouped, budget, 0.8)


@pytest.mark.parametrize(("budget", "confidence", "needed"), [(0.05, 0.95, 59), (0.01, 0.95, 299), (0.5, 0.5, 1)])
def test_units_needed_is_the_fewest_that_suffice(budget, confidence, needed):
    assert units_needed(budget, confidence) == needed


@given(st.floats(0.005, 0.9), st.floats(0.5, 0.999))
def test_a_promise_is_refused_below_the_positives_needed_and_given_from_there(budget, confidence):
    needed = units_needed(budget, confidence)

    def with_positives(count):
        return Scored.of(np.r_[np.linspace(0.5, 1, count), 0.1], [True] * count + [False])

    assert chosen(with_positives(needed), MaxFnr(budget, confidence)).fnr.value == 0
    if needed > 1:
        with pytest.raises(ValueError, match=f"it takes {needed:,} positives, or a larger max_fnr"):
            chosen(with_positives(needed - 1), MaxFnr(budget, confidence))


@pytest.mark.parametrize("groups", [58, 59])
def test_by_groups_as_many_groups_are_needed_as_scans_otherwise(groups):
    scored = Scored.of(
        np.r_[np.linspace(0.5, 1, 3 * groups), 0.1], [True] * 3 * groups + [False], [*np.arange(3 * groups) // 3, -1]
    )
    if groups == 59:
        assert chosen(scored, MaxFnr(0.05, 0.95)).fnr.value == 0
        return
    with pytest.raises(ValueError, match=r"58 groups with positives in val cannot promise .* it takes 59 groups"):
        chosen(scored, MaxFnr(0.05, 0.95))


def test_never_missing_anything_cannot_be_promised():
    with pytest.raises(ValueError, match="no number of scans can promise that nothing is ever missed"):
        chosen(Scored.of([0.9, 0.1], [True, False]), MaxFnr(0, 0.95))
    with pytest.raises(ValueError, match="no number of scans can promise that nothing is ever alarmed"):
        chosen(Scored.of([0.9, 0.1], [True, False]), MaxFpr(0, 0.95))


def alone(scored):
    return Scored.of(scored.scores, scored.labels)
