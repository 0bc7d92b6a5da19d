"""Found, missed, false alarm, cleared: counting what a threshold does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.intervals import Estimate, wilson_interval
from core.evaluation.scored import Scored

FOUND, MISSED, FALSE_ALARM, CLEARED = "found", "missed", "false alarm", "cleared"

_CELLS = np.array([[CLEARED, FALSE_ALARM], [MISSED, FOUND]])  # [truth, called positive]


@dataclass(frozen=True)
class Counts:
    """How many scans fall into each of the four cells."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def n(self) -> int:
        """All scans."""
        return self.tp + self.fp + self.fn + self.tn


@dataclass(frozen=True)
class Rates:
    """The shares people quote, each with its interval; NaN where nothing was counted.

    precision is ppv and recall is sensitivity: two trades, two names.
    """

    accuracy: Estimate
    fnr: Estimate
    fpr: Estimate
    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate
    npv: Estimate

    @property
    def precision(self) -> Estimate:
        """Share of alarms that are right: ppv."""
        return self.ppv

    @property
    def recall(self) -> Estimate:
        """Share of positives found: sensitivity."""
        return self.sensitivity


def counts_at(scored: Scored, threshold: float) -> Counts:
    """Count the four cells when scans with score >= threshold are called positive.

    Raises:
        ValueError: the threshold is NaN.
    """
    called = scored.scores >= _not_nan(threshold)
    tp = int((scored.labels & called).sum())
    fp = int(called.sum()) - tp
    return Counts(tp=tp, fp=fp, fn=scored.positives - tp, tn=scored.negatives - fp)


def rates(counts: Counts, *, confidence: float = 0.95) -> Rates:
    """All rates of four counts, scans taken as independent of each other."""

    def share(successes: int, trials: int) -> Estimate:
        return wilson_interval(successes, trials, confidence=confidence)

    positives, negatives = counts.tp + counts.fn, counts.tn + counts.fp
    return Rates(
        accuracy=share(counts.tp + counts.tn, counts.n),
        fnr=share(counts.fn, positives),
        fpr=share(counts.fp, negatives),
        sensitivity=share(counts.tp, positives),
        specificity=share(counts.tn, negatives),
        ppv=share(counts.tp, counts.tp + counts.fp),
        npv=share(counts.tn, counts.tn + counts.fn),
    )


def cell_of(labels: ArrayLike, scores: ArrayLike, threshold: float) -> NDArray[np.str_]:
    """The cell's name for each scan: `found`, `missed`, `false alarm` or `cleared`.

    Labels and scores have the same shape, which is the answer's; for single values it is one text.

    Raises:
        ValueError: the threshold is NaN.
    """
    called = np.asarray(scores, dtype=np.float64) >= _not_nan(threshold)
    return _CELLS[np.asarray(labels, dtype=np.bool_).astype(int), called.astype(int)]


def confusion_matrix(
    true_labels: Sequence[str] | NDArray[np.str_],
    predicted_labels: Sequence[str] | NDArray[np.str_],
    classes: Sequence[str],
) -> NDArray[np.int64]:
    """Counts of shape (classes, classes): row the truth, column what the model said.

    Raises:
        ValueError: the two differ in length, or a label is not among the classes.
    """
    if len(true_labels) != len(predicted_labels):
        raise ValueError(
            f"true and predicted labels must be equally many, found {len(true_labels)} and {len(predicted_labels)}"
        )
    size = len(classes)
    cell = class_numbers(true_labels, classes) * size + class_numbers(predicted_labels, classes)
    return np.bincount(cell, minlength=size * size).reshape(size, size).astype(np.int64)


def class_numbers(labels: Sequence[str] | NDArray[np.str_], classes: Sequence[str]) -> NDArray[np.int64]:
    """Position of each label among the classes, shape (n,).

    Raises:
        ValueError: a label is not among the classes.
    """
    names = np.asarray(labels, dtype=np.str_)
    numbers = np.full(names.shape, -1, dtype=np.int64)
    for position, name in enumerate(classes):
        numbers[names == name] = position
    if (numbers < 0).any():
        known, unknown = ", ".join(classes), str(names[numbers < 0][0])
        raise ValueError(f"labels must be among {known}; found {unknown!r}")
    return numbers


def _not_nan(threshold: float) -> float:
    if math.isnan(threshold):
        raise ValueError("threshold must be a number, found NaN")
    return threshold
