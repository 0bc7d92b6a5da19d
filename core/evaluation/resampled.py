"""AUC and F1 with intervals from resampling whole groups."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.evaluation.intervals import Estimate, WeightedStatistic, group_bootstrap, wilson_interval
from core.evaluation.scored import Scored


def auc_estimate(scored: Scored, *, draws: int = 2000, seed: int = 0, confidence: float = 0.95) -> Estimate:
    """Area under the ROC curve with a group-bootstrap interval; NaN with one class absent.

    A faultless result resamples to nothing but faultless results, and the bootstrap's interval
    shrinks to a point that claims certainty. There the interval is Wilson's, taken over as many
    trials as the scarcer class has groups: the variance of an AUC of a is at most
    a(1-a)/min(positives, negatives). Source of the bound: Z. W. Birnbaum and O. M. Klose, "Bounds for
    the variance of the Mann-Whitney statistic", Annals of Mathematical Statistics 28 (1957), 933-945.
    """
    estimate = group_bootstrap(weighted_auc(scored), scored.groups, draws=draws, seed=seed, confidence=confidence)
    if estimate.low < estimate.high or math.isnan(estimate.low):
        return estimate
    trials = min(_groups_with(scored, scored.labels), _groups_with(scored, ~scored.labels))
    return _wilson_around(estimate.value, trials, confidence)


def f1_estimate(
    scored: Scored, threshold: float, *, draws: int = 2000, seed: int = 0, confidence: float = 0.95
) -> Estimate:
    """F1 at a threshold with a group-bootstrap interval; NaN without positives.

    Where every draw agrees (all right or all wrong) the interval is Wilson's for the share
    tp/(tp+fp+fn) over the groups it is counted in, carried to F1, which grows with it.
    """
    estimate = group_bootstrap(
        weighted_f1(scored, threshold), scored.groups, draws=draws, seed=seed, confidence=confidence
    )
    if estimate.low < estimate.high or math.isnan(estimate.low):
        return estimate
    trials = _groups_with(scored, scored.labels | (scored.scores >= threshold))
    share = _wilson_around(estimate.value / (2 - estimate.value), trials, confidence)
    return Estimate(estimate.value, 2 * share.low / (1 + share.low), 2 * share.high / (1 + share.high))


def weighted_auc(scored: Scored) -> WeightedStatistic:
    """AUC as a function of scan weights (draws, n): share of pairs ranked rightly, ties half."""
    order = np.argsort(scored.scores, kind="stable")
    ranked = scored.scores[order]
    tie_starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]) if scored.n else np.array([], int)
    is_positive = scored.labels[order]

    def auc(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        sorted_weights = weights[:, order]  # (draws, n)
        positives = np.add.reduceat(sorted_weights * is_positive, tie_starts, axis=1)  # (draws, distinct)
        negatives = np.add.reduceat(sorted_weights * ~is_positive, tie_starts, axis=1)
        negatives_below = np.cumsum(negatives, axis=1) - negatives
        pairs_right = (positives * (negatives_below + negatives / 2)).sum(axis=1)
        return _ratio(pairs_right, positives.sum(axis=1) * negatives.sum(axis=1))

    return auc


def weighted_f1(scored: Scored, threshold: float) -> WeightedStatistic:
    """F1 as a function of scan weights (draws, n); undefined in a draw without positives."""
    called = scored.scores >= threshold
    found, missed, false_alarm = scored.labels & called, scored.labels & ~called, ~scored.labels & called
    columns = np.stack([found, missed, false_alarm], axis=1).astype(np.float64)  # (n, 3)

    def f1(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        tp, fn, fp = (weights @ columns).T
        return np.where(tp + fn > 0, _ratio(2 * tp, 2 * tp + fp + fn), np.nan)

    return f1


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _groups_with(scored: Scored, mask: NDArray[np.bool_]) -> int:
    return int(np.unique(scored.groups[mask]).size)


def _wilson_around(value: float, trials: int, confidence: float) -> Estimate:
    interval = wilson_interval(round(value * trials), trials, confidence=confidence)
    return Estimate(value, min(interval.low, value), max(interval.high, value))
