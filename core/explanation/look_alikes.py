"""The training scans that the network sees as most like a scan, of each class, and how unusual the scan is to it.

The distance is the cosine distance of the features: one minus the cosine of the angle between them, in [0, 2]. On
slices and phantoms it finds scans of one class as often as Euclidean distances do, plain or standardised, and scans of
one patient a little more often (LOG.md has the table). The search is exact: a product with every training scan.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import RequestError
from core.explanation.features import Features

NEIGHBOURS = 4  # of each class
UNLIKE_FROM = 0.99  # share of training scans that are nearer to theirs, from which on a scan counts as unlike them all
_MEASURED = 500  # training scans that say how near is usual
_BLOCK = 64  # of them at a time, so that memory stays bounded
_SLACK = 1e-5  # of a float32 product of two directions: candidates within it are measured exactly


@dataclass(frozen=True)
class Neighbour:
    """A training scan near another scan.

    Attributes:
        row: in the run's predictions.
        distance: cosine distance of the features, in [0, 2].
        same_group: whether it is of the scan's own group.
    """

    row: int
    path: str
    label: str
    group: str
    distance: float
    same_group: bool


@dataclass(frozen=True)
class LookAlikes:
    """The training scans nearest to a scan.

    Attributes:
        path: of the scan; empty for one that is not of the run.
        split: of the scan; empty likewise.
        by_class: of each class the nearest, nearest first; the positive class first.
        distance: to the nearest of another group, whatever its class; NaN where there is none.
        beyond: share of training scans that are nearer to their own nearest of another group, in [0, 1]; NaN likewise.
    """

    path: str
    split: str
    by_class: dict[str, tuple[Neighbour, ...]]
    distance: float
    beyond: float

    @property
    def is_unlike(self) -> bool:
        """Whether it is farther from all it learnt from than nearly every training scan is from the others."""
        return self.beyond >= UNLIKE_FROM


class TrainingScans:
    """The training scans of a run, ready to be searched; it is never changed, so threads may share it."""

    def __init__(self, features: Features, classes: tuple[str, ...]) -> None:
        """Sort them by class. `classes`: the run's, in the order they are shown in.

        Raises:
            RequestError: the run has no training scans.
        """
        self.features, self.classes = features, classes
        table = features.table
        self._row_of = dict(zip(table["path"].tolist(), range(len(table)), strict=True))
        self._groups = table["group"].to_numpy(object)
        training = np.flatnonzero((table["split"] == "train").to_numpy())
        if not len(training):
            raise RequestError("expected training scans among the run's predictions, found none; train again")
        labels = table["label"].to_numpy(object)[training]
        parts = [training[labels == name] for name in classes]
        self._rows = np.concatenate(parts)  # class after class, so that each is one slice
        self._ends = np.cumsum([0, *map(len, parts)])
        self._directions = features.directions(self._rows)
        self._directions.flags.writeable = False
        self._place_of = {int(row): place for place, row in enumerate(self._rows)}
        self._group_numbers, names = pd.factorize(self._groups[self._rows])
        self._number_of_group = {str(name): number for number, name in enumerate(names)}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._rows)

    def knows(self, path: str) -> bool:
        """Whether the run has such a scan, in whatever split."""
        return path in self._row_of

    def like(self, path: str, *, count: int = NEIGHBOURS) -> LookAlikes:
        """The look-alikes of one of the run's scans; it is none of its own.

        Args:
            path: as in the run's predictions.
            count: how many of each class, at least 1.

        Raises:
            RequestError: the run has no such scan.
        """
        row = self._row_of.get(path)
        if row is None:
            raise RequestError(f"expected a scan of the run, found {path!r}, which it has not; name one of its index")
        split = str(self.features.table["split"].iloc[row])
        return self._like(self.features.directions(np.array([row]))[0], count, row, str(self._groups[row]), path, split)

    def like_direction(self, direction: NDArray[np.float32], *, count: int = NEIGHBOURS) -> LookAlikes:
        """The look-alikes of a scan that is not of the run, from its features' direction, shape (d,).

        Raises:
            ValueError: it is of another length than the run's.
        """
        if direction.shape != self._directions.shape[1:]:
            raise ValueError(f"expected a direction of shape {self._directions.shape[1:]}, got {direction.shape}")
        return self._like(direction, count, -1, "", "", "")

    def _like(
        self, direction: NDArray[np.float32], count: int, row: int, group: str, path: str, split: str
    ) -> LookAlikes:
        if count < 1:
            raise ValueError(f"count must be at least 1, got {count}")
        products = self._directions @ direction
        if row in self._place_of:
            products[self._place_of[row]] = -np.inf
        by_class = {}
        for name, start, end in zip(self.classes, self._ends, self._ends[1:], strict=False):
            nearest = self._nearest(products, direction, range(int(start), int(end)), count)
            by_class[name] = tuple(self._neighbour(place, distance, group) for distance, place in nearest)
        products[self._group_numbers == self._number_of_group.get(group, -1)] = -np.inf
        distance = self._least(products, direction)
        usual = self._usual_distances
        beyond = float(np.searchsorted(usual, distance) / len(usual)) if len(usual) else float("nan")
        return LookAlikes(path, split, by_class, distance, float("nan") if np.isnan(distance) else beyond)

    def _nearest(
        self, products: NDArray[np.float32], direction: NDArray[np.float32], places: range, count: int
    ) -> list[tuple[float, int]]:
        """Distances and places of the nearest in a slice, nearest first and then by path."""
        there = products[places.start : places.stop]
        take = min(count, int((there > -np.inf).sum()))
        if not take:
            return []
        least = np.partition(there, len(there) - take)[len(there) - take]
        candidates = np.flatnonzero(there >= least - _SLACK) + places.start
        exact = self._distances(candidates, direction)
        paths = self.features.table["path"]
        order = sorted(zip(exact.tolist(), candidates.tolist(), strict=True), key=lambda it: (it[0], paths.iloc[it[1]]))
        return order[:take]

    def _least(self, products: NDArray[np.float32], direction: NDArray[np.float32]) -> float:
        place = int(products.argmax())
        return float(self._distances(np.array([place]), direction)[0]) if products[place] > -np.inf else float("nan")

    def _distances(self, places: NDArray[np.intp], direction: NDArray[np.float32]) -> NDArray[np.float64]:
        """Exact, also between copies, where one minus a product of floats would be noise."""
        own = self._directions[places].astype(np.float64)
        other = direction.astype(np.float64)
        halves: NDArray[np.float64] = ((own - other) ** 2).sum(axis=1) / 2
        blank = (own == 0).all(axis=1) | (other == 0).all()  # without features: as far as what has nothing in common
        return np.where(blank, 1.0, halves)

    def _neighbour(self, place: int, distance: float, group: str) -> Neighbour:
        row = int(self._rows[place])
        path, label = (str(self.features.table[name].iloc[row]) for name in ("path", "label"))
        own = str(self._groups[row])
        return Neighbour(row, path, label, own, distance, bool(group) and own == group)

    @cached_property
    def _usual_distances(self) -> NDArray[np.float64]:
        """From a sample of the training scans, evenly spread, to their nearest of another group; sorted."""
        places = np.unique(np.linspace(0, len(self) - 1, min(len(self), _MEASURED)).astype(int))
        found = []
        for start in range(0, len(places), _BLOCK):
            block = places[start : start + _BLOCK]
            products = self._directions[block] @ self._directions.T
            products[self._group_numbers[block][:, None] == self._group_numbers[None, :]] = -np.inf
            found += [self._least(row, self._directions[place]) for row, place in zip(products, block, strict=True)]
        distances = np.array(found)
        return np.sort(distances[~np.isnan(distances)])


def shown_classes(classes: tuple[str, ...], positive: str) -> tuple[str, ...]:
    """The classes with the positive one first."""
    return (positive, *(name for name in classes if name != positive))


def leak_words(found: LookAlikes, neighbour: Neighbour, copy: str) -> str:
    """Why a neighbour means that the scan's score is no score of an unseen scan; empty where it does not.

    Args:
        copy: what `core.explanation.near_copies` found it to be, else empty.
    """
    if found.split == "train":  # it was learnt from anyway
        return ""
    kinds = [*(["same group"] if neighbour.same_group else []), *([copy] if copy else [])]
    return f"leak: {', '.join(kinds)}" if kinds else ""
