"""Promises for new scans: how far a threshold may go so that a rate stays below its target with confidence.

Thresholds are tried from the safest onwards, each with a test of "the rate of new scans exceeds the target", and trying
stops at the first that cannot be ruled out. A fixed order needs no correction for the number tried: A. N. Angelopoulos,
S. Bates, E. J. Candès, M. I. Jordan and L. Lei, "Learn then Test: calibrating predictive algorithms to achieve risk
control", Annals of Applied Statistics 19 (2025), arXiv:2110.01052, section 3.1. That the sample's own scores may serve
as thresholds rests on the rate never falling along the order: S. Bates, A. N. Angelopoulos, L. Lei, J. Malik and M. I.
Jordan, "Distribution-free, risk-controlling prediction sets", Journal of the ACM 68 (2021), theorem 1; for scans by
themselves it is as old as S. S. Wilks, "Determination of sample sizes for setting tolerance limits", Annals of
Mathematical Statistics 12 (1941).

Where the network itself is the best of several by figures on the same scans (epochs of a training, trials of a sweep),
the error that is allowed is shared equally among them (Bonferroni): then the bounds of all hold together with the
confidence asked for, and so does that of whichever was kept. It takes their trainings not to have looked at these scans
otherwise.

What is tested depends on who is independent of whom:

- Each group holds one scan of the class: the number of events is binomial, and its exact upper bound is used.
  C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934).
- Groups hold several: each group that has scans of the class counts once, with the share of its scans that the
  threshold gets wrong, in [0, 1]. The target then holds for the mean of that share over new groups, so a patient with
  fifty scans weighs as much as one with two. The test is Hoeffding's and Bentkus' (Bates et al., section 3.1), valid
  for any distribution of such shares, so also for any likeness within groups and any sizes. It takes groups as
  independent of each other, and nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, xlogy

from core.evaluation.intervals import check_confidence
from core.evaluation.scored import Scored

_ROUNDING = 1e-9  # relative: sums of shares that should be whole numbers, and chances that should be equal


@dataclass(frozen=True)
class Units:
    """What a promise counts: the scans of one class, by group.

    Attributes:
        scans: of the class.
        groups: that hold at least one of them.
    """

    scans: int
    groups: int

    @property
    def by_groups(self) -> bool:
        """Whether groups are the units, because some hold several scans of the class."""
        return self.groups < self.scans


def units_of(scored: Scored, *, positive: bool = True) -> Units:
    """The units of a promise about the positive scans (FNR), or about the others (FPR)."""
    mine = scored.labels == positive
    return Units(int(mine.sum()), scored.groups_with(mine))


def promised_max_fnr(scored: Scored, max_fnr: float, confidence: float) -> float | None:
    """The highest threshold whose FNR on new scans is promised to be at most `max_fnr`; None where there is none.

    The chance, over the choice of the scans it is picked on, that the FNR of new ones exceeds `max_fnr` is at most
    1 - confidence. With groups of several positives the FNR is the mean over groups of the share of a group's
    positive scans that are missed.

    Args:
        scored: the scans to choose on, of which at least one is positive.
        max_fnr: in [0, 1).
        confidence: in (0, 1).
    """
    mine = scored.labels
    return _last_tolerated(scored.scores[mine], scored.group_numbers[mine], max_fnr, confidence)


def promised_max_fpr(scored: Scored, max_fpr: float, confidence: float) -> float | None:
    """The score that a threshold must exceed so that its FPR is promised to be at most `max_fpr`; None as above.

    The mirror image of `promised_max_fnr`, over the scans that are not positive.
    """
    mine = ~scored.labels
    found = _last_tolerated(-scored.scores[mine], scored.group_numbers[mine], max_fpr, confidence)
    return None if found is None else -found


def units_needed(budget: float, confidence: float) -> int:
    """Fewest positives (or groups that hold some) from which a rate of `budget` can be promised: without one miss.

    None missed of n bounds the rate by 1 - (1 - confidence)^(1/n): 59 for 5 % at 95 %, counted in scans or in groups.

    Raises:
        ValueError: budget is not within (0, 1), or confidence is not.
    """
    check_confidence(confidence)
    if not 0 < budget < 1:
        raise ValueError(f"a share must lie between 0 and 1 to be promised, found {budget:g}")
    n = max(1, math.ceil(math.log1p(-confidence) / math.log1p(-budget)) - 1)
    while betaincinv(1, n, confidence) > budget:  # the logarithms' rounding, at most a step or two
        n += 1
    return n


def clopper_pearson_upper(events: NDArray[np.int64], trials: int, confidence: float) -> NDArray[np.float64]:
    """One-sided exact upper bound of a share, for counts of events in 0..trials - 1; shape as `events`."""
    return betaincinv(events + 1, trials - events, confidence)


def hoeffding_bentkus(total: NDArray[np.float64], n: int, budget: float) -> NDArray[np.float64]:
    """How surely a mean above `budget` is ruled out: a valid p-value for n independent shares that sum to `total`.

    Args:
        total: sums of n shares in [0, 1], shape (k,).
        n: how many shares.
        budget: the mean under test, in (0, 1).
    """
    mean = np.minimum(total / n, budget)
    divergence = (
        xlogy(mean, mean) - xlogy(mean, budget) + xlogy(1 - mean, 1 - mean) - xlogy(1 - mean, 1 - budget)
    )  # Kullback-Leibler, of two coins
    hoeffding = np.exp(-n * np.maximum(divergence, 0))
    whole = np.ceil(total - _ROUNDING).clip(0, n)
    at_most = np.where(whole < n, betainc(np.maximum(n - whole, 1), whole + 1, 1 - budget), 1.0)  # binomial, <= whole
    return np.minimum(1.0, np.minimum(hoeffding, math.e * at_most))


def _last_tolerated(
    values: NDArray[np.float64], groups: NDArray[np.intp], budget: float, confidence: float
) -> float | None:
    """The largest of the values below which so few values lie that the budget is promised; None where it never is."""
    check_confidence(confidence)
    scans_in = np.bincount(groups)
    units = int(np.count_nonzero(scans_in))
    if budget == 0 or not units:
        return None
    if units == values.size:
        upper = clopper_pearson_upper(np.arange(values.size), values.size, confidence)
        return _last_before_failure(np.sort(values), upper <= budget)
    shares = 1 / scans_in[groups]
    order = np.lexsort((shares, values))  # ties by share, so that the order of scans changes no rounding
    values, below = values[order], np.cumsum(shares[order]) - shares[order]
    first = np.r_[True, values[1:] != values[:-1]]
    passed = hoeffding_bentkus(below[first], units, budget) <= (1 - confidence) * (1 + _ROUNDING)
    return _last_before_failure(values[first], passed)


def _last_before_failure(values: NDArray[np.float64], passed: NDArray[np.bool_]) -> float | None:
    steps = int(np.argmin(passed)) if not passed.all() else passed.size
    return float(values[steps - 1]) if steps else None
