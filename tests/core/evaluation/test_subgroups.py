import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.confusion import counts_at, rates
from core.evaluation.intervals import group_bootstrap, wilson_interval
from core.evaluation.scored import Scored
from core.evaluation.shares import difference_estimate, share_estimate
from core.evaluation.subgroup_cuts import MOST_VALUES, NOT_GIVEN, cut_column
from core.evaluation.subgroups import subgroups_of
from tests.core.evaluation.strategies_for_scores import labelled_scores


def drawn(n=600, *, seed=0, scans_a_group=1):
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.4
    scores = np.clip(rng.normal(0.35 + 0.3 * labels, 0.2), 0, 1)
    return Scored.of(scores, labels, [f"g{row // scans_a_group}" for row in range(n)])


@given(labelled_scores(min_size=1), st.floats(0, 1), st.data())
def test_every_part_counts_as_its_scans_alone_do(scored, threshold, data):
    sites = data.draw(st.lists(st.sampled_from("xyz"), min_size=scored.n, max_size=scored.n))
    found = subgroups_of(scored, threshold, pd.DataFrame({"site": sites}), draws=20)
    if found.left_out:
        return
    assert sum(part.n for part in found.parts) == scored.n
    for part in found.parts:
        mask = np.array(sites) == part.part
        counts = counts_at(Scored(scored.scores[mask], scored.labels[mask], scored.groups[mask]), threshold)
        expected = rates(counts)
        assert (part.missed, part.alarms, part.n) == (counts.fn, counts.fp, counts.n)
        np.testing.assert_array_equal(part.fnr.value, expected.fnr.value)
        np.testing.assert_array_equal(part.fpr.value, expected.fpr.value)
    assert json.dumps(found.to_json(), allow_nan=False)


def test_the_worst_lower_bound_comes_first_and_the_too_small_last():
    scored = drawn()
    sites = np.array(["good"] * 300 + ["bad"] * 290 + ["tiny"] * 10)
    scores = np.where((sites == "bad") & scored.labels, scored.scores / 2, scored.scores)
    found = subgroups_of(Scored.of(scores, scored.labels), 0.5, pd.DataFrame({"site": sites}))
    assert [part.part for part in found.parts] == ["bad", "good", "tiny"]
    assert "fewer than 10" in found.parts[-1].too_small
    (gap,) = found.gaps
    assert gap.worst == "bad"
    assert gap.fnr.low > 0
    rest = sites != "bad"
    expected = found.parts[0].fnr.value - (scores[rest & scored.labels] < 0.5).mean()
    assert gap.fnr.value == pytest.approx(expected)
    assert "2 subgroups were looked at" in found.caution


