"""Too sure, or not sure enough: calibration intercept and slope, by logistic regression on the logit of the score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from core.evaluation.intervals import Estimate, check_confidence, claims_certainty
from core.evaluation.scored import Scored

# What a float32 can be nearest to 1: a score of 0 or 1 has no logit and counts as this near to it.
_NEAREST = 2.0**-25
_STEPS = 100
_TOLERANCE = 1e-12


@dataclass(frozen=True)
class CalibrationLine:
    """Intercept and slope of the truth on the scores' logits; perfect is 0 and 1.

    Attributes:
        intercept: calibration in the large, the slope held at 1: above 0 there are more positives than the scores say.
        slope: below 1 scores are too extreme (too sure), above 1 too timid; NaN where nothing can be fitted.
        reason: why there is no slope (or neither), in words; empty where there are both.
        method: how the 95 % intervals were made.
    """

    intercept: Estimate
    slope: Estimate
    reason: str
    method: str

    def to_json(self) -> dict[str, Any]:
        """As plain values, None for NaN."""
        return {
            "intercept": self.intercept.to_json(),
            "slope": self.slope.to_json(),
            "no_slope_because": self.reason,
            "line_interval_method": self.method,
        }


def calibration_line(scored: Scored, *, confidence: float = 0.95) -> CalibrationLine:
    """Calibration intercept and slope with Wald intervals, from groups where scans are not independent.

    Sources: D. R. Cox, "Two further applications of a model for binary regression", Biometrika 45 (1958), 562-565;
    B. Van Calster et al., "Calibration: the Achilles heel of predictive analytics", BMC Medicine 17 (2019), 230. The
    variance by groups is the sandwich of K.-Y. Liang and S. L. Zeger, "Longitudinal data analysis using generalized
    linear models", Biometrika 73 (1986), 13-22, times G/(G-1) for G groups.

    Raises:
        ValueError: confidence is not within (0, 1).
    """
    check_confidence(confidence)
    method = f"{confidence * 100:g} % Wald intervals, " + (
        "each independent of the others" if scored.independent else "with the variance between groups"
    )
    none = Estimate(math.nan, math.nan, math.nan)
    if not scored.positives or not scored.negatives:
        return CalibrationLine(none, none, "it takes scans of both kinds", method)
    logits = logit(np.clip(scored.scores, _NEAREST, 1 - _NEAREST))
    ones = np.ones((scored.n, 1))
    (intercept,) = _fitted(scored, ones, logits, confidence)
    positives, negatives = logits[scored.labels], logits[~scored.labels]
    if logits.min() == logits.max():
        return CalibrationLine(intercept, none, "all scores are equal", method)
    if negatives.max() <= positives.min() or positives.max() <= negatives.min():
        return CalibrationLine(intercept, none, "the scores tell both kinds apart without an error", method)
    _, slope = _fitted(scored, np.column_stack([ones, logits]), np.zeros(scored.n), confidence)
    return CalibrationLine(intercept, slope, "", method)


def _fitted(
    scored: Scored, design: NDArray[np.float64], offset: NDArray[np.float64], confidence: float
) -> tuple[Estimate, ...]:
    """Logistic regression without a penalty, design (n, k): an estimate a coefficient, by Newton's steps."""
    truth = scored.labels.astype(np.float64)
    coefficients = np.zeros(design.shape[1])
    loss = _loss(design @ coefficients + offset, truth)
    for _ in range(_STEPS):
        chance = expit(design @ coefficients + offset)
        step = np.linalg.solve(_information(design, chance), design.T @ (truth - chance))
        while (tried := _loss(design @ (coefficients + step) + offset, truth)) > loss + _TOLERANCE * abs(loss):
            step = step / 2
        coefficients, loss = coefficients + step, tried
        if np.abs(step).max() <= _TOLERANCE * (1 + np.abs(coefficients).max()):
            break
    chance = expit(design @ coefficients + offset)
    variance = np.linalg.inv(_information(design, chance))
    if not scored.independent:
        pull = design * (truth - chance)[:, None]  # (n, k)
        groups = scored.group_count
        by_group = np.stack([np.bincount(scored.group_numbers, column) for column in pull.T], axis=1)  # (groups, k)
        spread = by_group.T @ by_group * (groups / (groups - 1) if groups > 1 else math.nan)
        variance = variance @ spread @ variance
    reach = float(ndtri((1 + confidence) / 2)) * np.sqrt(np.diag(variance))
    found = tuple(
        Estimate(float(value), float(value - width), float(value + width))
        for value, width in zip(coefficients, reach, strict=True)
    )
    # Where what pulls at the line adds up to nothing in every group, its spread between groups is not to be seen.
    return tuple(
        Estimate(estimate.value, math.nan, math.nan) if claims_certainty(estimate) else estimate for estimate in found
    )


def _information(design: NDArray[np.float64], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(design.T @ (design * (chance * (1 - chance))[:, None]), dtype=np.float64)


def _loss(logits: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Negative log likelihood."""
    return float((np.logaddexp(0, logits) - truth * logits).sum())
