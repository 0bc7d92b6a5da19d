import json
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from core.evaluation.calibration_line import calibration_line
from core.evaluation.intervals import wilson_interval
from core.evaluation.reliability import BINNINGS, calibration_of
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores

STRATEGIES = {"equal count": "quantile", "equal width": "uniform"}


def drawn(*, n=500, slope=0.6, intercept=0.3, seed=0, scans_a_group=1):
    """Scores whose logits are off by a known intercept and slope."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=n)
    labels = rng.random(n) < expit(intercept + slope * logits)
    return Scored.of(expit(logits), labels, [f"g{row // scans_a_group}" for row in range(n)])


@given(labelled_scores(both_classes=True, min_size=2), st.sampled_from(BINNINGS), st.sampled_from([2, 3, 5, 7, 11]))
def test_bins_agree_with_scikit_learn(scored, binning, bins):
    # Where an edge falls on a rank exactly, scikit-learn's lies a rounding error beside the score of that rank.
    assume(binning == "equal width" or (scored.n - 1) % bins)
    found = calibration_of(scored, bins=bins, binning=binning)
    shares, means = calibration_curve(
        scored.labels, scored.scores, n_bins=bins, strategy=STRATEGIES[binning], pos_label=True
    )
    np.testing.assert_allclose([one.share.value for one in found.bins], shares)
    np.testing.assert_allclose([one.mean_score for one in found.bins], means)


@given(labelled_scores(), st.sampled_from(BINNINGS), st.integers(1, 12))
def test_every_scan_lies_in_one_bin_and_the_brier_parts_add_up(scored, binning, bins):
    found = calibration_of(scored, bins=bins, binning=binning)
    assert sum(one.n for one in found.bins) == scored.n
    assert sum(one.positives for one in found.bins) == scored.positives
    assert 0 <= found.ece <= 1
    parts = found.brier
    assert parts.brier == pytest.approx(brier_score_loss(scored.labels, scored.scores, pos_label=True))
    added = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    assert added == pytest.approx(parts.brier, abs=1e-12)
    assert json.dumps(found.to_json(), allow_nan=False)


@given(labelled_scores(), st.randoms(use_true_random=False))
def test_the_order_of_scans_changes_no_bin(scored, random):
    order = list(range(scored.n))
    random.shuffle(order)
    turned = Scored(scored.scores[order], scored.labels[order], scored.groups[order])
    for one, other in zip(calibration_of(scored).bins, calibration_of(turned).bins, strict=True):
        assert (one.low, one.high, one.n, one.positives) == (other.low, other.high, other.n, other.positives)
        np.testing.assert_array_equal([one.share.low, one.share.high], [other.share.low, other.share.high])


def test_ece_is_the_mean_distance_from_the_promise():
    scored = Scored.of([0.1] * 10 + [0.8] * 10, [1] * 3 + [0] * 7 + [1] * 6 + [0] * 4)
    found = calibration_of(scored, bins=2)
    assert found.ece == pytest.approx((0.2 + 0.2) / 2)


def test_bins_of_single_scans_have_wilson_intervals_and_bins_of_groups_wider_ones():
    rng = np.random.default_rng(3)
    # Ten scans of each group, alike in score and truth: no more is known than of one.
    scores, labels = np.repeat(rng.random(40), 10), np.repeat(rng.random(40) < 0.5, 10)
    single = calibration_of(Scored.of(scores, labels), bins=1).bins[0].share
    grouped = calibration_of(Scored.of(scores, labels, np.repeat(np.arange(40), 10)), bins=1).bins[0].share
    assert single == wilson_interval(int(labels.sum()), 400)
    assert grouped.value == single.value
    assert grouped.high - grouped.low > 2.5 * (single.high - single.low)


@given(labelled_scores(), st.integers(1, 6))
def test_what_is_said_of_the_intervals_is_true_of_every_bin(scored, bins):
    found = calibration_of(scored, bins=bins, binning="equal width")
    assert ("independent of the others" in found.method) == scored.independent
    kinds = set()
    for one in found.bins:
        members = ((scored.scores > one.low) | (one.low == 0)) & (scored.scores <= one.high)
        assert members.sum() == one.n
        groups = len(set(scored.groups[members]))
        if groups == one.n:
            assert one.share == wilson_interval(one.positives, one.n)
            kinds.add("Wilson score intervals")
        elif groups == 1:
            assert math.isnan(one.share.low)
            kinds.add("no interval for a bin of several scans of one group")
        else:
            kinds.add("percentile intervals of 2,000 resamples of whole groups, Wilson over groups where all agree")
    for kind in (
        "Wilson score intervals",
        "no interval for a bin",
        "percentile intervals",
    ):
        assert (kind in found.method) == any(kind in there for there in kinds)


def test_bins_in_which_no_group_has_two_scans_are_not_said_to_be_resampled():
    rows = np.arange(40)
    scored = Scored.of(rows / 39, rows % 3 == 0, rows % 20)  # the two scans of each group lie far apart
    assert calibration_of(scored, bins=2).method == (
        "95 % Wilson score intervals over the scans of a bin in which no group has two"
    )


@pytest.mark.parametrize("binning", BINNINGS)
def test_equal_scores_share_one_bin(binning):
    assert len(calibration_of(Scored.of([0.5] * 20, [0, 1] * 10), binning=binning).bins) == 1


def test_no_scans_give_no_bins_and_no_numbers():
    found = calibration_of(Scored.of([], []))
    assert found.bins == ()
    assert math.isnan(found.ece)
    assert math.isnan(found.brier.brier)
    assert found.to_json()["ece"] is None


@pytest.mark.parametrize(("bins", "binning", "says"), [(0, "equal width", "at least 1"), (5, "odd", "one of equal")])
def test_impossible_bins_are_refused(bins, binning, says):
    with pytest.raises(ValueError, match=says):
        calibration_of(drawn(), bins=bins, binning=binning)


def test_slope_agrees_with_scikit_learn_without_a_penalty():
    scored = drawn()
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(scored.scores)[:, None], scored.labels)
    assert calibration_line(scored).slope.value == pytest.approx(model.coef_[0, 0], rel=1e-5)


def test_intercept_makes_the_mean_score_the_share_of_positives():
    scored = drawn()
    shifted = expit(logit(scored.scores) + calibration_line(scored).intercept.value)
    assert shifted.mean() == pytest.approx(scored.labels.mean(), abs=1e-12)


def test_true_slopes_lie_in_their_intervals_about_as_often_as_they_say():
    held = [
        line.slope.low <= 0.6 <= line.slope.high
        for line in (calibration_line(drawn(n=300, seed=seed)) for seed in range(300))
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.035)


def test_copies_of_a_scan_in_its_group_add_no_certainty():
    single = drawn(n=200)
    copied = Scored.of(np.repeat(single.scores, 4), np.repeat(single.labels, 4), np.repeat(np.arange(200), 4))
    one, four = calibration_line(single).slope, calibration_line(copied).slope
    assert four.value == pytest.approx(one.value)
    assert four.high - four.low == pytest.approx(one.high - one.low, rel=0.2)
    naive = calibration_line(Scored.of(copied.scores, copied.labels)).slope
    assert naive.high - naive.low == pytest.approx((one.high - one.low) / 2, rel=0.01)


@pytest.mark.parametrize(
    ("scores", "labels", "reason"),
    [
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], "without an error"),
        ([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0], "without an error"),
        ([0.5, 0.5, 0.5], [0, 1, 1], "all scores are equal"),
        ([0.2, 0.4], [1, 1], "scans of both kinds"),
        ([], [], "scans of both kinds"),
    ],
)
def test_where_there_is_no_slope_the_reason_is_said(scores, labels, reason):
    line = calibration_line(Scored.of(scores, labels))
    assert math.isnan(line.slope.value)
    assert reason in line.reason
    assert json.dumps(line.to_json(), allow_nan=False)


@given(labelled_scores(both_classes=True, min_size=2))
def test_scores_of_nothing_and_one_break_no_line(scored):
    certain = Scored.of([0.0, 1.0, *scored.scores], [True, False, *scored.labels], ["x", "y", *scored.groups])
    line = calibration_line(certain)
    assert math.isfinite(line.intercept.value)
    assert math.isnan(line.slope.value) == bool(line.reason)


def test_groups_in_which_all_cancels_out_claim_no_certainty():
    line = calibration_line(Scored.of([0.2, 0.8, 0.7, 0.3] * 10, [0, 1, 0, 1] * 10, np.repeat(range(10), 4)))
    assert 0 < line.slope.value < 1
    assert math.isnan(line.slope.low)
    assert math.isnan(line.intercept.high)
