"""Shares of some of the scans, and the difference of two, with intervals that know about groups."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.evaluation.draws import DRAWS, drawn_counts, percentile_estimate
from core.evaluation.intervals import Estimate, in_doubt, wilson_interval


def share_estimate(
    hits: NDArray[np.bool_],
    trials: NDArray[np.bool_],
    groups: NDArray[np.intp],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Estimate:
    """Share of the trials that are hits: Wilson's interval where each has a group of its own, else by drawing groups.

    Where all draws agree (no hit at all, or nothing else) they would claim certainty: there the interval is Wilson's
    over the groups that have trials. NaN without trials; no interval where they are all of one group.

    Args:
        hits: shape (n,); only those that are trials count.
        trials: shape (n,).
        groups: number of each scan's group, shape (n,), from 0.
        draws: resamples of whole groups.
        seed: of the drawing.
        confidence: of the interval, in (0, 1).
    """
    hits, of = hits[trials], _without_gaps(groups[trials])
    n, group_count = hits.size, int(of.max()) + 1 if of.size else 0
    if group_count == n:
        return wilson_interval(int(hits.sum()), n, confidence=confidence)
    share = float(hits.mean())
    if group_count < 2:
        return Estimate(share, math.nan, math.nan)
    missing, found = drawn_counts(hits.astype(np.intp), 2, of, draws=draws, seed=seed).T
    estimate = percentile_estimate(share, found / (missing + found), confidence=confidence)
    return in_doubt(estimate, group_count, confidence)


def difference_estimate(first: Estimate, second: Estimate) -> Estimate:
    """The first share less the second, of different scans, with an interval from those of both.

    How far each may lie from what was found is squared and added, on each side by itself: R. G. Newcombe, "Interval
    estimation for the difference between independent proportions: comparison of eleven methods", Statistics in Medicine
    17 (1998), 873-890, method 10; for shares of groups: G. Y. Zou and A. Donner, "Construction of confidence limits
    about effect measures: a general approach", Statistics in Medicine 27 (2008), 1693-1702. Where groups have scans on
    both sides that resemble each other, it is wider than it need be. NaN where either side is.
    """
    value = first.value - second.value
    low = value - math.hypot(first.value - first.low, second.high - second.value)
    high = value + math.hypot(first.high - first.value, second.value - second.low)
    return Estimate(value, low, high)


def _without_gaps(groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """Groups numbered anew from 0, in the same order: those that have no trials are not drawn."""
    return (np.cumsum(np.bincount(groups) > 0) - 1)[groups] if groups.size else groups
