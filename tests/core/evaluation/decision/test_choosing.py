import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import fbeta_score, precision_score, roc_curve

from core.evaluation.confusion import counts_at
from core.evaluation.decision.choosing import chosen, zone_thresholds
from core.evaluation.decision.operating_point import OperatingPoint, fixed_point
from core.evaluation.decision.rules import Cost, Default, FBeta, Fixed, MaxFnr, MaxFpr, Ppv, Youden, Zones
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores

BOTH = labelled_scores(min_size=2, both_classes=True)
BUDGETS = st.one_of(st.floats(0, 0.99), st.sampled_from([0.1, 0.2, 0.25, 1 / 3, 0.5]))
RULES = st.one_of(
    st.builds(MaxFnr, BUDGETS),
    st.builds(MaxFpr, BUDGETS),
    st.builds(Cost, st.sampled_from([0.1, 1.0, 3.0, 10.0]), st.just(1.0), st.sampled_from([None, 0.01, 0.3])),
    st.just(Youden()),
    st.builds(FBeta, st.sampled_from([0.5, 1.0, 2.0])),
    st.builds(Ppv, st.sampled_from([0.1, 0.5, 0.9]), st.sampled_from([0.05, 0.5])),
    st.builds(Fixed, st.floats(0, 1)),
    st.just(Default()),
    st.builds(Zones, BUDGETS, BUDGETS),
)


def all_thresholds(scored):
    """Every threshold that does anything else than its neighbours, rising."""
    scores = sorted(set(scored.scores.tolist()))
    above = [math.nextafter(scores[-1], 2)] if scores[-1] < 1 else []
    return scores + above


def slow_best(scored, goodness):
    """The threshold of the largest goodness, in exact fractions; of equals the one with the fewest misses."""
    tried = [(goodness(counts_at(scored, t)), -counts_at(scored, t).fn, -t) for t in all_thresholds(scored)]
    return -max(tried)[2]


def shares(counts):
    return Fraction(counts.fn, counts.fn + counts.tp), Fraction(counts.fp, counts.fp + counts.tn)


@given(BOTH, BUDGETS)
def test_the_miss_budget_is_never_exceeded_and_no_higher_threshold_keeps_it(scored, max_fnr):
    point = chosen(scored, MaxFnr(max_fnr))
    assert counts_at(scored, point.threshold).fn / scored.positives <= max_fnr
    assert point.fnr.value <= max_fnr
    assert counts_at(scored, math.nextafter(point.threshold, 2)).fn / scored.positives > max_fnr
    assert point.threshold in scored.scores[scored.labels]


@given(BOTH, BUDGETS)
def test_the_alarm_budget_is_never_exceeded_and_no_lower_threshold_keeps_it(scored, max_fpr):
    keep = [t for t in all_thresholds(scored) if counts_at(scored, t).fp / scored.negatives <= max_fpr]
    if not keep:
        with pytest.raises(ValueError, match="have the score 1"):
            chosen(scored, MaxFpr(max_fpr))
        return
    point = chosen(scored, MaxFpr(max_fpr))
    assert point.threshold == min(keep)
    assert counts_at(scored, point.threshold).fp / scored.negatives <= max_fpr


@given(BOTH, st.sampled_from([0.1, 1, 3, 10]), st.sampled_from([None, 0.01, 0.3]))
def test_the_cost_is_the_least_of_all_thresholds(scored, miss, prevalence):
    share = Fraction(scored.positives, scored.n) if prevalence is None else Fraction(str(prevalence))

    def goodness(counts):
        fnr, fpr = shares(counts)
        return -(Fraction(str(miss)) * share * fnr + (1 - share) * fpr)

    assert chosen(scored, Cost(miss, 1, prevalence)).threshold == slow_best(scored, goodness)


@given(BOTH)
def test_youdens_index_is_the_largest_and_scikit_learns(scored):
    threshold = chosen(scored, Youden()).threshold
    assert threshold == slow_best(scored, lambda counts: -sum(shares(counts)))
    fpr, tpr, _ = roc_curve(scored.labels, scored.scores)
    best = counts_at(scored, threshold)
    # "Nothing is called positive" is only a threshold where no score is 1, and never better than the best.
    assert best.tp / scored.positives - best.fp / scored.negatives == pytest.approx(max((tpr - fpr)[1:]), abs=1e-12)


