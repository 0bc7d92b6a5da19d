"""The scans themselves, a page of thumbnails at a time."""

import re
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from core.data.thumbnails import thumbnail_jpeg
from pages.shared import cached_scans, state
from pages.shared.errors import errors_in_a_line
from pages.shared.words import SPLIT_NAMES, literal

PER_PAGE = 24
_ALL = "All"
_PROBLEMS = ("All", "Usable", "With a problem")


@st.fragment
@errors_in_a_line()
def show_gallery(dataset: Dataset, split: pd.Series) -> None:
    """Thumbnails by class, split and problem; paging repaints this part alone.

    Args:
        dataset: its scans, those with a problem too.
        split: of each, indexed as the dataset's table.
    """
    st.subheader("Scans")
    table = dataset.table.assign(split=split)
    shown, chosen = _filtered(table)
    pages = max(1, -(-len(shown) // PER_PAGE))
    if shown.empty:
        st.info("No scan matches. Choose another class, split or state above.", icon=":material/filter_list:")
        return
    page = 1
    if pages > 1:
        # Another choice is another key, so it begins at its first page.
        page = st.pagination(pages, key=f"{state.GALLERY_PAGE}{dataset.fingerprint[:12]}-{chosen}")
    rows = shown.iloc[(page - 1) * PER_PAGE : page * PER_PAGE]
    st.caption(f"{len(shown):,} scans, {(page - 1) * PER_PAGE + 1:,} to {(page - 1) * PER_PAGE + len(rows):,} shown")
    with st.grid(6, min_column_width=130):
        for row in rows.itertuples(index=False):
            _tile(dataset, row)


def _filtered(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    labels = [_ALL, *sorted(name for name in table["label"].unique() if name)]
    splits = [_ALL, *(name for name in SPLIT_NAMES if (table["split"] == name).any())]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox("Class", labels, key=state.GALLERY_CLASS, width=220)
        split = st.selectbox(
            "Split",
            splits,
            key=state.GALLERY_SPLIT,
            format_func=lambda name: SPLIT_NAMES.get(name, name),
            width=160,
        )
        usable = _ALL
        if (table["problem"] != "").any():
            usable = st.selectbox("State", _PROBLEMS, key=state.GALLERY_STATE, width=180)
    keep = pd.Series(True, index=table.index)
    if label != _ALL:
        keep &= table["label"] == label
    if split != _ALL:
        keep &= table["split"] == split
    if usable != _ALL:
        keep &= (table["problem"] != "") == (usable == _PROBLEMS[2])
    kept = table[keep]
    order = kept["path"].map(_reading_order).argsort(kind="stable")
    return kept.iloc[order], f"{label}-{split}-{usable}"


def _reading_order(path: str) -> str:
    """Slice 2 before slice 10, as neighbours in a series are."""
    return re.sub(r"\d+", lambda digits: digits.group().zfill(12), path)


def _tile(dataset: Dataset, row: Any) -> None:
    name = PurePosixPath(row.path).name
    # Only what indexing has decoded may be read: a path with a problem may lead anywhere.
    picture = cached_scans.thumbnail(dataset.root / row.path) if row.sha256 and row.width else None
    with st.container(gap="xxsmall"):
        if picture:
            st.image(picture, width="stretch", alt=f"Scan {name}, {row.label}")
        else:
            st.image(_nothing(), width="stretch", alt=f"No picture of {name}")
        st.caption(f"**{literal(row.label or 'no label')}** {literal(name)}")
        if row.problem:
            st.markdown(f":small[:red[{literal(row.problem)}]]")


def _nothing() -> bytes:
    return thumbnail_jpeg(np.zeros((1, 1), np.uint8))
