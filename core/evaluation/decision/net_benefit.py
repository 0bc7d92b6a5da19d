"""Is the model worth using at all? The decision curve: net benefit against calling everybody and calling nobody.

A threshold probability p says how a false alarm is weighed against a miss: whoever acts from p on takes 1/p - 1 false
alarms for one case found. Net benefit is in cases found for each person, false alarms deducted at that price:

    sensitivity x prevalence - FPR x (1 - prevalence) x p / (1 - p)

Source: A. J. Vickers and E. B. Elkin, "Decision curve analysis: a novel method for evaluating prediction models",
Medical Decision Making 26 (2006), 565-574.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.called import shares_called
from core.evaluation.decision.operating_point import check_threshold
from core.evaluation.decision.population import check_prevalence
from core.evaluation.draws import DRAWS
from core.evaluation.intervals import check_confidence
from core.evaluation.scored import Scored

if TYPE_CHECKING:
    import pandas as pd

PROBABILITIES = np.arange(1, 100) / 100
_ROUNDING = 1e-12


def decision_curve(
    scored: Scored,
    *,
    threshold: float,
    prevalence: float | None = None,
    probabilities: ArrayLike = PROBABILITIES,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Net benefit over threshold probabilities, a row each, per person: `model_curve` beside `benefit_at`.

    Columns: `probability`; `model`, `model_low`, `model_high` (scans called positive whose own probability reaches it);
    `at_threshold`, `at_threshold_low`, `at_threshold_high` (the calls of one fixed threshold); `treat_all`;
    `treat_none` (0).

    Args:
        scored: scans of both classes.
        threshold: the fixed one, in [0, 1].
        prevalence: share of people who have it, in (0, 1); without it that of the scans.
        probabilities: threshold probabilities in (0, 1), rising, shape (k,).
        draws, seed, confidence: of the bands: percentiles, point by point, over resamples of whole groups (with
            doubt where all agree: `with_doubt`), the prevalence taken as known.

    Raises:
        ValueError: a class is absent, or an argument is out of range.
    """
    own = model_curve(
        scored, prevalence=prevalence, probabilities=probabilities, draws=draws, seed=seed, confidence=confidence
    )
    fixed = benefit_at(
        scored,
        threshold,
        prevalence=prevalence,
        probabilities=probabilities,
        draws=draws,
        seed=seed,
        confidence=confidence,
    )
    return own.join(fixed)


def model_curve(
    scored: Scored,
    *,
    prevalence: float | None = None,
    probabilities: ArrayLike = PROBABILITIES,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The part of `decision_curve` that no threshold changes, with its arguments.

    Where `prevalence` is not that of the scans, their probabilities are carried over to it by Bayes' rule, as M.
    Saerens, P. Latinne and C. Decaestecker, "Adjusting the outputs of a classifier to new a priori probabilities",
    Neural Computation 14 (2002), 21-41. The curve takes scores for probabilities, so it is as good as their
    calibration.
    """
    p, known, price = _checked(scored, prevalence, probabilities, confidence)
    # The score from which a scan's probability reaches p once it is carried over to the prevalence.
    shift = _odds(known) / _odds(scored.positives / scored.n)
    cuts = p if math.isclose(shift, 1, rel_tol=_ROUNDING) else _on_scores(p / (p + shift * (1 - p)), scored)
    shares, drawn = shares_called(scored, cuts, draws=draws, seed=seed)
    return _table(
        {
            "probability": p,
            **_with_band("model", shares, drawn, known, price, confidence),
            "treat_all": known - (1 - known) * price,
            "treat_none": np.zeros(p.size),
        }
    )


def benefit_at(
    scored: Scored,
    threshold: float,
    *,
    prevalence: float | None = None,
    probabilities: ArrayLike = PROBABILITIES,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The part of `decision_curve` that one fixed threshold makes, with its arguments; calibration plays no part."""
    _, known, price = _checked(scored, prevalence, probabilities, confidence)
    check_threshold(threshold)
    shares, drawn = shares_called(scored, np.array([threshold]), draws=draws, seed=seed)
    return _table(_with_band("at_threshold", shares, drawn, known, price, confidence))


def _on_scores(cuts: NDArray[np.float64], scored: Scored) -> NDArray[np.float64]:
    """Cuts (k,), each taken to the score that it misses by rounding alone: who reaches it exactly is called."""
    known = np.unique(scored.scores)
    place = np.searchsorted(known, cuts)
    below, above = known[np.maximum(place - 1, 0)], known[np.minimum(place, known.size - 1)]
    nearest = np.where(cuts - below <= above - cuts, below, above)
    return np.where(np.abs(nearest - cuts) <= _ROUNDING, nearest, cuts)


def _checked(
    scored: Scored, prevalence: float | None, probabilities: ArrayLike, confidence: float
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Threshold probabilities, the prevalence, and what a false alarm costs in cases at each of them."""
    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 1 or not p.size or not ((p > 0) & (p < 1)).all() or (np.diff(p) <= 0).any():
        raise ValueError("threshold probabilities must lie in (0, 1) and rise")
    check_confidence(confidence)
    if not scored.positives or not scored.negatives:
        raise ValueError(
            f"net benefit needs both classes, found {scored.positives} positive and {scored.negatives} others"
        )
    prevalence = scored.positives / scored.n if prevalence is None else prevalence
    check_prevalence(prevalence)
    return p, prevalence, p / (1 - p)


def _with_band(
    name: str,
    shares: NDArray[np.float64],
    drawn: NDArray[np.float64] | None,
    prevalence: float,
    price: NDArray[np.float64],
    confidence: float,
) -> dict[str, NDArray[np.float64]]:
    value = _net_benefit(shares, prevalence, price)
    low = high = np.full(price.size, np.nan)
    if drawn is not None:
        tail = (1 - confidence) / 2
        low, high = np.quantile(_net_benefit(drawn, prevalence, price), [tail, 1 - tail], axis=0)
        low, high = np.minimum(low, value), np.maximum(high, value)
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _table(columns: dict[str, NDArray[np.float64]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns)


def _net_benefit(shares: NDArray[np.float64], prevalence: float, price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Net benefit, shape (draws, k), from shares called positive of the others and of the positives."""
    return prevalence * shares[..., 1] - (1 - prevalence) * shares[..., 0] * price


def _odds(share: float) -> float:
    return share / (1 - share)
