"""Figures under corrected labels, kept until a note, a score or a threshold changes."""

from typing import TYPE_CHECKING

import streamlit as st

from core.review.notes.note_book import notes_of
from core.runs import Run
from pages.shared.cached import changed_at, scores_changed

if TYPE_CHECKING:
    from core.review.notes.corrected_figures import CorrectedFigures


def figures_before_and_after(run: Run, split: str, threshold: float) -> "CorrectedFigures":
    """A split's figures with the first and the corrected labels. Raises as `corrected_figures` does."""
    made_from = (*scores_changed(run), changed_at(run.folder / "index.parquet"), *notes_of(run).changed())
    return _figures(str(run.folder), made_from, split, threshold, run)


@st.cache_resource(show_spinner="Computing intervals", max_entries=8)
def _figures(folder: str, made_from: tuple[float, ...], split: str, threshold: float, _run: Run) -> "CorrectedFigures":
    from core.review.notes.corrected_figures import corrected_figures

    return corrected_figures(_run, split, notes_of(_run).standing(), threshold)
