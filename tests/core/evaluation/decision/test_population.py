import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats.contingency import relative_risk

from core.evaluation.confusion import Counts, counts_at
from core.evaluation.decision.population import (
    PeopleInZones,
    ZonesInPopulation,
    expected_cost,
    in_population,
    people_of,
)
from core.evaluation.decision.rules import Cost
from core.evaluation.decision.zones import zone_figures
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores

PREVALENCES = st.floats(0.001, 0.999)


def scored_of(tp, fp, fn, tn):
    scores = [0.9] * (tp + fp) + [0.1] * (fn + tn)
    return Scored.of(scores, [True] * tp + [False] * fp + [True] * fn + [False] * tn)


@given(*[st.integers(1, 200)] * 4)
def test_likelihood_ratios_and_their_intervals_are_scipys_relative_risks(tp, fp, fn, tn):
    found = in_population(scored_of(tp, fp, fn, tn), 0.5, 0.1)
    for ratio, events in ((found.lr_positive, (tp, fp)), (found.lr_negative, (fn, tn))):
        judge = relative_risk(events[0], tp + fn, events[1], fp + tn)
        assert ratio.value == pytest.approx(judge.relative_risk)
        interval = judge.confidence_interval(0.95)
        assert (ratio.low, ratio.high) == pytest.approx((interval.low, interval.high))


@given(labelled_scores(both_classes=True, min_size=2), st.floats(0, 1), PREVALENCES)
def test_values_follow_bayes_and_lie_in_their_intervals(scored, threshold, prevalence):
    found = in_population(scored, threshold, prevalence, draws=50)
    counts = counts_at(scored, threshold)
    sensitivity, fpr = counts.tp / scored.positives, counts.fp / scored.negatives
    alarms = prevalence * sensitivity + (1 - prevalence) * fpr
    if alarms:
        assert found.ppv.value == pytest.approx(prevalence * sensitivity / alarms)
    else:
        assert math.isnan(found.ppv.value)
    if alarms < 1:
        assert found.npv.value == pytest.approx((1 - prevalence) * (1 - fpr) / (1 - alarms), abs=1e-9)
    for estimate in (found.ppv, found.npv):
        assert math.isnan(estimate.low) or 0 <= estimate.low <= estimate.value + 1e-12 <= estimate.high + 2e-12 <= 1.01
    json.dumps(found.to_json(), allow_nan=False)


def test_at_the_prevalence_of_the_scans_ppv_and_npv_are_those_of_the_scans():
    found = in_population(scored_of(40, 10, 10, 140), 0.5, 50 / 200)
    assert found.ppv.value == pytest.approx(40 / 50)
    assert found.npv.value == pytest.approx(140 / 150)


def test_without_a_false_alarm_the_ratio_has_no_upper_end_and_its_lower_one_is_told():
    found = in_population(scored_of(40, 0, 10, 150), 0.5, 0.05)
    assert found.lr_positive.value == found.lr_positive.high == math.inf
    assert 1 < found.lr_positive.low < math.inf
    assert found.ppv.value == found.ppv.high == 1
    assert 0.05 < found.ppv.low < 1
    told = found.to_json()["lr_positive"]
    assert told == {"value": None, "low": found.lr_positive.low, "high": None, "unbounded": ["value", "high"]}
    assert found.to_json()["lr_negative"]["unbounded"] == []


def test_a_ratio_that_nobody_knows_is_not_called_unbounded():
    nobody_called = in_population(scored_of(0, 0, 10, 150), 0.5, 0.05).to_json()["lr_positive"]
    assert nobody_called == {"value": None, "low": None, "high": None, "unbounded": []}


def test_without_a_miss_the_ratio_is_zero_and_its_upper_end_is_told():
    found = in_population(scored_of(50, 20, 0, 130), 0.5, 0.05)
    assert found.lr_negative.value == found.lr_negative.low == 0
    assert 0 < found.lr_negative.high < 1
    assert found.npv.value == 1
    assert 0.9 < found.npv.low < 1


