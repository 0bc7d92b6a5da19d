"""The standard error of an AUC without resampling, by DeLong's components, for single scans and for groups.

Each positive's component is the share of the others that it outranks; each other's, the share of the positives that
outrank it. Sources: E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two or more correlated
receiver operating characteristic curves", Biometrics 44 (1988), 837-845; from midranks: X. Sun, W. Xu, "Fast
implementation of DeLong's algorithm", IEEE Signal Processing Letters 21 (2014), 1389-1393; groups of scans: N. A.
Obuchowski, "Nonparametric analysis of clustered ROC curve data", Biometrics 53 (1997), 567-578.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from core.evaluation.intervals import Estimate, check_confidence, wilson_around
from core.evaluation.scored import Scored
from core.evaluation.steps import steps_of


def auc_delong(scored: Scored, *, confidence: float = 0.95) -> Estimate:
    """AUC with DeLong's interval on the logit scale, so that it stays within [0, 1].

    Groups of several scans are taken as they are (Obuchowski); with one scan a group that is DeLong's own. Where the
    components do not differ, as with faultless scores, there is no error to tell: then the interval is Wilson's over
    as many trials as the scarcer class has groups (see `auc_estimate`). The interval is NaN where a class has fewer
    than two groups, and all is NaN where one is absent.

    Raises:
        ValueError: confidence is not within (0, 1).
    """
    check_confidence(confidence)
    if not scored.positives or not scored.negatives:
        return Estimate(math.nan, math.nan, math.nan)
    value, variance = _by_scans(scored) if scored.independent else _by_groups(scored)
    if math.isnan(variance):
        return Estimate(value, math.nan, math.nan)
    if variance <= 0 or not 0 < value < 1:
        trials = min(scored.groups_with(scored.labels), scored.groups_with(~scored.labels))
        return wilson_around(value, trials, confidence)
    return on_logit_scale(value, math.sqrt(variance), confidence)


def on_logit_scale(value: float, error: float, confidence: float) -> Estimate:
    """A value in (0, 1) with the interval that is normal on the logit scale, given its standard error."""
    reach = float(ndtri((1 + confidence) / 2)) * error / (value * (1 - value))
    centre = float(logit(value))
    return Estimate(value, min(float(expit(centre - reach)), value), max(float(expit(centre + reach)), value))


def auc_influence(scored: Scored) -> tuple[float, NDArray[np.float64]]:
    """The AUC, and how far each scan moves it, shape (n,): they add up to 0, and their squares to its variance.

    Raises:
        ValueError: one class is absent.
    """
    if not scored.positives or not scored.negatives:
        raise ValueError(f"an AUC needs both classes, found {scored.positives} positives of {scored.n} scans")
    steps = steps_of(scored)
    place = np.searchsorted(steps.scores, scored.scores)
    outranked = ((steps.negatives_to - steps.negatives / 2) / scored.negatives)[place]
    outranking = 1 - ((steps.positives_to - steps.positives / 2) / scored.positives)[place]
    value = steps.area
    return value, np.where(
        scored.labels, (outranked - value) / scored.positives, (outranking - value) / scored.negatives
    )


def _by_scans(scored: Scored) -> tuple[float, float]:
    """AUC and variance from the distinct scores: scans with one score have one component."""
    steps, positives, negatives = steps_of(scored), scored.positives, scored.negatives
    at_score, others = steps.positives, steps.negatives
    outranked = (steps.negatives_to - others / 2) / negatives
    outranking = 1 - (steps.positives_to - at_score / 2) / positives
    value = steps.area
    if positives < 2 or negatives < 2:
        return value, math.nan
    of_positives = float(at_score @ (outranked - value) ** 2) / (positives - 1) / positives
    of_others = float(others @ (outranking - value) ** 2) / (negatives - 1) / negatives
    return value, of_positives + of_others


def _by_groups(scored: Scored) -> tuple[float, float]:
    value, influence = auc_influence(scored)
    groups, labels, count = scored.group_numbers, scored.labels, scored.group_count
    with_positives, with_others = scored.groups_with(labels), scored.groups_with(~labels)
    if with_positives < 2 or with_others < 2:
        return value, math.nan
    of_positives = np.bincount(groups, weights=np.where(labels, influence, 0.0), minlength=count)
    of_others = np.bincount(groups, weights=np.where(labels, 0.0, influence), minlength=count)
    return value, float(
        _corrected(with_positives) * (of_positives @ of_positives)
        + _corrected(with_others) * (of_others @ of_others)
        + 2 * _corrected(count) * (of_positives @ of_others)
    )


def _corrected(groups: int) -> float:
    return groups / (groups - 1)
