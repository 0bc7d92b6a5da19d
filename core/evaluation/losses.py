"""How far probabilities lie from the truth: means over scans, with an interval that knows groups."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.evaluation.intervals import Estimate, check_confidence, claims_certainty, in_doubt
from core.evaluation.scored import Scored

_LEAST = float(np.finfo(np.float64).eps)  # a probability of 0 for what happened would cost without end


def brier_score(scored: Scored, *, confidence: float = 0.95) -> Estimate:
    """Mean squared distance of score and truth, in [0, 1], lower is better; NaN without scans.

    Where every scan is off by as much, so that no spread is to be seen, the interval is Wilson's over groups: no mean
    of values in [0, 1] varies more than a share. Source: G. W. Brier, "Verification of forecasts expressed in terms
    of probability", Monthly Weather Review 78 (1950), 1-3.
    """
    estimate = mean_by_groups((scored.scores - scored.labels) ** 2, _groups(scored), confidence=confidence)
    estimate = in_doubt(estimate, scored.group_count, confidence)
    return Estimate(estimate.value, max(estimate.low, 0.0), min(estimate.high, 1.0))


def log_loss(
    probabilities: NDArray[np.float64],
    truth: NDArray[np.int64],
    groups: NDArray[np.intp],
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Mean of -log of the probability given to each scan's own class, lower is better; NaN without scans.

    Args:
        probabilities: shape (n, classes), in [0, 1]; a 0 counts as 2.2e-16.
        truth: number of each scan's class, shape (n,).
        groups: number of each scan's group, shape (n,), from 0 and without gaps.
        confidence: of the interval, which is NaN where every scan costs as much: nothing bounds what others might.
    """
    given = probabilities[np.arange(truth.size), truth]
    estimate = mean_by_groups(-np.log(np.maximum(given, _LEAST)), groups, confidence=confidence)
    if claims_certainty(estimate):
        return Estimate(estimate.value, math.nan, math.nan)
    return Estimate(estimate.value, max(estimate.low, 0.0), estimate.high)


def mean_by_groups(values: NDArray[np.float64], groups: NDArray[np.intp], *, confidence: float = 0.95) -> Estimate:
    """A mean over scans with Student's interval from sums over groups, the unit that is independent.

    The error is that of a ratio, sum over scans: whole groups vary in both. Source: W. G. Cochran, "Sampling
    Techniques", 3rd ed. 1977, section 9A.1. The interval is NaN with fewer than two groups.

    Args:
        values: one a scan, shape (n,).
        groups: number of each scan's group, shape (n,), from 0 and without gaps.
        confidence: of the interval, in (0, 1).
    """
    from scipy.special import stdtrit

    check_confidence(confidence)
    if not values.size:
        return Estimate(math.nan, math.nan, math.nan)
    value = float(values.mean())
    count = int(groups.max()) + 1
    if count < 2:
        return Estimate(value, math.nan, math.nan)
    off = np.bincount(groups, weights=values - value, minlength=count)
    error = math.sqrt(count / (count - 1) * float(off @ off)) / values.size
    reach = float(stdtrit(count - 1, (1 + confidence) / 2)) * error
    return Estimate(value, value - reach, value + reach)


def _groups(scored: Scored) -> NDArray[np.intp]:
    return np.arange(scored.n) if scored.independent else scored.group_numbers