@given(BOTH, st.sampled_from([0.5, 1, 2]))
def test_f_beta_is_the_largest_and_scikit_learns(scored, beta):
    def goodness(counts):
        weight = Fraction(beta) ** 2
        return (1 + weight) * counts.tp / ((1 + weight) * counts.tp + weight * counts.fn + counts.fp)

    threshold = chosen(scored, FBeta(beta)).threshold
    assert threshold == slow_best(scored, goodness)
    called = scored.scores >= threshold
    assert fbeta_score(scored.labels, called, beta=beta, zero_division=0) == pytest.approx(
        float(goodness(counts_at(scored, threshold)))
    )


@given(BOTH, st.sampled_from([0.1, 0.5, 0.9]), st.sampled_from([0.05, 0.5]))
def test_the_ppv_is_reached_by_the_most_lenient_threshold_that_reaches_it(scored, ppv, prevalence):
    def reached(threshold):
        counts = counts_at(scored, threshold)
        fnr, fpr = shares(counts)
        right, wrong = Fraction(str(prevalence)) * (1 - fnr), (1 - Fraction(str(prevalence))) * fpr
        return right + wrong > 0 and right / (right + wrong) >= Fraction(str(ppv))

    keep = [threshold for threshold in all_thresholds(scored) if reached(threshold)]
    if not keep:
        with pytest.raises(ValueError, match=r"no threshold has a PPV of .* the best reaches .*; ask for less"):
            chosen(scored, Ppv(ppv, prevalence))
        return
    assert chosen(scored, Ppv(ppv, prevalence)).threshold == min(keep)


def test_at_the_prevalence_of_the_scans_the_ppv_is_the_precision():
    rng = np.random.default_rng(0)
    labels = rng.random(200) < 0.3
    scored = Scored.of(np.clip(rng.normal(0.3 + 0.3 * labels, 0.2), 0, 1), labels)
    point = chosen(scored, Ppv(0.8, scored.positives / scored.n))
    assert precision_score(labels, scored.scores >= point.threshold) >= 0.8
    lower = scored.scores[scored.scores < point.threshold]
    assert all(precision_score(labels, scored.scores >= t) < 0.8 for t in lower)


@given(BOTH, BUDGETS, BUDGETS)
def test_both_targets_of_two_thresholds_are_kept(scored, rule_out, rule_in):
    if np.mean(scored.scores[~scored.labels] == 1) > rule_in:
        with pytest.raises(ValueError, match="have the score 1"):
            zone_thresholds(scored, Zones(rule_out, rule_in))
        return
    lower, upper = zone_thresholds(scored, Zones(rule_out, rule_in))
    assert lower <= upper
    assert np.mean(scored.scores[scored.labels] < lower) <= rule_out
    assert np.mean(scored.scores[~scored.labels] >= upper) <= rule_in
    point = chosen(scored, Zones(rule_out, rule_in))
    assert (point.threshold, point.upper) == (lower, upper)
    below, above = chosen(scored, MaxFnr(rule_out)).threshold, chosen(scored, MaxFpr(rule_in)).threshold
    assert (lower, upper) == ((below, above) if below < above else (above, above))


@given(BOTH, RULES)
def test_the_order_of_scans_changes_nothing(scored, rule):
    order = np.random.default_rng(0).permutation(scored.n)
    shuffled = Scored(scored.scores[order], scored.labels[order], scored.groups[order])
    assert outcome(shuffled, rule) == outcome(scored, rule)


def outcome(scored, rule):
    """The point, or why there is none."""
    try:
        return chosen(scored, rule)
    except ValueError as error:
        return str(error)


@given(BOTH, BUDGETS, BUDGETS)
def test_a_larger_budget_never_lowers_the_threshold(scored, one, other):
    small, large = sorted((one, other))
    assert chosen(scored, MaxFnr(small)).threshold <= chosen(scored, MaxFnr(large)).threshold


