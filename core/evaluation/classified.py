"""Scans with a probability for each class: what a split is judged by, whatever the threshold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.confusion import class_numbers
from core.evaluation.predicted import checked_probabilities, one_vs_rest, predicted_numbers
from core.evaluation.scored import Scored


@dataclass(frozen=True, eq=False)
class Classified:
    """Checked once, never changed.

    Attributes:
        probabilities: shape (n, classes), in [0, 1].
        truth: number of each scan's class, shape (n,).
        by_class: each class in turn as the positive one, by name, in the order of the columns.
        positive: the class whose miss hurts.
    """

    probabilities: NDArray[np.float64]
    truth: NDArray[np.int64]
    by_class: dict[str, Scored]
    positive: str

    @classmethod
    def of(
        cls,
        probabilities: ArrayLike,
        true_labels: Sequence[str] | NDArray[np.str_],
        groups: Iterable[object],
        *,
        classes: Sequence[str],
        positive: str,
    ) -> Classified:
        """Check and build.

        Raises:
            ValueError: shapes differ, a probability is not in [0, 1], or a label or the positive class is not a class.
        """
        if positive not in classes:
            raise ValueError(f"the positive class must be among {', '.join(classes)}; found {positive!r}")
        values = checked_probabilities(probabilities, classes)
        truth = class_numbers(true_labels, classes)
        return cls(values, truth, one_vs_rest(values, true_labels, groups, classes), positive)

    @property
    def classes(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.by_class)

    @property
    def column(self) -> int:
        """Number of the positive class."""
        return self.classes.index(self.positive)

    @property
    def scored(self) -> Scored:
        """The positive class against the rest."""
        return self.by_class[self.positive]

    @cached_property
    def groups(self) -> NDArray[np.intp]:
        """Number of each scan's group, shape (n,)."""
        return np.arange(self.scored.n) if self.scored.independent else self.scored.group_numbers

    def cells_at(self, threshold: float) -> NDArray[np.int64]:
        """Cell of the confusion matrix for each scan, shape (n,): truth x classes + prediction."""
        called = predicted_numbers(self.probabilities, column=self.column, threshold=threshold)
        return self.truth * len(self.by_class) + called
