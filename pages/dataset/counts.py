"""How many scans of which class and split there are, how large, and how they are stored."""

import pandas as pd
import streamlit as st

from core.charts.class_counts import class_counts_figure
from core.charts.image_sizes import size_scatter_figure
from core.data.dataset import Dataset
from core.evaluation.splits import SPLITS
from pages.shared import charts
from pages.shared.split_preview import SplitPreview
from pages.shared.tables import table_with_download
from pages.shared.words import literal

_GIVEAWAY_SHARE = 0.05  # of a class: below that it may be chance, and helps a network little


def show_counts(dataset: Dataset, preview: SplitPreview, positive: str | None) -> None:
    """Two charts side by side, and the tables they came from below."""
    usable = dataset.usable.assign(split=preview.split.reindex(dataset.usable.index))
    grid = st.grid(2, min_column_width=420, gap="medium")
    with grid.cell():
        st.subheader("Classes and splits")
        charts.show(class_counts_figure(usable, positive=positive), key=f"class-counts-{dataset.fingerprint}")
        if preview.how:
            st.caption(literal(preview.how))
    with grid.cell():
        st.subheader("Image sizes")
        charts.show(size_scatter_figure(usable, positive=positive), key=f"sizes-{dataset.fingerprint}")
        st.caption("A class with sizes of its own can be told apart without looking at the lungs.")
    for line in giveaways(usable):
        st.warning(literal(line), icon=":material/warning:")
    with st.expander("The figures as tables, and how the files are stored"):
        _tables(usable, dataset.root.name)


def counts_by_split(usable: pd.DataFrame) -> pd.DataFrame:
    """A row a class, a column a split, and `all`; scans in no split have the column `no split`."""
    names = usable["split"].replace("", "no split")
    counts = pd.crosstab(usable["label"], names).rename_axis(index="class", columns=None)
    order = [name for name in (*SPLITS, "no split") if name in counts.columns]
    return counts[order].assign(all=counts.sum(axis=1))


def stored_by_class(usable: pd.DataFrame) -> pd.DataFrame:
    """A row a file format and pixel mode, a column a class."""
    stored = usable["format"] + " " + usable["mode"]
    return pd.crosstab(stored, usable["label"]).rename_axis(index="stored as", columns=None)


def giveaways(usable: pd.DataFrame) -> list[str]:
    """A sentence for each file format and pixel mode that only one class has, where a good part of it does."""
    counts = stored_by_class(usable)
    if len(counts.columns) < 2:
        return []
    lines = []
    for stored, row in counts.iterrows():
        present = row[row > 0]
        if len(present) == 1 and present.iloc[0] >= _GIVEAWAY_SHARE * counts[present.index[0]].sum():
            lines.append(
                f"All {present.iloc[0]:,} scans stored as {stored} are {present.index[0]}: the classes may come from "
                "different sources, and differ in more than the disease."
            )
    return lines


def _tables(usable: pd.DataFrame, name: str) -> None:
    grid = st.grid(2, min_column_width=420, gap="medium")
    with grid.cell():
        st.markdown("**Scans by class and split**")
        table_with_download(counts_by_split(usable), f"{name}-splits", alt="Scans by class and split")
    with grid.cell():
        st.markdown("**Scans by file format and class**")
        table_with_download(stored_by_class(usable), f"{name}-formats", alt="Scans by file format and class")
        st.caption("A format or mode that only one class has gives the label away before anyone looks at the image.")
    with grid.cell(column_span="all"):
        st.markdown("**Sizes in px**")
        sizes = usable.groupby(["label", "width", "height"]).size().rename("scans").reset_index()
        table_with_download(sizes, f"{name}-sizes", alt="Scans by class, width and height", height=280)