@pytest.mark.parametrize(
    ("positives", "max_fnr", "misses"),
    [(10, 0.1, 1), (9, 0.1, 0), (100, 0.29, 29), (10, 0.3, 3), (50, 0.02, 1), (49, 0.02, 0), (7, 0.0, 0)],
)
def test_the_budget_is_counted_in_whole_scans(positives, max_fnr, misses):
    scores = np.r_[np.linspace(0.2, 0.9, positives), 0.1]
    point = chosen(Scored.of(scores, [True] * positives + [False]), MaxFnr(max_fnr))
    assert round(point.fnr.value * positives) == misses
    assert point.threshold == scores[misses]


def test_tied_positives_are_missed_together_or_not_at_all():
    scored = Scored.of([0.2, 0.2, 0.2, 0.8, 0.5], [1, 1, 1, 1, 0])
    assert chosen(scored, MaxFnr(0.5)).threshold == 0.2
    assert chosen(scored, MaxFnr(0.75)).threshold == 0.8


@pytest.mark.parametrize("rule", [FBeta(0.01), FBeta(100), Cost(1e9, 1e-9), Cost(1e-9, 1e9)])
def test_the_largest_and_smallest_weights_still_choose(rule):
    scored = Scored.of([0.1, 0.3, 0.5, 0.7, 0.9], [False, True, False, False, True])
    dear_misses = rule in (FBeta(100), Cost(1e9, 1e-9))
    assert chosen(scored, rule).threshold == (0.3 if dear_misses else 0.9)


def test_of_equally_good_thresholds_the_one_with_the_fewest_misses_is_taken():
    # 0.3 finds two with one false alarm, 0.7 finds one with none: Youden's index is the same.
    scored = Scored.of([0.7, 0.3, 0.4, 0.1], [1, 1, 0, 0])
    assert chosen(scored, Youden()).threshold == 0.3
    assert chosen(scored, Cost(1)).threshold == 0.3


@pytest.mark.parametrize("rule", [MaxFnr(0.9), MaxFpr(1), Youden(), FBeta(1), Cost(10), Ppv(0.3, 0.5), Zones(0.9, 1)])
def test_constant_scores_leave_one_threshold(rule):
    point = chosen(Scored.of([0.4] * 5, [1, 1, 0, 0, 0]), rule)
    assert (point.threshold, point.fnr.value, point.fpr.value) == (0.4, 0, 1)


def test_constant_scores_without_a_false_alarm_mean_that_nothing_is_called():
    point = chosen(Scored.of([0.4] * 5, [1, 1, 0, 0, 0]), MaxFpr(0.5))
    assert (point.threshold, point.fnr.value, point.fpr.value) == (math.nextafter(0.4, 1), 1, 0)


def test_five_scans_are_enough_and_the_interval_says_how_little_they_tell():
    point = chosen(Scored.of([0.9, 0.8, 0.3, 0.6, 0.1], [1, 1, 1, 0, 0]), MaxFnr(0.05))
    assert (point.threshold, point.n, point.positives) == (0.3, 5, 3)
    assert point.fnr.value == 0
    assert point.fnr.high > 0.5


@pytest.mark.parametrize("labels", [[True, True], [False, False]])
@pytest.mark.parametrize(
    "rule", [MaxFnr(0.1), MaxFpr(0.1), Youden(), Cost(2), FBeta(1), Ppv(0.5, 0.5), Zones(0.1, 0.1)]
)
def test_one_class_absent_is_refused(labels, rule):
    with pytest.raises(ValueError, match="needs positive and other scans to be chosen on, found"):
        chosen(Scored.of([0.1, 0.2], labels), rule)


@pytest.mark.parametrize("rule", [MaxFnr(0.1), Fixed(0.2), Default()])
def test_nothing_is_chosen_on_test(rule):
    with pytest.raises(ValueError, match="must not be chosen on test"):
        chosen(Scored.of([0.1, 0.2], [False, True]), rule, split="test")


def grouped(scans_a_group: int) -> Scored:
    """60 positives in groups of so many, and a negative."""
    groups = [f"patient {row // scans_a_group}" for row in range(60)]
    return Scored.of(np.r_[np.linspace(0.5, 1, 60), 0.1], [True] * 60 + [False], [*groups, "well"])


def test_a_promise_over_groups_says_that_it_is_for_the_mean_over_groups():
    assert chosen(grouped(2), MaxFnr(0.1, 0.95)).promise == (
        "In new groups like the 30 groups with 60 positive scans in val, the share of a group's positive scans that "
        "are missed is at most 0.1 in the mean over groups, at 0.95 confidence."
    )


