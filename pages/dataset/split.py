"""How a training would split the dataset, or why it could not."""

from dataclasses import dataclass

import pandas as pd

from core.data.index import Dataset, check_trainable
from core.data.splits import assign_splits
from core.errors import DatasetError


@dataclass(frozen=True, eq=False)
class SplitPreview:
    """The split that a training with the first seed would use.

    Attributes:
        split: train, val, test or empty, shape (scans,), indexed as the dataset's table.
        how: how it was drawn, in a sentence; empty where nothing can be trained.
        refusal: why nothing can be trained, in a line; else empty.
    """

    split: pd.Series
    how: str
    refusal: str


def preview_split(dataset: Dataset) -> SplitPreview:
    """The split with seed 0, which is every preset's; where that fails, the split as the dataset gives it."""
    given = dataset.table["split"].copy()
    try:
        check_trainable(dataset)
        drawn, how = assign_splits(dataset.usable, seed=0)
    except DatasetError as error:
        return SplitPreview(given, "", str(error))
    split = given.where(dataset.table["problem"] != "", drawn.reindex(given.index))
    return SplitPreview(split, how, "")