@pytest.mark.parametrize("scans_a_group", [1, 5])
def test_gaps_of_nothing_hold_zero_about_as_often_as_they_say(scans_a_group):
    held = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(300 // scans_a_group), scans_a_group)
        missed = (rng.random(groups.max() + 1) < 0.3)[groups]  # a group is missed as a whole
        inside = (rng.random(groups.max() + 1) < 0.4)[groups]
        sides = (share_estimate(missed, side, groups, draws=500) for side in (inside, ~inside))
        gap = difference_estimate(*sides)
        held.append(gap.low <= 0 <= gap.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.05)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 20), 0.6791, 1),
    ],
)
def test_the_gap_of_two_shares_is_that_of_table_2_in_newcombe_1998(first, second, low, high):
    gap = difference_estimate(wilson_interval(*first), wilson_interval(*second))
    assert (gap.low, gap.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("missed_of_ten", [0, 1, 4, 10])
def test_a_gap_is_that_of_a_part_which_misses_more_than_the_rest(missed_of_ten):
    missed = np.r_[np.arange(1000) < 250, np.arange(10) < missed_of_ten]
    scored = Scored.of(np.where(missed, 0.2, 0.8), np.ones(1010, bool))
    found = subgroups_of(scored, 0.5, pd.DataFrame({"site": ["A"] * 1000 + ["B"] * 10}))
    (gap,) = found.gaps
    assert gap.worst == ("B" if missed_of_ten > 2.5 else "A")
    assert gap.fnr.value == pytest.approx(abs(0.25 - missed_of_ten / 10))
    assert gap.fnr.low < gap.fnr.value


def test_there_is_no_gap_where_only_a_part_that_is_too_small_misses_more():
    missed = np.r_[np.arange(20) < 2, np.arange(20) < 2, np.ones(8, bool)]
    scored = Scored.of(np.where(missed, 0.2, 0.8), np.ones(48, bool))
    assert subgroups_of(scored, 0.5, pd.DataFrame({"site": ["A"] * 20 + ["B"] * 20 + ["C"] * 8})).gaps == ()


def test_a_part_without_a_miss_among_ten_leaves_the_gap_in_doubt():
    missed = np.r_[np.arange(200) < 10, np.zeros(10, bool)]
    scored = Scored.of(np.where(missed, 0.2, 0.8), np.ones(210, bool))
    (gap,) = subgroups_of(scored, 0.5, pd.DataFrame({"site": ["A"] * 200 + ["B"] * 10})).gaps
    assert gap.fnr.low < 0 < gap.fnr.high


def test_shares_by_groups_agree_with_drawing_the_groups_one_by_one():
    rng = np.random.default_rng(5)
    groups = rng.integers(0, 40, 200)
    hits, trials = rng.random(200) < 0.3, rng.random(200) < 0.6
    ours = share_estimate(hits, trials, groups)
    slow = group_bootstrap(
        lambda weights: (weights @ hits[trials]) / weights.sum(axis=1), groups[trials], seed=1, draws=4000
    )
    assert ours.value == slow.value
    assert ours.low == pytest.approx(slow.low, abs=0.015)
    assert ours.high == pytest.approx(slow.high, abs=0.015)


def test_shares_of_single_scans_are_wilsons_and_faultless_groups_claim_no_certainty():
    hits, trials = np.array([True, False, False, True]), np.array([True, True, True, False])
    assert share_estimate(hits, trials, np.arange(4)) == wilson_interval(1, 3)
    none = share_estimate(np.zeros(20, bool), np.ones(20, bool), np.repeat(np.arange(5), 4))
    assert (none.value, none.low, none.high) == (0, 0, wilson_interval(0, 5).high)
    one = share_estimate(np.ones(4, bool), np.ones(4, bool), np.zeros(4, int))
    assert one.value == 1
    assert math.isnan(one.low)
    assert math.isnan(share_estimate(hits, np.zeros(4, bool), np.arange(4)).value)


def test_no_positives_in_a_part_are_said():
    scored = Scored.of([0.2, 0.8, 0.6, 0.4], [False, False, True, True])
    found = subgroups_of(scored, 0.5, pd.DataFrame({"site": ["a", "a", "b", "b"]}))
    by_name = {part.part: part for part in found.parts}
    assert by_name["a"].too_small == "no positives"
    assert math.isnan(by_name["a"].fnr.value)
    assert by_name["b"].too_small == "only 2 positives, fewer than 10"
    assert found.gaps == ()
    assert found.caution == ""


def test_positives_of_a_few_groups_only_are_too_few():
    scored = Scored.of([0.5] * 60, [True] * 30 + [False] * 30, ["p"] * 30 + [f"n{k}" for k in range(30)])
    found = subgroups_of(scored, 0.5, pd.DataFrame({"site": ["a", "b"] * 30}))
    assert {part.too_small for part in found.parts} == {"its positives are of 1 group only, fewer than 5"}


def test_columns_that_part_alike_are_looked_at_once():
    scored = drawn(40)
    columns = pd.DataFrame({"format": ["PNG", "JPEG"] * 20, "bits": [8, 16] * 20})
    found = subgroups_of(scored, 0.5, columns)
    assert {part.column for part in found.parts} == {"format"}
    assert found.left_out == {"bits": "it parts the scans just as format does"}


def test_five_scans_of_one_score_crash_nothing():
    found = subgroups_of(Scored.of([0.5] * 5, [1, 0, 1, 0, 1]), 0.5, pd.DataFrame({"site": list("aabbb")}))
    assert len(found.parts) == 2
    assert json.dumps(found.to_json(), allow_nan=False)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="found 3 rows for 40 scans"):
        subgroups_of(drawn(40), 0.5, pd.DataFrame({"a": [1, 2, 3]}))
    with pytest.raises(ValueError, match="threshold must be a number"):
        subgroups_of(drawn(40), math.nan, pd.DataFrame({"a": range(40)}))


@given(st.lists(st.one_of(st.floats(allow_infinity=False), st.integers(-5, 5)), min_size=1, max_size=60))
def test_numbers_are_parted_in_order_and_equal_ones_stay_together(numbers):
    column = pd.Series(numbers, dtype=float)
    cut = cut_column(column)
    if cut.left_out:
        return
    assert len(cut.parts) == len(column)
    assert (cut.parts.astype(str)[column.isna()] == NOT_GIVEN).all()
    given_ = column.notna()
    codes = cut.parts.cat.codes[given_]
    assert codes.iloc[np.argsort(column[given_].to_numpy(), kind="stable")].is_monotonic_increasing
    assert codes.groupby(column[given_]).nunique().max() == 1
    assert cut.parts.cat.categories.is_unique


def test_many_numbers_are_cut_at_their_quartiles_with_their_ends_as_names():
    cut = cut_column(pd.Series(range(1, 101)))
    assert cut.parts.value_counts(sort=False).to_dict() == {
        "1 to 25": 25,
        "26 to 50": 25,
        "51 to 75": 25,
        "76 to 100": 25,
    }


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["a"] * 30, "the same for all: a"),
        ([""] * 30, "empty throughout"),
        ([None] * 30, "empty throughout"),
        ([f"id{k}" for k in range(30)], "30 different values in 30 scans"),
        ([math.nan] * 30, "empty throughout"),
        ([7] * 30, "the same for all: 7"),
    ],
)
def test_columns_that_make_no_subgroups_say_why(values, reason):
    assert reason in cut_column(pd.Series(values)).left_out


def test_few_values_are_taken_as_they_are_and_blanks_are_a_part():
    cut = cut_column(pd.Series(["b", "a", " ", None, "a", "b", "a", "b"]))
    assert cut.parts.astype(str).tolist() == ["b", "a", NOT_GIVEN, NOT_GIVEN, "a", "b", "a", "b"]
    assert cut_column(pd.Series([True, False] * 5)).parts.astype(str).tolist() == ["True", "False"] * 5
    assert not cut_column(pd.Series([k % MOST_VALUES for k in range(100)])).left_out
