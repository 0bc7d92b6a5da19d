import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from core.evaluation.confusion import counts_at
from core.evaluation.scored import Scored
from core.evaluation.thresholds import OperatingPoint, fixed_point, operating_point, positives_needed, promise_words
from tests.core.evaluation.strategies_for_scores import labelled_scores

BOTH = labelled_scores(min_size=2, both_classes=True)
BUDGETS = st.one_of(st.floats(0, 0.99), st.sampled_from([0.1, 0.2, 0.25, 1 / 3, 0.5]))


def slow_operating_threshold(scored, max_fnr):
    """Try every score and keep the highest within the budget."""
    within = [t for t in scored.scores if counts_at(scored, t).fn / scored.positives <= max_fnr]
    return max(within)


@given(BOTH, BUDGETS)
def test_operating_point_never_exceeds_the_miss_budget(scored, max_fnr):
    point = operating_point(scored, max_fnr=max_fnr)
    assert counts_at(scored, point.threshold).fn / scored.positives <= max_fnr
    assert point.fnr.value <= max_fnr


@given(BOTH, BUDGETS)
def test_no_higher_threshold_would_do(scored, max_fnr):
    point = operating_point(scored, max_fnr=max_fnr)
    just_above = math.nextafter(point.threshold, 2)
    assert counts_at(scored, just_above).fn / scored.positives > max_fnr
    assert point.threshold == slow_operating_threshold(scored, max_fnr)


@given(BOTH, BUDGETS, BUDGETS)
def test_a_larger_budget_never_lowers_the_threshold(scored, one, other):
    small, large = sorted((one, other))
    assert operating_point(scored, max_fnr=small).threshold <= operating_point(scored, max_fnr=large).threshold


@given(BOTH, BUDGETS)
def test_the_order_of_scans_changes_nothing(scored, max_fnr):
    order = np.random.default_rng(0).permutation(scored.n)
    shuffled = Scored(scored.scores[order], scored.labels[order], scored.groups[order])
    assert operating_point(shuffled, max_fnr=max_fnr) == operating_point(scored, max_fnr=max_fnr)


@pytest.mark.parametrize(
    ("positives", "max_fnr", "misses"),
    [(10, 0.1, 1), (9, 0.1, 0), (100, 0.29, 29), (10, 0.3, 3), (50, 0.02, 1), (49, 0.02, 0), (7, 0.0, 0)],
)
def test_the_budget_is_counted_in_whole_scans(positives, max_fnr, misses):
    scores = np.r_[np.linspace(0.2, 0.9, positives), 0.1]
    point = operating_point(Scored.of(scores, [True] * positives + [False]), max_fnr=max_fnr)
    assert round(point.fnr.value * positives) == misses
    assert point.threshold == scores[misses]


def test_tied_positives_are_missed_together_or_not_at_all():
    scored = Scored.of([0.2, 0.2, 0.2, 0.8, 0.5], [1, 1, 1, 1, 0])
    assert operating_point(scored, max_fnr=0.5).threshold == 0.2
    assert operating_point(scored, max_fnr=0.75).threshold == 0.8


def test_constant_scores_leave_one_threshold():
    point = operating_point(Scored.of([0.4] * 5, [1, 1, 0, 0, 0]), max_fnr=0.9)
    assert (point.threshold, point.fnr.value, point.fpr.value) == (0.4, 0, 1)


def test_five_scans_are_enough_and_the_interval_says_how_little_they_tell():
    point = operating_point(Scored.of([0.9, 0.8, 0.3, 0.6, 0.1], [1, 1, 1, 0, 0]), max_fnr=0.05)
    assert (point.threshold, point.n, point.positives) == (0.3, 5, 3)
    assert point.fnr.value == 0
    assert point.fnr.high > 0.5


@pytest.mark.parametrize("labels", [[True, True], [False, False]])
def test_one_class_absent_is_refused(labels):
    with pytest.raises(ValueError, match="needs positive and other scans"):
        operating_point(Scored.of([0.1, 0.2], labels), max_fnr=0.1)


@pytest.mark.parametrize("max_fnr", [-0.1, 1.0, math.nan])
def test_a_budget_out_of_range_is_refused(max_fnr):
    with pytest.raises(ValueError, match=r"max_fnr must lie in \[0, 1\)"):
        operating_point(Scored.of([0.1, 0.2], [True, False]), max_fnr=max_fnr)


@given(labelled_scores(min_size=30, max_size=90, both_classes=True), st.floats(0.1, 0.6))
def test_a_promised_point_is_the_last_one_before_the_first_failure(scored, max_fnr):
    slow = None
    for score in sorted(set(scored.scores[scored.labels].tolist())):
        misses = counts_at(scored, score).fn
        upper = binomtest(misses, scored.positives, alternative="less").proportion_ci(0.9, method="exact").high
        if upper > max_fnr:
            break
        slow = score
    if slow is None:
        with pytest.raises(ValueError, match="cannot promise an FNR"):
            operating_point(scored, max_fnr=max_fnr, confidence=0.9)
    else:
        assert operating_point(scored, max_fnr=max_fnr, confidence=0.9).threshold == slow


def test_the_promise_is_kept_as_often_as_promised():
    # Positives' scores uniform on [0, 1]: the true FNR of a threshold is the threshold itself.
    rng = np.random.default_rng(5)
    kept = 0
    for _ in range(1500):
        scored = Scored.of(np.r_[rng.random(80), 0.5], [True] * 80 + [False])
        kept += operating_point(scored, max_fnr=0.1, confidence=0.9).threshold <= 0.1
    assert kept / 1500 >= 0.9 - 3 * math.sqrt(0.9 * 0.1 / 1500)


