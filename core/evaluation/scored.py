"""Scores beside the truth: what every statistic here is computed from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Scored:
    """Scans with a score, a truth and a group; checked once, read-only afterwards.

    Attributes:
        scores: probability of the positive class, shape (n,), float64 in [0, 1].
        labels: true where the scan is positive, shape (n,), bool.
        groups: what must be resampled together (a patient), shape (n,), text.

    No scans at all is allowed: every statistic of it is NaN.

    Raises:
        ValueError: shapes differ, a score is not a number in [0, 1], a label is
            neither true nor false, or a group is missing.
    """

    scores: NDArray[np.float64]
    labels: NDArray[np.bool_]
    groups: NDArray[np.str_]

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", checked_scores(self.scores))
        object.__setattr__(self, "labels", _checked_labels(self.labels))
        object.__setattr__(self, "groups", checked_groups(self.groups))
        lengths = {"scores": self.scores.size, "labels": self.labels.size, "groups": self.groups.size}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{size} {name}" for name, size in lengths.items())
            raise ValueError(f"scores, labels and groups must be equally many, found {found}")

    @classmethod
    def of(cls, scores: ArrayLike, labels: ArrayLike, groups: Iterable[object] | None = None) -> Scored:
        """Build from anything array-like; without groups every scan stands for itself."""
        if groups is None:
            groups = np.arange(np.size(np.asarray(scores))).astype(np.str_)
        return cls(np.asarray(scores), np.asarray(labels), groups)  # type: ignore[arg-type]

    @property
    def n(self) -> int:
        """Number of scans."""
        return int(self.scores.size)

    @property
    def positives(self) -> int:
        """Number of positive scans."""
        return int(np.count_nonzero(self.labels))

    @property
    def negatives(self) -> int:
        """Number of scans that are not positive."""
        return self.n - self.positives

    @cached_property
    def group_numbers(self) -> NDArray[np.intp]:
        """Groups as numbers from 0, in the order of their names, shape (n,)."""
        return numbered(self.groups)

    @cached_property
    def group_count(self) -> int:
        """Number of groups."""
        return int(self.group_numbers.max()) + 1 if self.n else 0

    @property
    def independent(self) -> bool:
        """Whether every group holds one scan: then scans may be taken as independent of each other."""
        return self.group_count == self.n

    def groups_with(self, mask: NDArray[np.bool_]) -> int:
        """How many groups have a scan in `mask`, shape (n,)."""
        return int(np.count_nonzero(np.bincount(self.group_numbers[mask]))) if mask.any() else 0

    def groups_worth(self, mask: NDArray[np.bool_]) -> int:
        """As how many groups of equal size those with scans in `mask`, shape (n,), count: less where one holds most.

        The square of their scans over the sum of the groups' squares, rounded down. Source: L. Kish, "Survey Sampling"
        (1965), section 11.7.
        """
        sizes = np.bincount(self.group_numbers[mask])
        return int(sizes.sum() ** 2 // (sizes @ sizes)) if mask.any() else 0


def checked_scores(scores: ArrayLike) -> NDArray[np.float64]:
    """A read-only float64 copy of shape (n,), or a ValueError saying what is wrong.

    float32 scores become float64 without loss, so a threshold taken from them compares exactly.
    """
    try:
        values = np.array(scores, dtype=np.float64)
    except TypeError as error:  # pandas' NA is no number at all
        raise ValueError(f"scores must be numbers: {error}") from None
    if values.ndim != 1:
        raise ValueError(f"scores must have shape (n,), found shape {values.shape}")
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(f"scores must be finite, found {values[row]} at row {row}")
    if values.size and (values.min() < 0 or values.max() > 1):
        row = int(np.flatnonzero((values < 0) | (values > 1))[0])
        raise ValueError(f"scores must be probabilities in [0, 1], found {values[row]:g} at row {row}")
    values.flags.writeable = False
    return values


def checked_groups(groups: Iterable[object]) -> NDArray[np.str_]:
    """A read-only text array of shape (n,), or a ValueError where a group is missing or blank.

    A blank text stands for no group in most tables: taken for a name it would make one patient of all who lack one.
    """
    if isinstance(groups, np.ndarray) and groups.dtype.kind == "U":
        values = groups.copy()
    else:
        names = list(groups)
        for row, name in enumerate(names):
            if _is_missing(name):
                raise ValueError(f"every scan needs a group, found none at row {row}")
        values = np.array([str(name) for name in names], dtype=np.str_)
    blank = (values == "") | np.char.isspace(values)
    if blank.any():
        row = int(np.flatnonzero(blank)[0])
        raise ValueError(f"every scan needs a group, found the blank text {str(values[row])!r} at row {row}")
    values.flags.writeable = False
    return values


def numbered(names: NDArray[np.str_]) -> NDArray[np.intp]:
    """Number of each name, shape (n,), from 0 in the order of the names: the order of scans changes no number."""
    import pandas as pd  # hashing: sorting so many texts takes several times as long

    return pd.factorize(names.astype(object), sort=True)[0]


def _checked_labels(labels: ArrayLike) -> NDArray[np.bool_]:
    values = np.asarray(labels)
    if values.ndim != 1:
        raise ValueError(f"labels must have shape (n,), found shape {values.shape}")
    if values.dtype != np.bool_:
        for row, value in enumerate(values.tolist()):
            if _is_missing(value) or value not in (0, 1):
                raise ValueError(f"labels must be true or false, found {value!r} at row {row}")
    truth = values.astype(np.bool_)  # always a copy
    truth.flags.writeable = False
    return truth


def _is_missing(value: object) -> bool:
    """None, NaN and pandas' NA: NaN differs from itself, and of NA nobody knows whether it does."""
    try:
        return value is None or bool(value != value)
    except TypeError:
        return True
