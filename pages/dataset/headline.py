"""The dataset in four figures, and what its groups can promise."""

import streamlit as st

from core.data.dataset import Dataset
from pages.shared.words import literal


def show_headline(dataset: Dataset) -> None:
    """Scans, usable ones, classes and groups; then what is to be said about the folder as a whole."""
    usable = dataset.usable
    left_out = len(dataset.table) - len(usable)
    groups = usable["group"].nunique()
    with st.grid(4, min_column_width=170):
        _figure("Scans", len(dataset.table), "found or listed")
        _figure("Usable", len(usable), f"{left_out:,} with a problem" if left_out else "no problem found")
        _figure("Classes", len(dataset.classes), literal(", ".join(dataset.classes)) or "none")
        _figure("Groups", groups, _group_words(dataset, groups))
    meaning = literal(dataset.group_meaning[:1].upper() + dataset.group_meaning[1:] + ".")
    if dataset.group_source == "patient":
        st.caption(meaning)
    else:
        st.warning(meaning, icon=":material/warning:")
    for note in dataset.notes:
        st.info(literal(note[:1].upper() + note[1:] + "."), icon=":material/info:")


def _figure(label: str, value: int, words: str) -> None:
    st.metric(label, f"{value:,}", words, delta_color="off", delta_arrow="off", border=True, height="stretch")


def _group_words(dataset: Dataset, groups: int) -> str:
    if dataset.group_source == "patient":
        return "patients"
    copies = len(dataset.usable) - groups
    return f"with {copies:,} exact copies" if copies else "each scan by itself"