def test_the_plain_budget_keeps_no_such_promise():
    rng = np.random.default_rng(5)
    kept = 0
    for _ in range(500):
        scored = Scored.of(np.r_[rng.random(80), 0.5], [True] * 80 + [False])
        kept += operating_point(scored, max_fnr=0.1).threshold <= 0.1
    assert kept / 500 < 0.8


@pytest.mark.parametrize(("max_fnr", "confidence", "needed"), [(0.05, 0.95, 59), (0.01, 0.95, 299), (0.5, 0.5, 1)])
def test_positives_needed_is_the_fewest_that_suffice(max_fnr, confidence, needed):
    assert positives_needed(max_fnr, confidence) == needed


@given(st.floats(0.005, 0.9), st.floats(0.5, 0.999))
def test_a_promise_is_refused_below_the_positives_needed_and_given_from_there(max_fnr, confidence):
    needed = positives_needed(max_fnr, confidence)

    def with_positives(count):
        return Scored.of(np.r_[np.linspace(0.5, 1, count), 0.1], [True] * count + [False])

    assert operating_point(with_positives(needed), max_fnr=max_fnr, confidence=confidence).fnr.value == 0
    if needed > 1:
        with pytest.raises(ValueError, match=f"it takes {needed}, or a larger max_fnr"):
            operating_point(with_positives(needed - 1), max_fnr=max_fnr, confidence=confidence)


def test_never_missing_anything_cannot_be_promised():
    with pytest.raises(ValueError, match="no number of scans can promise"):
        operating_point(Scored.of([0.9, 0.1], [True, False]), max_fnr=0, confidence=0.95)


def test_rules_say_how_the_threshold_came_about():
    scored = Scored.of(np.r_[np.linspace(0.5, 1, 60), 0.1], [True] * 60 + [False])
    assert operating_point(scored, max_fnr=0.05).rule == "max_fnr=0.05"
    assert operating_point(scored, max_fnr=0.05, confidence=0.95).rule == "max_fnr=0.05, confidence=0.95"
    assert fixed_point(scored).rule == "default"
    assert fixed_point(scored, 0.3).rule == "fixed=0.3"
    assert fixed_point(scored, 0.3, rule="by hand", split="test").rule == "by hand"


def grouped(scans_a_group: int) -> Scored:
    """60 positives in groups of so many, and a negative."""
    groups = [f"patient {row // scans_a_group}" for row in range(60)]
    return Scored.of(np.r_[np.linspace(0.5, 1, 60), 0.1], [True] * 60 + [False], [*groups, "well"])


def test_a_promise_over_groups_says_that_it_takes_scans_as_independent():
    point = operating_point(grouped(4), max_fnr=0.05, confidence=0.95)
    assert point.promise == (
        "New scans like the 60 positive scans of 15 groups in val have an FNR of at most 0.05, at 0.95 confidence; "
        "this takes scans as independent, and scans of one group are not: it promises too much."
    )


def test_a_promise_over_single_scans_needs_no_such_words():
    promise = promise_words(grouped(1), max_fnr=0.05, confidence=0.95)
    assert promise == "New scans like the 60 positive scans in val have an FNR of at most 0.05, at 0.95 confidence."


def test_a_plain_budget_promises_nothing_of_new_scans():
    point = operating_point(grouped(4), max_fnr=0.05)
    expected = "At most 0.05 are missed of the 60 positive scans of 15 groups in val; nothing is promised of new ones."
    assert point.promise == expected
    assert fixed_point(grouped(4)).promise == ""


def test_a_point_saved_before_promises_were_is_read(tmp_path):
    content = operating_point(grouped(4), max_fnr=0.05).to_json()
    del content["promise"]
    assert OperatingPoint.from_json(content).promise == ""


def test_a_fixed_point_counts_even_where_a_class_is_absent():
    point = fixed_point(Scored.of([0.2, 0.8], [False, False]), 0.5)
    assert math.isnan(point.fnr.value)
    assert point.fpr.value == 0.5


@pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan, math.inf])
def test_a_fixed_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(ValueError, match=r"threshold must lie in \[0, 1\]"):
        fixed_point(Scored.of([0.2], [True]), threshold)


@given(BOTH, BUDGETS)
def test_an_operating_point_survives_json_to_the_last_bit(scored, max_fnr):
    point = operating_point(scored, max_fnr=max_fnr)
    assert OperatingPoint.from_json(json.loads(json.dumps(point.to_json(), allow_nan=False))) == point


@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=30), BUDGETS)
def test_a_threshold_from_float32_scores_holds_for_the_float32_scores(scores, max_fnr):
    stored = np.array(scores, dtype=np.float32)
    labels = np.arange(len(stored)) % 2 == 0
    point = operating_point(Scored.of(stored, labels), max_fnr=max_fnr)
    called = stored.astype(np.float64) >= json.loads(json.dumps(point.threshold))
    assert np.mean(~called[labels]) == point.fnr.value


def test_a_damaged_operating_point_is_refused_in_one_line():
    with pytest.raises(ValueError, match="an operating point needs threshold") as refused:
        OperatingPoint.from_json({"threshold": 0.5})
    assert "\n" not in str(refused.value)
