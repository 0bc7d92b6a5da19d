"""Shares of some of the scans, and differences of two shares, with intervals that know about groups."""

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


def difference_estimate(
    hits: NDArray[np.bool_],
    trials: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    groups: NDArray[np.intp],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Estimate:
    """Share of hits among the trials inside less that among those outside, by drawing whole groups of both.

    Args:
        hits: shape (n,); only those that are trials count.
        trials: shape (n,).
        inside: which scans the first share is of, shape (n,).
        groups: number of each scan's group, shape (n,), from 0.
        draws: resamples of whole groups.
        seed: of the drawing.
        confidence: of the interval, in (0, 1).

    NaN where either side has no trials. No interval where half of the draws leave one without, or where all draws
    agree, as without a single hit: that would claim certainty.
    """
    hits, inside, of = hits[trials], inside[trials], _without_gaps(groups[trials])
    if inside.all() or not inside.any():
        return Estimate(math.nan, math.nan, math.nan)
    value = float(hits[inside].mean() - hits[~inside].mean())
    counts = drawn_counts(hits + 2 * inside.astype(np.intp), 4, of, draws=draws, seed=seed)
    outside_trials, inside_trials = counts[:, 0] + counts[:, 1], counts[:, 2] + counts[:, 3]
    both = (outside_trials > 0) & (inside_trials > 0)
    drawn = np.full(draws, math.nan)
    drawn[both] = counts[both, 3] / inside_trials[both] - counts[both, 1] / outside_trials[both]
    estimate = percentile_estimate(value, drawn, confidence=confidence)
    return estimate if estimate.low < estimate.high else Estimate(value, math.nan, math.nan)


def _without_gaps(groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """Groups numbered anew from 0, in the same order: those that have no trials are not drawn."""
    return (np.cumsum(np.bincount(groups) > 0) - 1)[groups] if groups.size else groups