def test_scans_of_fewer_groups_have_wider_intervals():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(60) % 2 == 0, 10)
    scores = np.clip(np.repeat(rng.normal(0.5, 0.2, 60), 10) + 0.1 * labels + rng.normal(0, 0.02, 600), 0, 1)
    alone, grouped = Scored.of(scores, labels), Scored.of(scores, labels, np.arange(600) // 10)
    narrow, wide = (in_population(scored, 0.5, 0.1) for scored in (alone, grouped))
    assert wide.by_groups
    assert not narrow.by_groups
    assert wide.ppv.high - wide.ppv.low > 1.5 * (narrow.ppv.high - narrow.ppv.low)


def test_groups_without_a_miss_claim_no_certainty():
    labels = [True] * 30 + [False] * 30
    found = in_population(Scored.of([0.9] * 30 + [0.1] * 30, labels, np.arange(60) // 3), 0.5, 0.1)
    assert found.lr_negative.value == 0
    assert found.lr_negative.high > 0
    assert found.ppv.low < 1


@pytest.mark.parametrize("labels", [[True, True], [False, False]])
def test_one_class_absent_is_said(labels):
    found = in_population(Scored.of([0.1, 0.9], labels), 0.5, 0.1)
    assert found.people is None
    assert found.to_json()["ppv"]["value"] is None
    assert found.to_json()["says"] == "One class is absent: nothing can be said of people."
    with pytest.raises(ValueError, match="people need both classes"):
        people_of(Counts(tp=0, fp=1, fn=0, tn=1), 0.1)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), PREVALENCES)
def test_people_are_whole_and_add_up(tp, fp, fn, tn, prevalence):
    if not tp + fn or not fp + tn:
        return
    people = people_of(Counts(tp=tp, fp=fp, fn=fn, tn=tn), prevalence)
    assert people.found + people.missed == people.have_it
    assert people.have_it + people.alarmed + people.cleared == people.people == 1000
    assert min(people.found, people.missed, people.alarmed, people.cleared) >= 0
    assert abs(people.missed - people.missed_exactly) <= 0.5


@given(labelled_scores(both_classes=True, min_size=2), st.floats(0, 1), st.floats(0, 1), PREVALENCES)
def test_people_at_two_thresholds_are_whole_and_add_up(scored, one, other, prevalence):
    lower, upper = (people_of(counts_at(scored, threshold), prevalence) for threshold in sorted((one, other)))
    people = PeopleInZones(lower, upper)
    assert sum(people.have_it) == lower.have_it
    assert sum(people.have_it) + sum(people.others) == people.people
    assert min(*people.have_it, *people.others) >= 0


@pytest.mark.parametrize(
    ("prevalence", "says"),
    [
        (
            0.05,
            "Of 1,000 people like these, 50 have it: 40 ruled in, 8 referred to a reader, 2 ruled out (missed). "
            "Of the 950 others, 19 ruled in (alarmed for nothing), 76 referred to a reader, 855 ruled out.",
        ),
        (
            0.001,
            "Of 1,000 people like these, 1 has it: 1 ruled in, fewer than 1 referred to a reader, "
            "fewer than 1 ruled out (missed). "
            "Of the 999 others, 20 ruled in (alarmed for nothing), 80 referred to a reader, 899 ruled out.",
        ),
        (
            1e-300,
            "Of 1,000,000,000 people like these, fewer than 1 has it. Of the 1,000,000,000 others, 20,000,000 ruled "
            "in (alarmed for nothing), 80,000,000 referred to a reader, 900,000,000 ruled out.",
        ),
        (
            math.nextafter(1, 0),
            "Of 1,000,000,000 people like these, all but fewer than 1 have it: 800,000,000 ruled in, 160,000,000 "
            "referred to a reader, 40,000,000 ruled out (missed).",
        ),
    ],
)
def test_at_two_thresholds_people_have_three_outcomes(prevalence, says):
    lower = people_of(Counts(tp=96, fp=10, fn=4, tn=90), prevalence)
    upper = people_of(Counts(tp=80, fp=2, fn=20, tn=98), prevalence)
    assert PeopleInZones(lower, upper).says == says


def test_ppv_is_that_of_the_ruled_in_and_npv_that_of_the_ruled_out():
    scores = [0.9] * 42 + [0.5] * 30 + [0.1] * 128
    scored = Scored.of(scores, [True] * 40 + [False] * 2 + [True] * 8 + [False] * 22 + [True] * 2 + [False] * 126)
    at = [in_population(scored, threshold, scored.positives / scored.n) for threshold in (0.3, 0.7)]
    found, zones = ZonesInPopulation(*at), zone_figures(scored, 0.3, 0.7)
    assert (found.ppv.value, found.npv.value) == pytest.approx((zones.ppv.value, zones.npv.value))
    assert found.lr_positive.value == pytest.approx((40 / 50) / (2 / 150))
    assert found.lr_negative.value == pytest.approx((2 / 50) / (126 / 150))
    told = found.to_json()
    assert (told["ppv"], told["npv"]) == (found.ppv.to_json(), found.npv.to_json())
    assert told["says"].startswith("Of 1,000 people like these, 250 have it: 200 ruled in, 40 referred to a reader")
    assert set(told) == set(at[0].to_json())


def test_intervals_that_two_thresholds_make_differently_are_said_for_each():
    scored = Scored.of([0.9] * 10 + [0.5] * 20 + [0.1] * 20, [True] * 10 + [True, False] * 10 + [True] + [False] * 19)
    found = ZonesInPopulation(*(in_population(scored, threshold, 0.1) for threshold in (0.3, 0.7)))
    assert found.interval_method.startswith("ruled in: 95 % percentile intervals of resamples")
    assert "; ruled out: 95 % intervals by Simel" in found.interval_method


def test_people_are_said_in_a_sentence():
    people = people_of(Counts(tp=96, fp=10, fn=4, tn=90), 0.05)
    assert people.says == "Of 1,000 people like these, 50 have it: 48 found, 2 missed, 95 alarmed for nothing."


@pytest.mark.parametrize(
    ("prevalence", "says"),
    [
        (0.001, "Of 1,000 people like these, 1 has it: 1 found, fewer than 1 missed, 100 alarmed for nothing."),
        (0.0004, "Of 10,000 people like these, 4 have it: 4 found, fewer than 1 missed, 1,000 alarmed for nothing."),
        (
            0.9996,
            "Of 10,000 people like these, 9,996 have it: 9,596 found, 400 missed, fewer than 1 alarmed for nothing.",
        ),
        (1e-6, "Of 1,000,000 people like these, 1 has it: 1 found, fewer than 1 missed, 100,000 alarmed for nothing."),
        (1e-300, "Of 1,000,000,000 people like these, fewer than 1 has it: 100,000,000 alarmed for nothing."),
        (
            math.nextafter(1, 0),
            "Of 1,000,000,000 people like these, all but fewer than 1 have it: 960,000,000 found, 40,000,000 missed, "
            "0 alarmed for nothing.",
        ),
    ],
)
def test_so_many_people_are_taken_that_one_has_it_and_one_has_not(prevalence, says):
    assert people_of(Counts(tp=96, fp=10, fn=4, tn=90), prevalence).says == says


@given(st.floats(1e-8, 1, exclude_max=True).filter(lambda prevalence: 1 - prevalence > 1e-8))
def test_nobody_is_told_that_none_or_all_have_it(prevalence):
    people = people_of(Counts(tp=96, fp=10, fn=4, tn=90), prevalence)
    assert 0 < people.have_it < people.people


def test_a_part_of_a_miss_is_not_told_as_none():
    people = people_of(Counts(tp=999, fp=0, fn=1, tn=1000), 0.05)
    assert "fewer than 1 missed, 0 alarmed for nothing" in people.says


def test_the_cost_of_a_threshold_stands_beside_calling_everybody_and_nobody():
    counts = Counts(tp=90, fp=20, fn=10, tn=80)
    cost = expected_cost(counts, Cost(10, 1, 0.1))
    assert cost.model == pytest.approx(100 * 0.1 * 10 + 900 * 0.2)
    assert (cost.call_everybody, cost.call_nobody) == pytest.approx((900, 1000))
    assert expected_cost(counts, Cost(1)).call_nobody == pytest.approx(500)  # at the split's own prevalence


@pytest.mark.parametrize("prevalence", [0, 1, -0.1, math.nan])
def test_a_prevalence_out_of_range_is_refused(prevalence):
    with pytest.raises(ValueError, match=r"prevalence must lie in \(0, 1\)"):
        in_population(scored_of(1, 1, 1, 1), 0.5, prevalence)


def test_one_patient_tells_no_interval():
    one = Scored.of([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0], ["only"] * 4)
    found = in_population(one, 0.5, 0.1)
    assert (found.ppv.value, found.npv.value) == (1, 1)
    for estimate in (found.ppv, found.npv, found.lr_positive, found.lr_negative):
        assert math.isnan(estimate.low)
        assert math.isnan(estimate.high)


@pytest.mark.parametrize(
    ("prevalence", "people"), [(0.9999, 10_000), (0.0001, 10_000), (0.99999, 100_000), (0.05, 1000)]
)
def test_no_more_people_are_taken_than_it_needs(prevalence, people):
    assert people_of(Counts(tp=9, fp=1, fn=1, tn=9), prevalence).people == people


def test_a_threshold_of_0_calls_everybody_without_a_doubt():
    scored = Scored.of(np.linspace(0.1, 0.9, 110), np.arange(110) < 10)
    found = in_population(scored, 0.0, 0.05)
    assert (found.lr_positive.low, found.lr_positive.high) == (1, 1)
    assert (found.ppv.low, found.ppv.high) == pytest.approx((0.05, 0.05))


def test_how_intervals_were_made_is_said_and_that_groups_are_few():
    grouped = Scored.of([0.9, 0.8, 0.2, 0.6, 0.1, 0.3], [1, 1, 1, 0, 0, 0], list("aabccd"))
    said = in_population(grouped, 0.5, 0.1).to_json()["interval_method"]
    assert said.startswith("95 % percentile intervals of resamples of whole groups")
    assert "too narrow" in said
    single = in_population(Scored.of([0.9, 0.2, 0.6, 0.1], [1, 1, 0, 0]), 0.5, 0.1)
    assert single.interval_method == "95 % intervals by Simel, the prevalence taken as known"


def test_nobody_is_no_number_of_people():
    with pytest.raises(ValueError, match="people must be at least 1, found -5"):
        people_of(Counts(tp=1, fp=1, tn=1, fn=1), 0.5, people=-5)
