"""A split's whole report at one threshold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.confusion import confusion_matrix, counts_at, rates
from core.evaluation.curves import average_precision_score
from core.evaluation.intervals import Estimate, none_if_nan, wilson_interval
from core.evaluation.predicted import checked_probabilities, one_vs_rest, predicted_labels
from core.evaluation.resampled import auc_estimate, f1_estimate
from core.evaluation.thresholds import check_threshold

BOOTSTRAP_DRAWS = 2000

_ESTIMATES = ("accuracy", "auc", "fnr", "fpr", "precision", "recall", "specificity", "npv", "f1")


@dataclass(frozen=True)
class Evaluation:
    """What a model does to one split at one threshold; intervals are 95 %.

    Attributes:
        split: the split's name.
        threshold: scans with score >= threshold are called positive.
        positive: the positive class; all but `accuracy` and `confusion` are positive against the rest.
        n: scans, of which `positives` are positive, in `groups` groups.
        accuracy: share of scans given their own class, over all classes.
        fnr: share of positives missed.
        fpr: share of the others called positive: false alarms.
        precision: share of positive calls that are right.
        recall: share of positives found, 1 - fnr.
        specificity: share of the others cleared, 1 - fpr.
        npv: share of cleared scans that are rightly so.
        auc: chance that a positive scores above another; depends on no threshold.
        f1: harmonic mean of precision and recall.
        average_precision: area under the precision-recall steps, NaN with one class absent.
        brier: mean squared distance of score and truth, lower is better.
        classes: names, in the order of the confusion matrix.
        confusion: counts, row the truth, column the prediction.
        interval_methods: how the intervals were made, in words, by what they belong to.
    """

    split: str
    threshold: float
    positive: str
    n: int
    positives: int
    groups: int
    accuracy: Estimate
    fnr: Estimate
    fpr: Estimate
    precision: Estimate
    recall: Estimate
    specificity: Estimate
    npv: Estimate
    auc: Estimate
    f1: Estimate
    average_precision: float
    brier: float
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    interval_methods: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """As plain values, None for NaN."""
        return {
            "split": self.split,
            "threshold": self.threshold,
            "positive": self.positive,
            "n": self.n,
            "positives": self.positives,
            "groups": self.groups,
            **{name: getattr(self, name).to_json() for name in _ESTIMATES},
            "average_precision": none_if_nan(self.average_precision),
            "brier": self.brier,
            "confusion": {"classes": list(self.classes), "matrix": [list(row) for row in self.confusion]},
            "interval_methods": dict(self.interval_methods),
        }


def evaluate(
    probabilities: ArrayLike,
    true_labels: Sequence[str] | NDArray[np.str_],
    groups: Iterable[object],
    *,
    classes: tuple[str, ...],
    positive: str,
    threshold: float,
    split: str,
    draws: int = BOOTSTRAP_DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Everything worth knowing about a split at a threshold that was chosen elsewhere.

    Args:
        probabilities: shape (n, classes), in [0, 1].
        true_labels: class of each scan, shape (n,).
        groups: group of each scan, shape (n,).
        classes: names of the columns.
        positive: the class whose miss hurts.
        threshold: in [0, 1]; what is called positive, and what else: `predicted_labels`.
        split: the split's name.
        draws: resamples for the intervals of AUC and F1.
        seed: of the resampling.

    Raises:
        ValueError: the split is empty, shapes differ, a probability is not in [0, 1], a label or
            the positive class is not among the classes, or the threshold is out of range.
    """
    check_threshold(threshold)
    values = checked_probabilities(probabilities, classes)
    if not values.shape[0]:
        raise ValueError(f"nothing to evaluate: the split {split} has no scans")
    predicted = predicted_labels(values, classes=classes, positive=positive, threshold=threshold)
    matrix = confusion_matrix(true_labels, predicted, classes)
    scored = one_vs_rest(values, true_labels, groups, classes)[positive]
    at = rates(counts_at(scored, threshold))
    group_count = int(np.unique(scored.groups).size)
    return Evaluation(
        split=split,
        threshold=float(threshold),
        positive=positive,
        n=scored.n,
        positives=scored.positives,
        groups=group_count,
        accuracy=wilson_interval(int(np.trace(matrix)), scored.n),
        fnr=at.fnr,
        fpr=at.fpr,
        precision=at.precision,
        recall=at.recall,
        specificity=at.specificity,
        npv=at.npv,
        auc=auc_estimate(scored, draws=draws, seed=seed),
        f1=f1_estimate(scored, threshold, draws=draws, seed=seed),
        average_precision=average_precision_score(scored),
        brier=float(np.mean((scored.scores - scored.labels) ** 2)),
        classes=tuple(classes),
        confusion=tuple(tuple(int(count) for count in row) for row in matrix),
        interval_methods=_interval_methods(scored.n, group_count, draws, seed),
    )


def _interval_methods(n: int, groups: int, draws: int, seed: int) -> dict[str, str]:
    rates_text = f"95 % Wilson score interval over {n} scans"
    if groups < n:
        rates_text += f", taken as independent although they come from {groups} groups: the true uncertainty is larger"
    resampled = (
        f"95 % percentile interval of {draws} resamples of whole groups ({groups} groups, seed {seed}); "
        "Wilson over groups where all resamples agree"
    )
    return {"rates": rates_text, "auc": resampled, "f1": resampled}
