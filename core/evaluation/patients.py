"""From scans to patients: the scores of a group's scans joined into one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.confusion import class_numbers
from core.evaluation.predicted import checked_probabilities
from core.evaluation.scored import Scored, checked_groups, numbered

EXPECTED = "mean, max or K-of-n such as 2-of-n"
MOST_OF_N = 1000


@dataclass(frozen=True)
class Joining:
    """How scores of a group's scans become one.

    Attributes:
        k: 0 for the mean; else a group is positive if at least `k` of its scans are: its score is the k-th highest of
            the positive class, and the lowest where it has fewer scans than that. 1 is the maximum.
    """

    k: int = 0

    @property
    def text(self) -> str:
        """As people write it: `mean`, `max`, `2-of-n`."""
        return "mean" if self.k == 0 else "max" if self.k == 1 else f"{self.k}-of-n"

    @property
    def words(self) -> str:
        """In words, for a sentence: a group's score is ..."""
        if self.k == 0:
            return "the mean of its scans' scores"
        if self.k == 1:
            return "the highest of its scans' scores: one positive scan makes it positive"
        return (
            f"the {_ordinal(self.k)} highest of its scans' scores: {self.k} positive scans make it positive, "
            "or all of them where it has fewer"
        )


@dataclass(frozen=True, eq=False)
class JoinedScans:
    """Groups with one score each, in the order of their names.

    Attributes:
        probabilities: shape (groups, classes); rows sum to 1 where those of the scans do.
        labels: class of each group, shape (groups,).
        groups: their names, shape (groups,).
        scans: how many scans each has, shape (groups,).
    """

    probabilities: NDArray[np.float64]
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    scans: NDArray[np.int64]


def parsed_joining(text: str) -> Joining:
    """What a text such as "mean", "max" or "2-of-n" asks for.

    Raises:
        ValueError: it is none of them.
    """
    bare = text.strip().lower()
    if bare in ("mean", "max"):
        return Joining(("mean", "max").index(bare))
    match = re.fullmatch(r"0*([1-9][0-9]{0,3})-of-n", bare, flags=re.ASCII)
    if match and int(match[1]) <= MOST_OF_N:
        return Joining(int(match[1]))
    raise ValueError(f"expected a way to join scores: {EXPECTED}; found {text!r}")


def joined_scored(scored: Scored, joining: Joining) -> Scored:
    """One score a group; a group is positive if any of its scans is."""
    if not scored.n:
        return scored
    names, first = np.unique(scored.groups, return_index=True)
    number = numbered(scored.groups)
    order, starts, sizes = _in_groups(number, scored.scores)
    if joining.k == 0:
        scores = _means(scored.scores[:, None], number, sizes)[:, 0]
    else:
        scores = scored.scores[order][_kth_highest(starts, sizes, joining.k)]
    labels = np.bincount(number, weights=scored.labels) > 0
    return Scored(scores, labels, scored.groups[first] if names.size else names)


def joined_scans(
    probabilities: ArrayLike,
    true_labels: Sequence[str] | NDArray[np.str_],
    groups: Sequence[str] | NDArray[np.str_],
    *,
    classes: Sequence[str],
    positive: str,
    joining: Joining,
) -> JoinedScans:
    """One row of probabilities a group.

    The mean is taken of every class. Otherwise the positive class has the chosen scan's score, and the others share
    the rest in the proportion of their means. A group is positive if any of its scans is; of several other classes it
    has the one that most of its scans have, the first of them where several are as frequent.

    Args:
        probabilities: shape (n, classes), in [0, 1].
        true_labels: class of each scan, shape (n,).
        groups: group of each scan, shape (n,).
        classes: names of the columns.
        positive: one of them.
        joining: how scores are joined.

    Raises:
        ValueError: shapes differ, a probability is not in [0, 1], or a label or the positive class is not a class.
    """
    values = checked_probabilities(probabilities, classes)
    truth, names = class_numbers(true_labels, classes), checked_groups(groups)
    if positive not in classes:
        raise ValueError(f"the positive class must be among {', '.join(classes)}; found {positive!r}")
    if not values.shape[0] == truth.size == names.size:
        raise ValueError(
            "probabilities, labels and groups must be equally many, "
            f"found {values.shape[0]}, {truth.size} and {names.size}"
        )
    column = list(classes).index(positive)
    number = numbered(names)
    order, starts, sizes = _in_groups(number, values[:, column])
    joined = _means(values, number, sizes)
    if joining.k:
        score = values[order, column][_kth_highest(starts, sizes, joining.k)]
        joined = _with_score(joined, column, score)
    votes = np.stack([np.bincount(number, truth == k, minlength=sizes.size) for k in range(len(classes))], axis=1)
    label = np.where(votes[:, column] > 0, column, votes.argmax(axis=1)) if sizes.size else np.array([], np.int64)
    return JoinedScans(
        probabilities=joined,
        labels=np.array(classes, dtype=np.str_)[label],
        groups=np.unique(names),
        scans=sizes.astype(np.int64),
    )


def contradicting_groups(
    true_labels: Sequence[str] | NDArray[np.str_], groups: Sequence[str] | NDArray[np.str_]
) -> int:
    """How many groups have scans of different classes.

    Args:
        true_labels: class of each scan, shape (n,).
        groups: group of each scan, shape (n,).
    """
    pairs = set(zip(groups, true_labels, strict=True))
    return sum(labels > 1 for labels in Counter(group for group, _ in pairs).values())


def _in_groups(
    number: NDArray[np.intp], scores: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Scans by group, the highest score first: their order (n,), where each group begins, and its size (groups,)."""
    order = np.lexsort((-scores, number))
    sizes = np.bincount(number)
    return order, np.cumsum(sizes) - sizes, sizes


def _kth_highest(starts: NDArray[np.intp], sizes: NDArray[np.intp], k: int) -> NDArray[np.intp]:
    return starts + np.minimum(k, sizes) - 1


def _means(values: NDArray[np.float64], number: NDArray[np.intp], sizes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Mean of each column (n, k) by group, shape (groups, k); never outside of what was averaged.

    Rounding would leave it: a third of 0.7 + 0.7 + 0.7 is below 0.7, and a group of positive scans would be missed.
    Rounding also differs with the order of what is added, so each column is added from the least to the greatest.
    """
    means = np.empty((sizes.size, values.shape[1]))
    if not values.size:
        return means
    ends = np.cumsum(sizes)
    for column, of_column in enumerate(values.T):
        rising = np.lexsort((of_column, number))
        sums = np.bincount(number[rising], of_column[rising], minlength=sizes.size)
        least, greatest = of_column[rising[ends - sizes]], of_column[rising[ends - 1]]
        means[:, column] = np.clip(sums / sizes, least, greatest)
    return means


def _with_score(means: NDArray[np.float64], column: int, score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (groups, classes) with the positive one given, the rest scaled to what is left."""
    others = np.delete(means, column, axis=1)
    total = others.sum(axis=1, keepdims=True)
    even = np.full(others.shape, 1 / others.shape[1])
    shares = np.divide(others, total, out=even, where=total > 0)
    joined = np.empty_like(means)
    joined[:, column] = score
    joined[:, np.arange(means.shape[1]) != column] = shares * (1 - score)[:, None]
    return joined


def _ordinal(k: int) -> str:
    if k % 100 in (11, 12, 13):
        return f"{k}th"
    return f"{k}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(k % 10, 'th') }"
