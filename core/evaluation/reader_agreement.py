"""How readers do with and without the model, and how far they agree: with each other and with it.

Calls are true where somebody said positive. Intervals come from drawing cases, whole groups of them where a group has
several (`core.evaluation.draws`); they say what other cases would give with the same readers, not what other readers
would give. A share of nothing is NaN, and so is an interval that all draws agree on: it would claim certainty.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from core.evaluation.agreement import Matrices, Values, kappa, share
from core.evaluation.draws import DRAWS, drawn_counts, percentile_estimate
from core.evaluation.intervals import Estimate, group_bootstrap
from core.evaluation.resampled import weighted_auc
from core.evaluation.scored import Scored, numbered
from core.evaluation.shares import share_estimate

Calls = NDArray[np.bool_]
FEW_CASES = 20
"""With fewer cases of a class a reader's rate says little: its interval spans some 40 points at a rate of one half."""

_NOTHING = Estimate(math.nan, math.nan, math.nan)
_Z = float(ndtri(0.975))


@dataclass(frozen=True)
class Rates:
    """How often somebody was right.

    Attributes:
        sensitivity: share of the positive cases called positive.
        specificity: share of the others called negative.
        accuracy: share of all cases called rightly.
    """

    sensitivity: Estimate
    specificity: Estimate
    accuracy: Estimate


@dataclass(frozen=True)
class Switches:
    """What calls became when the model was seen.

    Attributes:
        led_astray: of the cases that were right without the model and that the model has wrong, the share that turned
            wrong: automation bias. Source: K. Goddard, A. Roudsari and J. C. Wyatt, "Automation bias: a systematic
            review of frequency, effect mediators, and mitigators", J. Am. Med. Inform. Assoc. 19 (2012), 121-127.
        could_be_led: how many cases that is a share of.
        put_right: of the cases that were wrong without the model and that the model has right, the share that turned
            right.
        could_be_put: how many cases that is a share of.
    """

    led_astray: Estimate
    could_be_led: int
    put_right: Estimate
    could_be_put: int


def rates(calls: Calls, truth: Calls, groups: NDArray[np.str_]) -> Rates:
    """Sensitivity, specificity and accuracy, Wilson's intervals where each case has a group of its own.

    Args:
        calls: shape (n,), true where called positive.
        truth: shape (n,), true where positive.
        groups: of each case, shape (n,).
    """
    right, numbers = calls == truth, numbered(groups)
    return Rates(
        share_estimate(right, truth, numbers),
        share_estimate(right, ~truth, numbers),
        share_estimate(right, np.ones_like(truth), numbers),
    )


def paired_difference(
    before: Calls, after: Calls, trials: Calls, groups: NDArray[np.str_], *, draws: int = DRAWS, seed: int = 0
) -> Estimate:
    """Share of hits after less that before, on the same cases: both answers to a case are drawn together.

    Where no case changed the draws would claim certainty. There the interval is Tango's, which with no discordant
    pair among n is z²/(n + z²) to either side, n counted in groups.
    Source: T. Tango, "Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design", Statistics in Medicine 17 (1998), 891-908.

    Args:
        before: whether each case was right at first, shape (n,).
        after: whether it was at last, shape (n,).
        trials: which cases count, shape (n,): the positive ones for a difference in sensitivity.
        groups: of each case, shape (n,).
        draws: resamples of whole groups.
        seed: of the drawing.
    """
    if not trials.any():
        return _NOTHING
    change = after[trials].astype(np.intp) - before[trials] + 1  # 0 turned wrong, 1 as it was, 2 turned right
    of = numbered(groups[trials])
    n, value = int(of.max()) + 1, float(change.mean() - 1)
    if n < 2:
        return Estimate(value, math.nan, math.nan)
    if (change == 1).all():
        reach = _Z**2 / (n + _Z**2)
        return Estimate(value, -reach, reach)
    counts = drawn_counts(change, 3, of, draws=draws, seed=seed)
    return _unless_certain(percentile_estimate(value, share(counts[:, 2] - counts[:, 0], counts.sum(1))))


def auc_difference(before: Scored, after: Scored) -> Estimate:
    """Area under the ROC curve after less that before, of the same cases in the same order, drawn together."""
    first, last = weighted_auc(before), weighted_auc(after)
    if not before.positives or not before.negatives:
        return _NOTHING
    return _unless_certain(group_bootstrap(lambda weights: last(weights) - first(weights), before.groups))


