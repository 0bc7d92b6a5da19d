"""Temperature scaling: one number that makes a network as sure of itself as it has reason to be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, softmax

from core.evaluation.confusion import class_numbers
from core.evaluation.predicted import checked_probabilities
from core.evaluation.scored import checked_groups, numbered

LOWEST, HIGHEST = 0.05, 20.0  # beyond, the search has run away and no temperature is best
FEW_OF_A_CLASS = 20  # groups; below, the temperature is said to be a rough one

# float32 comes no nearer to 1 than 2^-24, but as near to 0 as 2^-149: logits beyond this are flattened, alike at both
# ends, to a slope that still tells any two scores apart.
_SUREST_LOGIT = 25 * math.log(2)
_SLOPE_BEYOND = 1e-3
_NOTHING = 2.0**-150  # half the smallest float32: stands for a probability of 0, which has no logarithm
_KEPT_SHARE = 1e-6  # of the raw score in the calibrated one: keeps apart what the curve would round to one value


@dataclass(frozen=True)
class Temperature:
    """A temperature fitted on one split: above 1 it makes scores less extreme, below 1 more.

    Attributes:
        value: logits are divided by it; in [LOWEST, HIGHEST].
        split: where it was fitted.
        n: scans it was fitted on.
        fewest: scans of the class that has fewest there.
        fewest_groups: groups of the class that has fewest there; None where only scans were counted.

    With two classes the positive score's map is strictly rising on the numbers that a float32 can be, and depends on
    that score alone: the order of scans, every rate and the AUC stay exactly what they were. With more classes each
    scan's classes keep their order, but not scans among each other.
    Source: C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", Proceedings of
    Machine Learning Research 70 (2017), 1321-1330.

    Raises:
        ValueError: the value is no temperature.
    """

    value: float
    split: str
    n: int
    fewest: int
    fewest_groups: int | None = None

    def __post_init__(self) -> None:
        if not LOWEST <= self.value <= HIGHEST:
            raise ValueError(f"a temperature lies between {LOWEST:g} and {HIGHEST:g}, found {self.value:g}")

    @property
    def is_rough(self) -> bool:
        """Whether a class had so few groups (scans, where only these were counted) that another split would differ.

        Scans of one patient say much the same: 32 of 8 patients settle a temperature about as well as 8.
        """
        return (self.fewest if self.fewest_groups is None else self.fewest_groups) < FEW_OF_A_CLASS

    def applied(self, probabilities: ArrayLike, *, positive: int = -1) -> NDArray[np.float64]:
        """Calibrated probabilities, shape (n, classes), rows summing to 1.

        Sound for any probabilities: those of a softmax, those of single sigmoids divided by their sum (both are the
        softmax of their own logarithms), and for 0 and 1, which are no longer certain afterwards.

        Args:
            probabilities: as the network gave them, shape (n, classes), in [0, 1].
            positive: number of the positive class; with two classes its column alone is looked at.

        Raises:
            ValueError: another shape, or a value outside [0, 1].
        """
        values = np.asarray(probabilities, dtype=np.float64)
        values = checked_probabilities(values, [str(k) for k in range(values.shape[-1] if values.ndim else 0)])
        if values.shape[1] > 2:
            calibrated = softmax(_flattened(np.log(np.maximum(values, _NOTHING))) / self.value, axis=1)
            return np.asarray(calibrated, dtype=np.float64)
        calibrated = np.empty_like(values)
        score = self.score(values[:, positive])
        calibrated[:, positive] = score
        calibrated[:, (positive + 1) % 2] = 1 - score
        return calibrated

    def score(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Calibrated scores of the positive of two classes, any shape, in (0, 1).

        Scores between two neighbouring float32 numbers count as the upper one.
        """
        raw = _float32_from_above(np.asarray(scores, dtype=np.float64))
        pulled = expit(_logits(raw) / self.value)
        return np.asarray(pulled + _KEPT_SHARE * (raw - pulled), dtype=np.float64)

    def threshold(self, raw: float) -> float:
        """The threshold for calibrated scores of two classes that calls exactly the same scans positive.

        It lies midway between the lowest score that is positive and the highest that is not, so that the last bit of
        a logarithm, which differs between processors, decides nothing. 0 and 0.5 stay what they are.
        """
        if raw in (0.0, 0.5):
            return raw
        lowest = _float32_from_above(np.asarray(raw))
        below = np.nextafter(lowest.astype(np.float32), np.float32(-1))
        return float((self.score(lowest) + self.score(below)) / 2)

    def raw_threshold(self, calibrated: float) -> float:
        """The threshold for raw scores of two classes that calls the same scans positive as `calibrated` does.

        The lowest float32 score whose calibrated score reaches it; above 1 there is none, and it is 1.
        """
        enough = calibrated * (1 - 4e-15)  # a logarithm's last bits, far less than what lies between two scores
        low, high = 0, int(np.float32(1).view(np.int32))  # float32 in [0, 1] are in the order of their bits
        while low < high:
            middle = (low + high) // 2
            if float(self.score(np.int32(middle).view(np.float32))) >= enough:
                high = middle
            else:
                low = middle + 1
        return float(np.int32(low).view(np.float32))

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "temperature": self.value,
            "split": self.split,
            "n": self.n,
            "fewest": self.fewest,
            "fewest_groups": self.fewest_groups,
        }


