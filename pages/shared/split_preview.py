"""How a training would split the dataset, or why it could not."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from core.data.split_ways import SplitWay
from core.data.splits import assign_splits, split_preview
from core.data.trainable import check_trainable
from core.errors import DatasetError
from pages.shared.errors import say_error
from pages.shared.split_choice import choose_split
from pages.shared.tables import table_with_download
from pages.shared.words import SPLIT_NAMES, literal


@dataclass(frozen=True, eq=False)
class SplitPreview:
    """The split that a training with the first seed would use.

    Attributes:
        way: as chosen.
        split: train, val, test or empty, shape (scans,), indexed as the dataset's table.
        how: how it was drawn, in a sentence; empty where nothing can be trained.
        refusal: why nothing can be trained, in a line; else empty.
    """

    way: SplitWay
    split: pd.Series
    how: str
    refusal: str


def preview_split(dataset: Dataset, way: SplitWay) -> SplitPreview:
    """The split with seed 0, which is every preset's; where that fails, the split as the dataset gives it."""
    given = dataset.table["split"].copy()
    try:
        check_trainable(dataset, way)
        drawn, how = assign_splits(dataset.usable, seed=0, way=way)
    except DatasetError as error:
        return SplitPreview(way, given, "", str(error))
    split = given.where(dataset.table["problem"] != "", drawn.reindex(given.index))
    return SplitPreview(way, split, how, "")


def show_split(dataset: Dataset, page: str) -> SplitPreview:
    """Choose how to split, and see what each part would hold; `page` keeps the boxes of two pages apart."""
    preview = preview_split(dataset, choose_split(dataset, page))
    if preview.refusal:
        say_error(preview.refusal, before="Cannot be trained on like this: ")
        return preview
    usable = dataset.usable
    parts = split_preview(usable, preview.split.reindex(usable.index))
    table_with_download(
        parts.assign(split=parts["split"].map(SPLIT_NAMES)).rename(columns={"groups": "groups in it"}),
        f"{dataset.root.name}-split-preview",
        alt="Scans and groups of each class in each part of the split",
    )
    st.caption(literal(preview.how))
    return preview
