"""What "label wrong" verdicts change: the run's figures before and after, and a corrected copy of its dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.data.arrivals.names import clean_folder_name
from core.errors import ExplorerError, failure_line
from core.results import splits_of
from core.review.notes.note_book import notes_of
from core.review.notes.verdicts import LABEL_WRONG
from core.runs import Run, read_index
from pages.review.cached_notes import figures_before_and_after
from pages.shared import cached, state
from pages.shared.known_folders import allow
from pages.shared.tables import table_with_download
from pages.shared.words import SPLIT_NAMES, decimal, decimal_interval, interval, literal, percent, score_text

if TYPE_CHECKING:
    from core.review.notes.corrected_figures import CorrectedFigures

_MOST_SENTENCES = 20


def show_corrected_figures(run: Run) -> None:
    """The figures with the labels as they were and as readers agree they should be; then the copy to train on."""
    st.subheader("What corrected labels change")
    if not any(note.verdict == LABEL_WRONG for note in notes_of(run).standing()) and not run.record.corrected:
        st.info(
            'No reader calls a label wrong yet. The verdict "Label wrong" beside a scan does, and what that changes '
            "about the figures is shown here.",
            icon=":material/edit_note:",
        )
        return
    splits = [split for split in ("test", "val") if split in splits_of(run)]
    split = st.segmented_control(
        "Split",
        splits,
        default=splits[0],
        key=state.NOTES_FIGURES_SPLIT,
        format_func=lambda name: SPLIT_NAMES[name],
        required=True,
    )
    found = figures_before_and_after(run, split, cached.point_in_force(run).threshold)
    _figures(run, found)
    _copy(run)


def _figures(run: Run, found: "CorrectedFigures") -> None:
    st.markdown(
        f"**{found.changed:,}** of {found.before.n:,} labels of this split differ. Of {found.errors:,} errors by the "
        f"first labels **{found.mended:,}** are none by the corrected ones; of {found.right:,} right calls "
        f"**{found.spoilt:,}** become errors. {found.read_words}"
    )
    if found.warning:
        st.warning(literal(found.warning), icon=":material/balance:")
    with st.grid(4, min_column_width=150):
        for name, before, after in found.rows():
            say, say_interval = (decimal, decimal_interval) if name == "AUC" else (percent, interval)
            st.metric(
                name,
                say(after),
                f"was {say(before)}",
                delta_color="off",
                delta_arrow="off",
                help=f"With corrected labels {say_interval(after)}; with the first ones {say_interval(before)}.",
                border=True,
            )
    st.caption(f"Corrected labels large, first labels below; the same scores, at {score_text(found.before.threshold)}.")
    rows = [
        (name, before.value, before.low, before.high, after.value, after.low, after.high)
        for name, before, after in found.rows()
    ]
    columns = ["figure", "first labels", "from", "to", "corrected labels", "from ", "to "]
    table_with_download(
        pd.DataFrame(rows, columns=columns),
        f"corrected-labels-{run.id}-{found.before.split}",
        alt="Figures with the first and the corrected labels, with 95 % intervals",
    )
    if found.not_applied:
        with st.expander(f"Called wrong, not changed ({len(found.not_applied)})", icon=":material/rule:"):
            for sentence in found.not_applied[:_MOST_SENTENCES]:
                st.markdown(f"- {literal(sentence)}")


def _copy(run: Run) -> None:
    """A dataset of its own with the corrected labels, for the next training."""
    with st.expander("Make a corrected copy of the dataset", icon=":material/content_copy:"):
        st.caption(
            "The original stays as it is. The copy keeps this run's split, so that a run on it is compared scan by "
            "scan, and every run on it says that its labels were corrected."
        )
        begun = f"{Path(run.record.data).name}-corrected"
        name = st.text_input("Name of the copy", begun, key=state.NOTES_COPY_NAME, max_chars=80)
        if st.button("Make the copy", key="make-copy", icon=":material/content_copy:"):
            _make(run, name)


def _make(run: Run, name: str) -> None:
    from core.review.notes.corrected_copy import corrected_copy

    try:
        tidy = clean_folder_name(name, what="the copy")
        index = read_index(run)
        splits = dict(zip(index["path"].astype(str), index["split"].astype(str), strict=True))
        with st.spinner("Looking at the scans, then linking them"):
            made = corrected_copy(run.record.data, cached.data_folder() / tidy, notes_of(run).standing(), splits=splits)
    except ExplorerError as error:
        st.error(literal(failure_line(error)), icon=":material/error:")
        return
    st.success(
        f"{made.changed:,} of {made.scans:,} labels changed in {literal(str(made.folder))}.", icon=":material/check:"
    )
    allow(str(made.folder))
    st.page_link("training/page.py", label="Train on it", icon=":material/model_training:")