def fit_temperature(
    probabilities: ArrayLike,
    true_labels: Sequence[str] | NDArray[np.str_],
    groups: Iterable[object] | None = None,
    *,
    classes: Sequence[str],
    positive: str,
    split: str = "val",
) -> Temperature:
    """The temperature under which these scans are likeliest (least log loss), by scikit-learn's own search.

    Args:
        probabilities: of a split that nothing was learnt from and nothing will be reported on, shape (n, classes).
        true_labels: class of each scan, shape (n,).
        groups: group of each scan, shape (n,); without them every scan stands for itself. They change no temperature,
            only whether it is called rough.
        classes: names of the columns.
        positive: one of them.
        split: the split's name, kept in the answer.

    Raises:
        ValueError: shapes differ, a class has no scans, every scan is told apart already (then any sharper
            temperature is better still), or the scores say nothing about the truth (then any flatter one is).
    """
    values = checked_probabilities(probabilities, classes)
    truth = class_numbers(true_labels, classes)
    if values.shape[0] != truth.size:
        raise ValueError(f"probabilities and labels must be equally many, found {values.shape[0]} and {truth.size}")
    of_group = np.arange(truth.size) if groups is None else numbered(checked_groups(groups))
    if of_group.size != truth.size:
        raise ValueError(f"labels and groups must be equally many, found {truth.size} and {of_group.size}")
    counts = np.bincount(truth, minlength=len(classes))
    if not counts.all():
        absent = classes[int(np.flatnonzero(counts == 0)[0])]
        raise ValueError(f"a temperature needs scans of every class, found none of {absent} in {split}")
    if len(classes) == 2:
        column = list(classes).index(positive)
        # scikit-learn makes (-x, x) of a decision value x: half the logit
        decisions, target = _logits(_float32_from_above(values[:, column])) / 2, (truth == column).astype(np.int64)
        margins = np.where(target == 1, decisions, -decisions)
    else:
        decisions, target = _flattened(np.log(np.maximum(values, _NOTHING))), truth
        margins = _margins(decisions, target)
    if (margins > 0).all():
        raise ValueError(
            f"all {truth.size} scans of {split} are told apart without an error, so no temperature is best: "
            "every sharper one would be better still; a larger or harder split is needed"
        )
    value = 1 / _inverse_temperature(decisions, target)
    if not LOWEST <= value <= HIGHEST:
        why = (
            f"say too little about the truth to calibrate them: the best temperature would be above {HIGHEST:g}"
            if value > HIGHEST
            else "tell the scans apart so well, or lie so near to each other, that nothing sharpens them enough: the "
            f"best temperature would be below {LOWEST:g}"
        )
        raise ValueError(f"the scores of {split} {why} ({value:.3g})")
    fewest_groups = min(np.unique(of_group[truth == k]).size for k in range(len(classes)))
    return Temperature(value, split, int(truth.size), int(counts.min()), fewest_groups)


def _inverse_temperature(decisions: NDArray[np.float64], target: NDArray[np.int64]) -> float:
    """What scikit-learn finds for decision values (n,) of two classes or (n, classes) of more."""
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    class PassThrough(ClassifierMixin, BaseEstimator):
        """A classifier whose decision values are its input; scikit-learn wants the rest to be there."""

        def fit(self, _values: NDArray[np.float64], labels: NDArray[np.int64]) -> PassThrough:
            self.classes_ = np.unique(labels)
            return self

        def decision_function(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
            return values[:, 0] if values.shape[1] == 1 else values

        def predict(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
            raise NotImplementedError

    column = decisions.reshape(target.size, -1)  # (n, 1) or (n, classes)
    rows = np.arange(target.size)
    frozen = FrozenEstimator(PassThrough().fit(column, target))
    calibrated = CalibratedClassifierCV(frozen, method="temperature", cv=[(rows, rows)]).fit(column, target)
    return float(calibrated.calibrated_classifiers_[0].calibrators[0].beta_)


def _margins(logits: NDArray[np.float64], target: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far the true class's logit lies above the best of the others, shape (n,)."""
    rows = np.arange(target.size)
    others = logits.copy()
    others[rows, target] = -np.inf
    return np.asarray(logits[rows, target] - others.max(axis=1), dtype=np.float64)


def _logits(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(scores, _NOTHING, 1 - 2.0**-25)
    return _flattened(np.log(inside / (1 - inside)))


def _flattened(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits, shape as given, with all below the least that counts brought near to it, in their order."""
    return np.where(logits < -_SUREST_LOGIT, -_SUREST_LOGIT + (logits + _SUREST_LOGIT) * _SLOPE_BEYOND, logits)


def _float32_from_above(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least float32 number that is not below each value: comparing float32 scores with either is the same."""
    near = values.astype(np.float32)
    low = near.astype(np.float64) < values
    return np.where(low, np.nextafter(near, np.float32(2)), near).astype(np.float64)
