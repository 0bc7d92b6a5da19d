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

from core.evaluation.decision.population import check_prevalence
from core.evaluation.draws import DRAWS, drawn_counts
from core.evaluation.intervals import check_confidence
from core.evaluation.scored import Scored

if TYPE_CHECKING:
    import pandas as pd

PROBABILITIES = np.arange(1, 100) / 100


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
    """Net benefit over threshold probabilities, a row each, per person.

    Columns: `probability`; `model`, `model_low`, `model_high` (scans called positive whose own probability reaches it);
    `at_threshold`, `at_threshold_low`, `at_threshold_high` (the calls of one fixed threshold); `treat_all`;
    `treat_none` (0). Where `prevalence` is not that of the scans, their probabilities are carried over to it by
    Bayes' rule, as M. Saerens, P. Latinne and C. Decaestecker, "Adjusting the outputs of a classifier to new a priori
    probabilities", Neural Computation 14 (2002), 21-41. The model's own curve takes scores for probabilities, so it
    is as good as their calibration; that of the fixed threshold does not.

    Bands are percentiles, point by point, over resamples of whole groups, the prevalence taken as known.

    Args:
        scored: scans of both classes.
        threshold: the fixed one, in [0, 1].
        prevalence: share of people who have it, in (0, 1); without it that of the scans.
        probabilities: threshold probabilities in (0, 1), rising, shape (k,).
        draws, seed, confidence: of the bands.

    Raises:
        ValueError: a class is absent, or an argument is out of range.
    """
    import pandas as pd

    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 1 or not p.size or not ((p > 0) & (p < 1)).all() or (np.diff(p) <= 0).any():
        raise ValueError("threshold probabilities must lie in (0, 1) and rise")
    check_confidence(confidence)
    if not scored.positives or not scored.negatives:
        raise ValueError(
            f"net benefit needs both classes, found {scored.positives} positive and {scored.negatives} others"
        )
    of_scans = scored.positives / scored.n
    prevalence = of_scans if prevalence is None else prevalence
    check_prevalence(prevalence)
    # The score from which a scan's probability reaches p once it is carried over to the prevalence.
    shift = _odds(prevalence) / _odds(of_scans)
    cuts = p if math.isclose(shift, 1, rel_tol=1e-12) else p / (p + shift * (1 - p))
    price = p / (1 - p)

    # Cells: how many of the cuts a scan reaches (the fixed threshold is one more), and its truth.
    edges = np.unique(np.r_[cuts, threshold])
    cell = np.searchsorted(edges, scored.scores, side="right") * 2 + scored.labels
    cells = 2 * (edges.size + 1)
    own = np.bincount(cell, minlength=cells).astype(np.float64)[None]
    drawn = drawn_counts(cell, cells, scored.group_numbers, draws=draws, seed=seed)
    called_of, drawn_called = _called(own), _called(drawn)
    is_told = scored.group_count > 1 and len(drawn_called) * 2 >= draws

    columns: dict[str, NDArray[np.float64]] = {"probability": p}
    for name, at in (("model", np.searchsorted(edges, cuts)), ("at_threshold", np.searchsorted(edges, [threshold]))):
        value = _net_benefit(called_of[:, at], prevalence, price)[0]
        columns |= {name: value, f"{name}_low": np.full(p.size, np.nan), f"{name}_high": np.full(p.size, np.nan)}
        if is_told:
            tail = (1 - confidence) / 2
            resampled = _net_benefit(drawn_called[:, at], prevalence, price)
            low, high = np.quantile(resampled, [tail, 1 - tail], axis=0)
            columns |= {f"{name}_low": np.minimum(low, value), f"{name}_high": np.maximum(high, value)}
    return pd.DataFrame(columns | {"treat_all": prevalence - (1 - prevalence) * price, "treat_none": np.zeros(p.size)})


def _called(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the others and of the positives that reaches each cut, shape (kept draws, k, 2), from counts by cell.

    Draws without one of the classes are left out.
    """
    by_cut = counts.reshape(len(counts), -1, 2)  # (draws, k + 1, truth)
    by_cut = by_cut[(by_cut.sum(axis=1) > 0).all(axis=1)]
    return by_cut[:, ::-1].cumsum(axis=1)[:, -2::-1] / by_cut.sum(axis=1, keepdims=True)


def _net_benefit(shares: NDArray[np.float64], prevalence: float, price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Net benefit, shape (draws, k), from shares called positive of the others and of the positives."""
    return prevalence * shares[..., 1] - (1 - prevalence) * shares[..., 0] * price


def _odds(share: float) -> float:
    return share / (1 - share)