def switches(before: Calls, after: Calls, model: Calls, truth: Calls, groups: NDArray[np.str_]) -> Switches:
    """What a wrong model spoilt and a right one mended; all arrays of shape (n,), calls as in `rates`."""
    numbers = numbered(groups)
    could_be_led = (before == truth) & (model != truth)
    could_be_put = (before != truth) & (model == truth)
    return Switches(
        share_estimate(after != truth, could_be_led, numbers),
        int(could_be_led.sum()),
        share_estimate(after == truth, could_be_put, numbers),
        int(could_be_put.sum()),
    )


def cohen(first: Calls, second: Calls, groups: NDArray[np.str_], *, draws: int = DRAWS, seed: int = 0) -> Estimate:
    """Cohen's kappa of two readers, at most 1, 0 by chance; NaN where each of them called all cases one way.

    Source: as `core.evaluation.agreement.kappa`, which takes the first for the truth; kappa itself takes no sides.

    Args:
        first: calls of the one, shape (n,).
        second: of the other, on the same cases.
        groups: of each case, shape (n,).
        draws: resamples of whole groups.
        seed: of the drawing.
    """

    def of_counts(counts: NDArray[np.float64]) -> Values:
        matrices: Matrices = counts.reshape(-1, 2, 2)
        return np.where(np.isnan(kappa(matrices)), kappa(matrices.swapaxes(1, 2)), kappa(matrices))

    return _drawn(first * np.intp(2) + second, 4, of_counts, groups, draws, seed)


def fleiss_kappa(counts: NDArray[np.float64]) -> float:
    """Fleiss' kappa of several raters, at most 1, 0 by chance; NaN where all ratings are of one category.

    Args:
        counts: how many raters put each subject into each category, shape (subjects, categories); every row has the
            same sum, at least 2.

    Raises:
        ValueError: the rows have not the same sum, or fewer than two raters.

    Source: J. L. Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76 (1971),
    378-382.
    """
    table = np.asarray(counts, np.float64)
    if table.ndim != 2 or not table.size:
        raise ValueError(f"counts must have shape (subjects, categories), found shape {table.shape}")
    raters = table.sum(axis=1)
    if not (raters == raters[0]).all() or raters[0] < 2:
        raise ValueError("every subject must be rated by the same raters, two or more")
    return float(_fleiss(np.ones((1, len(table))), table)[0])


def fleiss(calls: Calls, groups: NDArray[np.str_], *, draws: int = DRAWS, seed: int = 0) -> Estimate:
    """Fleiss' kappa of readers who all saw the same cases; NaN with fewer than two of them.

    Args:
        calls: shape (readers, n).
        groups: of each case, shape (n,).
        draws: resamples of whole groups.
        seed: of the drawing.
    """
    readers, n = calls.shape
    if readers < 2 or not n:
        return _NOTHING
    kinds = np.stack([np.arange(readers + 1), readers - np.arange(readers + 1)], axis=1)  # so many positive, negative
    return _drawn(calls.sum(0), readers + 1, lambda counts: _fleiss(counts, kinds), groups, draws, seed)


def _fleiss(weights: NDArray[np.float64], kinds: NDArray[np.float64] | NDArray[np.intp]) -> Values:
    """Kappa of each set of weights (sets, kinds): how often each kind of subject, a row of counts, is there."""
    raters = int(kinds[0].sum())
    agreeing = (kinds * (kinds - 1)).sum(axis=1) / (raters * (raters - 1))
    n = weights.sum(axis=1)
    observed = share(weights @ agreeing, n)
    by_chance = (share(weights @ kinds, n[:, None] * raters) ** 2).sum(axis=1)
    spread = (weights @ kinds > 0).sum(axis=1) > 1  # told by counting: the sum of squares may be 1 but for rounding
    return np.where(spread, share(observed - by_chance, 1 - by_chance), np.nan)


def _drawn(
    categories: NDArray[np.intp],
    size: int,
    statistic: Callable[[NDArray[np.float64]], Values],
    groups: NDArray[np.str_],
    draws: int,
    seed: int,
) -> Estimate:
    """A statistic of counts by category, with its interval from drawing groups."""
    if not categories.size:
        return _NOTHING
    of = numbered(groups)
    value = float(statistic(np.bincount(categories, minlength=size)[None].astype(np.float64))[0])
    if int(of.max()) < 1:
        return Estimate(value, math.nan, math.nan)
    drawn = statistic(drawn_counts(categories, size, of, draws=draws, seed=seed))
    return _unless_certain(percentile_estimate(value, drawn))


def _unless_certain(estimate: Estimate) -> Estimate:
    return estimate if estimate.low < estimate.high else Estimate(estimate.value, math.nan, math.nan)
