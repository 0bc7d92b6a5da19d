"""What all checks look at, gathered once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data.dataset import Dataset
from core.data.near_duplicates import SQUARE_PX, Pairs, near_pairs
from core.data.pixels import decoded

# Called with (what is being done, done, total); what it raises ends the audit.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Evidence:
    """A dataset's usable scans and how they look.

    Attributes:
        dataset: as indexed.
        table: its usable rows, numbered from 0.
        squares: the scans, shape (n, SQUARE_PX, SQUARE_PX).
        near: pairs of rows that look nearly the same but are not the same to the pixel, shape (m, 2).
        near_correlations: how alike they are, shape (m,), at most 1.
    """

    dataset: Dataset
    table: pd.DataFrame
    squares: NDArray[np.uint8]
    near: Pairs
    near_correlations: NDArray[np.float32]

    @cached_property
    def paths(self) -> list[str]:
        """Of each row."""
        return [str(path) for path in self.table["path"]]

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The number of each row's class in `classes`, shape (n,)."""
        return np.searchsorted(np.array(self.classes, object), self.table["label"].to_numpy(object))

    @property
    def classes(self) -> tuple[str, ...]:
        """As the dataset's."""
        return self.dataset.classes

    def paths_of(self, rows: NDArray[np.int64] | list[int]) -> tuple[str, ...]:
        """The paths of some rows."""
        return tuple(self.paths[int(row)] for row in rows)

    def word(self, row: int) -> str:
        """What a scan is, under its picture: its label, and its split where one is given."""
        label, split = (str(self.table.at[row, name]) for name in ("label", "split"))
        return f"{label}, {split}" if split else label


def gather(dataset: Dataset, progress: Progress) -> Evidence:
    """Decode the scans, or take them from the store, and compare them all.

    Raises:
        DatasetError: a scan cannot be read any more, or has changed since it was indexed.
    """
    table = dataset.usable.reset_index(drop=True)

    def decoding(done: int, total: int) -> None:
        progress("decoding", done, total)

    def comparing(done: int, total: int) -> None:
        progress("comparing", done, total)

    squares = decoded(dataset.root, table, SQUARE_PX, progress=decoding)[:]
    pairs = near_pairs(squares, progress=comparing)
    pixels = table["pixels"].to_numpy(object)
    differ = np.asarray(pixels[pairs.rows[:, 0]] != pixels[pairs.rows[:, 1]], bool)
    return Evidence(dataset, table, squares, pairs.rows[differ], pairs.correlations[differ])
