"""Readers beside each other and beside the model: published examples, slow oracles, scikit-learn as referee."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from core.evaluation.reader_agreement import (
    auc_difference,
    cohen,
    fleiss,
    fleiss_kappa,
    paired_difference,
    rates,
    switches,
)
from core.evaluation.scored import Scored

# 14 raters, 10 subjects, 5 categories: the example that is worked through wherever Fleiss' kappa is explained.
FOURTEEN_RATERS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)
calls_of_readers = st.integers(2, 5).flatmap(
    lambda readers: st.lists(st.lists(st.booleans(), min_size=readers, max_size=readers), min_size=2, max_size=12)
)


def alone(n: int) -> np.ndarray:
    """A group of its own for each case."""
    return np.arange(n).astype(str)


def slow_fleiss(counts: np.ndarray) -> float:
    """Fleiss' kappa pair of raters by pair of raters."""
    n, raters = len(counts), int(counts[0].sum())
    ratings = [[c for c, often in enumerate(row) for _ in range(int(often))] for row in counts]
    agreeing = sum(row[i] == row[j] for row in ratings for i in range(raters) for j in range(raters) if i != j)
    observed = agreeing / (n * raters * (raters - 1))
    everything = [c for row in ratings for c in row]
    by_chance = sum((everything.count(c) / len(everything)) ** 2 for c in set(everything))
    return math.nan if len(set(everything)) == 1 else (observed - by_chance) / (1 - by_chance)


def test_fleiss_kappa_of_the_published_example_is_0_210():
    assert fleiss_kappa(FOURTEEN_RATERS) == pytest.approx(0.210, abs=5e-4)
    assert fleiss_kappa(FOURTEEN_RATERS) == pytest.approx(slow_fleiss(FOURTEEN_RATERS), abs=1e-12)


@given(calls_of_readers)
def test_fleiss_kappa_is_what_counting_pairs_of_raters_gives(rows):
    calls = np.array(rows).T
    counts = np.stack([calls.sum(0), (~calls).sum(0)], axis=1)
    assert fleiss(calls, alone(calls.shape[1]), draws=10).value == pytest.approx(slow_fleiss(counts), nan_ok=True)
    assert fleiss_kappa(counts) == pytest.approx(slow_fleiss(counts), nan_ok=True)


def test_fleiss_kappa_by_hand_of_three_readers_on_four_cases():
    calls = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 1]], bool)
    # Per case 1, 1/3, 1, 1/3 of the pairs agree: 2/3. Six of twelve calls are positive: 1/2 by chance.
    assert fleiss(calls, alone(4)).value == pytest.approx((2 / 3 - 1 / 2) / (1 / 2))


@pytest.mark.parametrize("counts", [np.zeros((0, 2)), np.array([[2, 1], [1, 1]]), np.array([[1, 0]])])
def test_fleiss_kappa_refuses_what_not_all_have_rated(counts):
    with pytest.raises(ValueError, match="subject"):
        fleiss_kappa(counts)


def test_one_reader_alone_agrees_with_nobody():
    assert math.isnan(fleiss(np.array([[True, False]]), alone(2)).value)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=30))
def test_cohens_kappa_is_scikit_learns_and_takes_no_sides(pairs):
    first, second = np.array(pairs).T
    found = cohen(first, second, alone(len(first)), draws=20)
    if len(set(first)) == 1 and len(set(second)) == 1:
        assert math.isnan(found.value)  # scikit-learn warns there
    else:
        assert found.value == pytest.approx(cohen_kappa_score(first, second))
        assert found.value == pytest.approx(cohen(second, first, alone(len(first)), draws=20).value)


def test_the_interval_of_kappa_holds_it_and_narrows_with_more_cases():
    rng = np.random.default_rng(3)
    first = rng.random(400) < 0.5
    second = first ^ (rng.random(400) < 0.2)
    many, few = cohen(first, second, alone(400)), cohen(first[:40], second[:40], alone(40))
    assert many.low < many.value < many.high
    assert many.high - many.low < few.high - few.low


