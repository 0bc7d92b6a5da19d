import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.evaluation.draws import drawn_counts, few_groups_words, percentile_estimate, with_doubt
from core.evaluation.scored import Scored

SIZE = 4


def drawn_slowly(categories, groups, draws, rng):
    """Draw the groups by name, gather their scans, count."""
    names = np.unique(groups)
    counts = []
    for _ in range(draws):
        picked = rng.choice(names, size=names.size)
        scans = np.concatenate([np.flatnonzero(groups == name) for name in picked])
        counts.append(np.bincount(categories[scans], minlength=SIZE))
    return np.array(counts)


def sample(n, group_count, seed=0):
    rng = np.random.default_rng(seed)
    groups = (
        np.arange(n) if group_count is None else np.r_[np.arange(group_count), rng.integers(group_count, size=n)][:n]
    )
    categories = (rng.random(n) * 3 + groups % 2).astype(int) % SIZE
    return categories, groups


@pytest.mark.parametrize(
    ("n", "group_count", "columns"),
    [(40, None, SIZE), (600, None, SIZE), (60, 15, SIZE), (400, 100, SIZE), (60, 15, 100)],
    ids=["few scans", "many scans", "few groups", "many groups", "many columns"],
)
def test_counts_are_spread_as_when_groups_are_drawn_one_by_one(n, group_count, columns):
    categories, groups = sample(n, group_count)
    fast = drawn_counts(categories, columns, groups, draws=2000, seed=1)
    slow = drawn_slowly(categories, groups, 600, np.random.default_rng(2))
    assert fast.shape == (2000, columns)
    assert not fast[:, SIZE:].any()
    for column in range(SIZE):
        assert stats.ks_2samp(fast[:, column], slow[:, column]).pvalue > 0.001
    for one, other in ((0, 1), (1, 2)):  # together too, not only one by one
        apart = fast[:, one] - fast[:, other]
        assert stats.ks_2samp(apart, slow[:, one] - slow[:, other]).pvalue > 0.001


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=30), st.sampled_from([4, 80]))
def test_every_resample_is_made_of_whole_groups(scans, columns):
    categories = np.array([category for category, _ in scans])
    groups = np.unique([group for _, group in scans], return_inverse=True)[1]
    group_count = groups.max() + 1
    rows = {tuple(np.bincount(categories[groups == group], minlength=columns)) for group in range(group_count)}
    found = drawn_counts(categories, columns, groups, draws=5)
    if len(rows) == 1:  # then every resample is the sample
        np.testing.assert_array_equal(found, np.tile(group_count * np.array(next(iter(rows))), (5, 1)))
    largest = max(sum(row) for row in rows)
    assert (found.sum(axis=1) <= largest * group_count).all()
    assert (found >= 0).all()
    assert (found == found.round()).all()


@given(st.permutations(range(12)), st.booleans(), st.sampled_from([4, 80]))
def test_the_order_of_scans_changes_nothing(order, alone, columns):
    categories, groups = sample(12, None if alone else 5)
    straight = drawn_counts(categories, columns, groups, draws=10)
    order = np.array(order)
    turned = groups[order]
    renumbered = turned if not alone else np.arange(12)
    np.testing.assert_array_equal(drawn_counts(categories[order], columns, renumbered, draws=10), straight)


def test_another_seed_draws_other_groups():
    categories, groups = sample(60, 15)
    first, again, other = (drawn_counts(categories, SIZE, groups, draws=50, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_rows_too_long_for_one_number_are_drawn_as_well():
    rng = np.random.default_rng(0)
    categories, groups = rng.integers(60, size=4000), np.r_[np.arange(40), rng.integers(40, size=3960)]
    found = drawn_counts(categories, 60, groups, draws=400)
    assert found.sum(axis=1).mean() == pytest.approx(4000, rel=0.02)
    np.testing.assert_allclose(found.mean(axis=0), np.bincount(categories), rtol=0.15)


def test_too_many_undefined_draws_leave_no_interval():
    assert percentile_estimate(0.5, np.r_[np.full(49, 0.4), np.full(51, np.nan)]).low != 0.4
    assert math.isnan(percentile_estimate(0.5, np.r_[np.full(49, 0.4), np.full(51, np.nan)]).low)
    assert percentile_estimate(0.5, np.r_[np.full(51, 0.4), np.full(49, np.nan)]).low == 0.4


def test_no_draws_are_refused():
    with pytest.raises(ValueError, match="draws must be at least 1, found 0"):
        drawn_counts(np.array([0]), 1, np.array([0]), draws=0)


def test_where_resamples_differ_nothing_is_added_to_them():
    parts = np.array([[0.2, 0.8], [0.3, 0.7], [np.nan, np.nan]])
    assert with_doubt(parts, 1, 10) is parts


@pytest.mark.parametrize("found", [0, 4, 10])
def test_where_all_resamples_agree_the_share_is_drawn_from_jeffreys_distribution(found):
    parts = np.tile([1 - found / 10, found / 10], (4000, 1))
    parts[7] = np.nan
    drawn = with_doubt(parts, 1, 10)
    assert np.isnan(drawn[7]).all()
    kept = np.delete(drawn, 7, axis=0)
    np.testing.assert_allclose(kept.sum(axis=1), 1)
    assert stats.kstest(kept[:, 1], stats.beta(found + 0.5, 10 - found + 0.5).cdf).pvalue > 1e-3
    assert not np.array_equal(drawn, with_doubt(parts, 1, 10, seed=(0, 1)))


@pytest.mark.parametrize(("scans_each", "unit"), [(1, "3 scans"), (2, "3 groups")])
def test_few_of_a_class_are_said_whatever_the_unit(scans_each, unit):
    labels = np.repeat(np.arange(40) < 3, scans_each)
    scored = Scored.of(np.full(labels.size, 0.5), labels, np.repeat(np.arange(40), scans_each))
    assert few_groups_words(scored) == f"too narrow, as one class has only {unit}: it takes 30"
    assert few_groups_words(scored, "patient") == few_groups_words(scored).replace("scan", "patient")
    assert few_groups_words(Scored.of([0.5] * 60, np.arange(60) < 30)) == ""


def test_groups_of_very_unequal_size_count_for_fewer():
    sizes = np.tile([1, 1, 1, 30], 10)
    groups = np.repeat(np.arange(40), sizes)
    everyone = np.ones(groups.size, dtype=bool)
    labels = np.r_[everyone, ~everyone]
    scored = Scored.of(np.full(labels.size, 0.5), labels, np.r_[groups, groups + 40])
    assert scored.groups_worth(labels) == sizes.sum() ** 2 // (sizes**2).sum() == 12
    assert few_groups_words(scored) == (
        "too narrow, as the 40 groups of one class, unequal in size, count as 12: it takes 30"
    )
    equal = Scored.of(np.full(90, 0.5), np.arange(90) < 45, np.arange(90) // 3)
    assert equal.groups_worth(equal.labels) == equal.groups_with(equal.labels) == 15
    assert equal.groups_worth(np.zeros(90, dtype=bool)) == 0


def test_a_class_that_is_absent_is_not_called_few():
    assert few_groups_words(Scored.of([0.5] * 4, [False] * 4, list("aabb"))) == ""