def test_a_promise_over_single_scans_is_about_scans():
    assert chosen(grouped(1), MaxFnr(0.05, 0.95)).promise == (
        "New scans like the 60 positive scans in val have an FNR of at most 0.05, at 0.95 confidence."
    )


def test_a_plain_budget_promises_nothing_of_new_scans():
    assert chosen(grouped(4), MaxFnr(0.05)).promise == (
        "At most 0.05 are missed of the 60 positive scans of 15 groups in val; nothing is promised of new ones."
    )
    assert fixed_point(grouped(4)).promise == ""


def test_two_promises_hold_together_with_what_is_left_of_both():
    rng = np.random.default_rng(0)
    scored = Scored.of(np.r_[rng.random(100) * 0.6 + 0.4, rng.random(100) * 0.6], [True] * 100 + [False] * 100)
    point = chosen(scored, Zones(0.05, 0.05, 0.95, 0.95))
    assert point.promise.endswith("Both together at 0.9 confidence.")
    assert point.threshold < point.upper


def test_rules_say_how_the_threshold_came_about():
    assert chosen(grouped(1), MaxFnr(0.05)).rule == "max_fnr=0.05"
    assert chosen(grouped(1), MaxFnr(0.05)).says == "chosen on validation: at most 5 % missed"
    assert fixed_point(grouped(1)).rule == "default"
    assert fixed_point(grouped(1), 0.3).rule == "fixed=0.3"
    assert fixed_point(grouped(1), 0.3, rule="by hand", split="test").rule == "by hand"


def test_a_fixed_point_counts_even_where_a_class_is_absent():
    point = chosen(Scored.of([0.2, 0.8], [False, False]), Fixed(0.5))
    assert math.isnan(point.fnr.value)
    assert point.fpr.value == 0.5


@pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan, math.inf])
def test_a_fixed_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(ValueError, match=r"threshold must lie in \[0, 1\]"):
        fixed_point(Scored.of([0.2], [True]), threshold)


@given(BOTH, st.one_of(st.builds(MaxFnr, BUDGETS), st.builds(FBeta, st.just(2.0)), st.builds(Fixed, st.floats(0, 1))))
def test_an_operating_point_survives_json_to_the_last_bit(scored, rule):
    point = chosen(scored, rule)
    assert OperatingPoint.from_json(json.loads(json.dumps(point.to_json(), allow_nan=False))) == point


def test_a_point_saved_by_an_earlier_version_is_read():
    content = chosen(grouped(4), MaxFnr(0.05)).to_json()
    for name in ("promise", "score_kind", "data_fingerprint", "chosen_at", "upper"):
        del content[name]
    point = OperatingPoint.from_json(content)
    assert (point.promise, point.score_kind, point.chosen_at, point.upper) == ("", "", "", None)


@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=30), BUDGETS)
def test_a_threshold_from_float32_scores_holds_for_the_float32_scores(scores, max_fnr):
    stored = np.array(scores, dtype=np.float32)
    labels = np.arange(len(stored)) % 2 == 0
    point = chosen(Scored.of(stored, labels), MaxFnr(max_fnr))
    called = stored.astype(np.float64) >= json.loads(json.dumps(point.threshold))
    assert np.mean(~called[labels]) == point.fnr.value


@pytest.mark.parametrize(
    "changes", [{"threshold": 7}, {"upper": 2}, {"threshold": 0.5, "upper": 0.4}, {"fnr": 3}, {"n": "many"}]
)
def test_a_damaged_operating_point_is_refused_in_one_line(changes):
    with pytest.raises(ValueError, match="an operating point needs threshold") as refused:
        OperatingPoint.from_json(chosen(grouped(4), MaxFnr(0.05)).to_json() | changes)
    assert "\n" not in str(refused.value)


def test_a_promise_names_the_target_as_it_was_asked_for():
    point = chosen(Scored.of([0.1, 0.5, 0.6, 0.7, 0.2], [1, 1, 1, 0, 0]), MaxFnr(1 / 3))
    assert "At most 0.333333333333333 are missed" in point.promise
