"""Bands around ROC and precision-recall curves, point by point, from resampling whole groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation.blocks import blocks_of
from core.evaluation.draws import DRAWS
from core.evaluation.intervals import wilson_around
from core.evaluation.scored import Scored

_EVEN, _TOWARDS_ZERO = 101, 60  # points of the grids

Redrawn = tuple[NDArray[np.float64], NDArray[np.float64]]


def roc_band(scored: Scored, *, draws: int = DRAWS, seed: int = 0, confidence: float = 0.95) -> pd.DataFrame:
    """Where the sensitivity at a given FPR lies, columns `fpr, low, high`; no rows where there is nothing to tell.

    Pointwise: at each FPR by itself the band holds with `confidence`, not everywhere at once. Between corners of the
    curve sensitivity is read off the straight line. The grid of FPRs is even, and finer towards 0, down to half a
    false alarm. Where all resamples agree (nothing missed in any), the bounds are Wilson's over groups with positives,
    or those of neighbours where these say more: sensitivity never falls as false alarms rise.

    Raises:
        ValueError: draws is not positive.
    """
    return _roc_band(scored, _redrawn(scored, draws, seed), confidence)


def precision_recall_band(
    scored: Scored, *, draws: int = DRAWS, seed: int = 0, confidence: float = 0.95
) -> pd.DataFrame:
    """Where the precision at a given recall lies, columns `recall, low, high`, made as `roc_band` is.

    At each recall it is the precision of the highest threshold that reaches it. Where all resamples agree, Wilson's
    bounds are over as many groups as are needed for that recall.

    Raises:
        ValueError: draws is not positive.
    """
    return _precision_recall_band(scored, _redrawn(scored, draws, seed), confidence)


def both_bands(scored: Scored, *, draws: int = DRAWS, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`roc_band` and `precision_recall_band` from the same resamples, in half the time."""
    redrawn = _redrawn(scored, draws, seed)
    return _roc_band(scored, redrawn, 0.95), _precision_recall_band(scored, redrawn, 0.95)


def with_band(points: pd.DataFrame, band: pd.DataFrame, *, along: str) -> pd.DataFrame:
    """A curve's points with the columns `low` and `high` of its band, between its grid points read off straight lines.

    Args:
        points: of `roc_points` or `precision_recall_points`.
        band: its band; NaN throughout where that is empty, and outside its grid.
        along: the column both run along: `fpr` or `recall`.
    """
    edges = {}
    for edge in ("low", "high"):
        edges[edge] = (
            np.interp(points[along], band[along], band[edge], left=np.nan, right=np.nan) if len(band) else np.nan
        )
    return points.assign(**edges)


def _redrawn(scored: Scored, draws: int, seed: int) -> Redrawn | None:
    """Positives and others called positive after each block of each resample with both classes, from none called.

    Shapes (resamples, blocks + 1). None where there is nothing to tell: one class or all groups but one are absent, or
    fewer than half of the resamples hold both classes.
    """
    if not scored.positives or not scored.negatives or scored.group_count < 2:
        return None
    positives, negatives = blocks_of(scored).drawn(scored, draws=draws, seed=seed)
    both = (positives.sum(axis=1) > 0) & (negatives.sum(axis=1) > 0)
    if both.sum() * 2 < draws:
        return None
    nothing = np.zeros((int(both.sum()), 1))
    found, alarms = (
        np.hstack([nothing, np.cumsum(counts[both][:, ::-1], axis=1)]) for counts in (positives, negatives)
    )
    return found, alarms


def _roc_band(scored: Scored, redrawn: Redrawn | None, confidence: float) -> pd.DataFrame:
    if redrawn is None:
        return pd.DataFrame({"fpr": [], "low": [], "high": []}, dtype=float)
    grid = np.unique(np.r_[np.linspace(0, 1, _EVEN), np.geomspace(0.5 / scored.negatives, 1, _TOWARDS_ZERO)])
    # At an upright step the last of its points counts, which is the top.
    values = [np.interp(grid, fp / fp[-1], tp / tp[-1]) for tp, fp in zip(*redrawn, strict=True)]
    trials = np.full(grid.shape, scored.groups_with(scored.labels))
    low, high = _between(np.array(values), trials, confidence)
    rising, falling = np.maximum.accumulate(low), np.minimum.accumulate(high[::-1])[::-1]
    return pd.DataFrame({"fpr": grid, "low": rising, "high": falling})


def _precision_recall_band(scored: Scored, redrawn: Redrawn | None, confidence: float) -> pd.DataFrame:
    if redrawn is None:
        return pd.DataFrame({"recall": [], "low": [], "high": []}, dtype=float)
    grid = np.linspace(0, 1, _EVEN)[1:]
    values = []
    for tp, fp in zip(*redrawn, strict=True):
        at = np.searchsorted(tp, grid * tp[-1] * (1 - 1e-12))  # 0.3 of 10 is 3, whatever rounding says
        values.append(tp[at] / (tp[at] + fp[at]))
    trials = np.maximum(1, (grid * scored.groups_with(scored.labels)).round()).astype(int)
    low, high = _between(np.array(values), trials, confidence)
    return pd.DataFrame({"recall": grid, "low": low, "high": high})


def _between(
    values: NDArray[np.float64], trials: NDArray[np.int64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentiles of each column of `values` (resamples, grid); Wilson's over `trials` (grid,) where all agree."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    for at in np.flatnonzero(low == high):
        agreed = wilson_around(float(low[at]), int(trials[at]), confidence)
        low[at], high[at] = agreed.low, agreed.high
    return low, high
