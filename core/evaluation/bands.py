"""Bands around ROC and precision-recall curves, point by point, from resampling whole groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation.blocks import blocks_of
from core.evaluation.draws import DRAWS
from core.evaluation.intervals import wilson_around
from core.evaluation.scored import Scored

_EVEN, _TOWARDS_ZERO = 101, 60  # points of the grids

Curve = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


def roc_band(scored: Scored, *, draws: int = DRAWS, seed: int = 0, confidence: float = 0.95) -> pd.DataFrame:
    """Where the sensitivity at a given FPR lies, columns `fpr, low, high`; no rows where there is nothing to tell.

    Pointwise: at each FPR by itself the band holds with `confidence`, not everywhere at once. Between corners of the
    curve sensitivity is read off the straight line. The grid of FPRs is even, and finer towards 0, down to half a
    false alarm. Where all resamples agree (nothing missed in any), the bounds are Wilson's over groups with positives,
    or those of neighbours where these say more: sensitivity never falls as false alarms rise.

    Raises:
        ValueError: draws is not positive.
    """
    if _says_nothing(scored):
        return pd.DataFrame({"fpr": [], "low": [], "high": []}, dtype=float)
    grid = np.unique(np.r_[np.linspace(0, 1, _EVEN), np.geomspace(0.5 / scored.negatives, 1, _TOWARDS_ZERO)])

    def sensitivities(tp: NDArray[np.float64], fp: NDArray[np.float64]) -> NDArray[np.float64]:
        # At an upright step the last of its points counts, which is the top.
        return np.interp(grid, fp / fp[-1], tp / tp[-1])

    band = _band(scored, "fpr", grid, sensitivities, draws, seed, confidence)
    low, high = band["low"].to_numpy(), band["high"].to_numpy()
    return band.assign(low=np.maximum.accumulate(low), high=np.minimum.accumulate(high[::-1])[::-1])


def precision_recall_band(
    scored: Scored, *, draws: int = DRAWS, seed: int = 0, confidence: float = 0.95
) -> pd.DataFrame:
    """Where the precision at a given recall lies, columns `recall, low, high`, made as `roc_band` is.

    At each recall it is the precision of the highest threshold that reaches it. Where all resamples agree, Wilson's
    bounds are over as many groups as are needed for that recall.

    Raises:
        ValueError: draws is not positive.
    """
    if _says_nothing(scored):
        return pd.DataFrame({"recall": [], "low": [], "high": []}, dtype=float)
    grid = np.linspace(0, 1, _EVEN)[1:]

    def precisions(tp: NDArray[np.float64], fp: NDArray[np.float64]) -> NDArray[np.float64]:
        at = np.searchsorted(tp, grid * tp[-1] * (1 - 1e-12))  # 0.3 of 10 is 3, whatever rounding says
        return tp[at] / np.maximum(tp[at] + fp[at], 1)

    return _band(scored, "recall", grid, precisions, draws, seed, confidence)


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


def _says_nothing(scored: Scored) -> bool:
    return not scored.positives or not scored.negatives or scored.group_count < 2


def _band(
    scored: Scored, along: str, grid: NDArray[np.float64], curve: Curve, draws: int, seed: int, confidence: float
) -> pd.DataFrame:
    positives, negatives = blocks_of(scored).drawn(scored, draws=draws, seed=seed)
    both = (positives.sum(axis=1) > 0) & (negatives.sum(axis=1) > 0)
    found, alarms = (np.cumsum(counts[both][:, ::-1], axis=1) for counts in (positives, negatives))
    nothing = np.zeros((len(found), 1))
    found, alarms = np.hstack([nothing, found]), np.hstack([nothing, alarms])  # from nothing called positive
    values = np.array([curve(tp, fp) for tp, fp in zip(found, alarms, strict=True)])  # (draws, grid)
    tail = (1 - confidence) / 2
    if len(values) * 2 < draws:
        return pd.DataFrame({along: [], "low": [], "high": []}, dtype=float)
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    trials = scored.groups_with(scored.labels)
    for at in np.flatnonzero(low == high):
        counted = trials if along == "fpr" else max(1, round(grid[at] * trials))
        agreed = wilson_around(float(low[at]), counted, confidence)
        low[at], high[at] = agreed.low, agreed.high
    return pd.DataFrame({along: grid, "low": low, "high": high})