def test_the_interval_of_kappa_is_near_the_one_of_large_samples():
    """Fleiss, Cohen and Everitt's standard error (1969), for a table of 200 cases."""
    first = np.repeat([True, True, False, False], [80, 20, 10, 90])
    second = np.repeat([True, False, True, False], [80, 20, 10, 90])
    p = np.array([[80, 20], [10, 90]]) / 200
    row, column = p.sum(1), p.sum(0)
    observed, chance = np.trace(p), row @ column
    k = (observed - chance) / (1 - chance)
    a = sum(p[i, i] * (1 - (row[i] + column[i]) * (1 - k)) ** 2 for i in range(2))
    b = (1 - k) ** 2 * sum(p[i, j] * (column[i] + row[j]) ** 2 for i in range(2) for j in range(2) if i != j)
    se = math.sqrt((a + b - (k - chance * (1 - k)) ** 2) / (200 * (1 - chance) ** 2))
    found = cohen(first, second, alone(200))
    assert found.high - found.low == pytest.approx(2 * 1.96 * se, rel=0.08)


def test_perfect_agreement_claims_no_certainty():
    same = np.array([True, False] * 10)
    assert cohen(same, same, alone(20)).value == 1
    assert math.isnan(cohen(same, same, alone(20)).low)
    assert math.isnan(fleiss(np.stack([same, same]), alone(20)).low)


def test_cases_of_one_patient_are_drawn_together():
    rng = np.random.default_rng(0)
    first = np.repeat(rng.random(20) < 0.5, 5)
    second = np.repeat(rng.random(20) < 0.5, 5)
    apart, together = cohen(first, second, alone(100)), cohen(first, second, np.repeat(np.arange(20), 5).astype(str))
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_rates_by_hand():
    truth = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0], bool)
    calls = np.array([1, 1, 1, 0, 0, 0, 0, 1, 1], bool)
    found = rates(calls, truth, alone(9))
    assert (found.sensitivity.value, found.specificity.value) == (3 / 4, 3 / 5)
    assert found.accuracy.value == pytest.approx(6 / 9)
    assert 0 < found.sensitivity.low < 3 / 4 < found.sensitivity.high < 1


def test_a_difference_is_paired():
    """That 10 of 40 turn right says more than 10 hits more in 40 others: the interval is narrower than unpaired."""
    before = np.repeat([True, False], [20, 20])
    after = np.repeat([True, False], [30, 10])
    found = paired_difference(before, after, np.ones(40, bool), alone(40))
    assert found.value == 0.25
    assert 0 < found.low < 0.25 < found.high
    unpaired = 2 * 1.96 * math.sqrt(0.5 * 0.5 / 40 + 0.75 * 0.25 / 40)
    assert found.high - found.low < 0.8 * unpaired


def test_a_difference_where_nobody_changed_is_zero_and_not_certain():
    right = np.array([True] * 10 + [False] * 10)
    found = paired_difference(right, right, np.ones(20, bool), alone(20))
    z2 = 1.959964**2
    assert found.value == 0
    assert (found.low, found.high) == pytest.approx((-z2 / (20 + z2), z2 / (20 + z2)))


def test_a_difference_of_nothing_is_not_defined():
    nothing = np.zeros(3, bool)
    assert math.isnan(paired_difference(nothing, nothing, nothing, alone(3)).value)


def test_the_difference_in_auc_is_that_of_scikit_learns_two():
    rng = np.random.default_rng(1)
    truth = rng.random(60) < 0.5
    before = np.round(rng.random(60) * 5) / 5
    after = np.clip(before + 0.2 * truth, 0, 1)
    found = auc_difference(Scored.of(before, truth), Scored.of(after, truth))
    assert found.value == pytest.approx(roc_auc_score(truth, after) - roc_auc_score(truth, before))
    assert found.low < found.value < found.high


def test_switches_count_what_a_wrong_model_spoilt_and_a_right_one_mended():
    truth = np.array([1, 1, 1, 0, 0, 0, 1, 0], bool)
    before = np.array([1, 1, 0, 0, 0, 1, 1, 0], bool)
    model = np.array([0, 0, 1, 1, 0, 0, 1, 0], bool)
    after = np.array([0, 1, 1, 1, 0, 1, 1, 0], bool)
    found = switches(before, after, model, truth, alone(8))
    assert (found.could_be_led, found.led_astray.value) == (3, pytest.approx(2 / 3))
    assert (found.could_be_put, found.put_right.value) == (2, pytest.approx(1 / 2))


def test_who_was_never_right_cannot_be_led_astray():
    truth = np.array([True, False])
    found = switches(~truth, ~truth, truth, truth, alone(2))
    assert found.could_be_led == 0
    assert math.isnan(found.led_astray.value)
