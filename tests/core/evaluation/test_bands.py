import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from core.evaluation.bands import both_bands, precision_recall_band, roc_band, with_band
from core.evaluation.curves import precision_recall_points, roc_points
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores


def sample(n=400, groups=None, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.4
    names = None if groups is None else rng.integers(groups, size=n)
    return Scored.of(np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1), labels, names)


def redrawn(scored, rng):
    """One resample of whole groups, scan by scan."""
    names = np.unique(scored.groups)
    rows = np.concatenate([np.flatnonzero(scored.groups == name) for name in rng.choice(names, names.size)])
    return Scored.of(scored.scores[rows], scored.labels[rows])


@pytest.mark.parametrize("groups", [None, 80])
def test_bands_are_those_of_resampling_scans(groups):
    scored = sample(groups=groups)
    rng = np.random.default_rng(1)
    curves = [redrawn(scored, rng) for _ in range(300)]
    roc, precision = roc_band(scored), precision_recall_band(scored)
    for fpr in (0.1, 0.3):
        values = [np.interp(fpr, points["fpr"], points["tpr"]) for points in map(roc_points, curves)]
        low, high = np.quantile(values, [0.025, 0.975])
        found = roc.iloc[(roc["fpr"] - fpr).abs().argmin()]
        assert found["low"] == pytest.approx(low, abs=0.03)
        assert found["high"] == pytest.approx(high, abs=0.03)
    for recall in (0.4, 0.8):
        values = [
            points["precision"][(points["recall"] >= recall - 1e-12).to_numpy().argmax()]
            for points in map(precision_recall_points, curves)
        ]
        low, high = np.quantile(values, [0.025, 0.975])
        found = precision.iloc[(precision["recall"] - recall).abs().argmin()]
        assert found["low"] == pytest.approx(low, abs=0.03)
        assert found["high"] == pytest.approx(high, abs=0.03)


@settings(max_examples=20, deadline=None)
@given(labelled_scores(min_size=2, both_classes=True))
def test_bands_stay_in_zero_to_one_and_roc_bands_only_rise(scored):
    for band in (roc_band(scored, draws=100), precision_recall_band(scored, draws=100)):
        assert ((band["low"] >= 0) & (band["high"] <= 1) & (band["low"] <= band["high"])).all()
    rising = roc_band(sample(), draws=100)
    assert (np.diff(rising["high"]) >= -1e-12).all()


def test_the_curve_runs_within_its_band():
    scored = sample()
    roc, points = roc_band(scored), roc_points(scored)
    inside = np.interp(roc["fpr"], points["fpr"], points["tpr"])
    assert ((roc["low"] <= inside + 1e-9) & (inside <= roc["high"] + 1e-9)).mean() > 0.95


def test_the_grid_reaches_down_to_half_a_false_alarm():
    scored = sample(5000)
    fprs = roc_band(scored, draws=50)["fpr"]
    assert 0.5 / scored.negatives in fprs.to_numpy()
    assert (fprs.iloc[0], fprs.iloc[-1]) == (0, 1)


def test_more_groups_make_bands_narrower_and_more_scans_of_them_do_not():
    def width(scored):
        band = roc_band(scored)
        return float((band["high"] - band["low"])[(band["fpr"] > 0.1) & (band["fpr"] < 0.5)].mean())

    few = sample(100)
    repeated = Scored.of(np.repeat(few.scores, 8), np.repeat(few.labels, 8), np.repeat(np.arange(100), 8))
    assert width(repeated) == pytest.approx(width(few), rel=0.1)
    assert width(sample(800)) < 0.6 * width(few)


def test_faultless_scores_claim_no_certainty():
    band = roc_band(Scored.of([0.9] * 10 + [0.1] * 10, [True] * 10 + [False] * 10))
    assert (band["high"] == 1).all()
    assert (band["low"] < 0.9).all()


@pytest.mark.parametrize(
    "scored",
    [Scored.of([0.2], [True]), Scored.of([0.2, 0.4], [False, False]), Scored.of([], []),
     Scored.of([0.2, 0.4], [False, True], ["a", "a"])],
)  # fmt: skip
def test_where_there_is_nothing_to_tell_there_are_no_rows(scored):
    assert list(roc_band(scored).columns) == ["fpr", "low", "high"]
    assert roc_band(scored).empty
    assert precision_recall_band(scored).empty


def test_both_bands_at_once_are_each_alone():
    scored = sample()
    roc, precision = both_bands(scored, draws=50)
    pd.testing.assert_frame_equal(roc, roc_band(scored, draws=50))
    pd.testing.assert_frame_equal(precision, precision_recall_band(scored, draws=50))


def test_points_get_the_band_around_them():
    scored = sample()
    points, band = roc_points(scored), roc_band(scored, draws=50)
    joined = with_band(points, band, along="fpr")
    assert list(joined.columns) == [*points.columns, "low", "high"]
    assert joined.iloc[-1][["low", "high"]].tolist() == band.iloc[-1][["low", "high"]].tolist()
    assert with_band(points, band.iloc[:0], along="fpr")["low"].isna().all()
