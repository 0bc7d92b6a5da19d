import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from core.evaluation.at_threshold import rates_at
from core.evaluation.decision.zones import ZONES, zone_figures, zone_of
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores


@given(labelled_scores(), st.floats(0, 1), st.floats(0, 1))
def test_every_scan_is_in_one_zone_and_rates_are_what_counting_gives(scored, one, other):
    lower, upper = sorted((one, other))
    figures = zone_figures(scored, lower, upper, draws=50)
    slow = {zone: [0, 0] for zone in ZONES}
    for score, label in zip(scored.scores, scored.labels, strict=True):
        zone = "ruled out" if score < lower else "ruled in" if score >= upper else "referred"
        slow[zone][0 if label else 1] += 1
    assert figures.positives == tuple(slow[zone][0] for zone in ZONES)
    assert figures.others == tuple(slow[zone][1] for zone in ZONES)
    assert_share(figures.fnr, slow["ruled out"][0], scored.positives)
    assert_share(figures.fpr, slow["ruled in"][1], scored.negatives)
    assert_share(figures.referred, sum(slow["referred"]), scored.n)
    assert_share(figures.npv, slow["ruled out"][1], sum(slow["ruled out"]))
    assert_share(figures.ppv, slow["ruled in"][0], sum(slow["ruled in"]))
    assert figures.needs_reader == (lower < upper)


def assert_share(estimate, hits, trials):
    if not trials:
        assert math.isnan(estimate.value)
        return
    assert estimate.value == pytest.approx(hits / trials)
    assert math.isnan(estimate.low) or 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_intervals_of_independent_scans_are_wilsons():
    rng = np.random.default_rng(0)
    scored = Scored.of(rng.random(200), rng.random(200) < 0.4)
    figures = zone_figures(scored, 0.2, 0.7)
    wilson = binomtest(figures.positives[0], scored.positives).proportion_ci(method="wilson")
    assert (figures.fnr.low, figures.fnr.high) == pytest.approx((wilson.low, wilson.high))
    assert not figures.by_groups


def test_scans_of_fewer_groups_have_wider_intervals():
    rng = np.random.default_rng(0)
    level = np.repeat(rng.random(40), 10)
    labels = np.repeat(rng.random(40) < 0.5, 10)
    alone = zone_figures(Scored.of(level, labels), 0.3, 0.6)
    grouped = zone_figures(Scored.of(level, labels, np.arange(400) // 10), 0.3, 0.6)
    assert grouped.by_groups
    assert grouped.referred.high - grouped.referred.low > 1.5 * (alone.referred.high - alone.referred.low)


@given(labelled_scores(), st.floats(0, 1), st.floats(0, 1))
def test_rates_have_the_intervals_that_they_have_at_one_threshold(scored, one, other):
    lower, upper = sorted((one, other))
    figures = zone_figures(scored, lower, upper, draws=50)
    below, above = rates_at(scored, lower, draws=50), rates_at(scored, upper, draws=50)
    np.testing.assert_equal(
        [figures.fnr.to_json(), figures.npv.to_json(), figures.fpr.to_json(), figures.ppv.to_json()],
        [below.fnr.to_json(), below.npv.to_json(), above.fpr.to_json(), above.ppv.to_json()],
    )


@pytest.mark.parametrize(("lower", "upper"), [(0.6, 0.5), (-0.1, 0.5), (0.1, 1.1), (math.nan, 0.5)])
def test_thresholds_that_are_none_are_refused(lower, upper):
    with pytest.raises(ValueError, match="threshold must"):
        zone_figures(Scored.of([0.1, 0.9], [0, 1]), lower, upper)


def test_one_class_and_an_empty_zone_are_told_as_none():
    figures = zone_figures(Scored.of([0.4, 0.5], [False, False]), 0.3, 0.6).to_json()
    assert figures["fnr"]["value"] is None
    assert figures["ppv"]["value"] is None
    assert figures["referred"]["value"] == 1


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2).map(sorted), st.floats(0, 1))
def test_the_zone_of_a_score_is_the_one_it_is_counted_in(thresholds, score):
    counted = zone_figures(Scored([score], [True], ["one"]), *thresholds).positives
    assert ZONES[counted.index(1)] == zone_of(score, *thresholds)


def test_with_one_threshold_there_is_no_zone():
    assert zone_of(0.2, 0.5, None) == zone_of(0.9, 0.5, None) == ""
