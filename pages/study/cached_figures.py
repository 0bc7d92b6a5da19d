"""The figures of a study, computed once for each number of answers: answers are only ever added."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.review.studies.study import Answer, Study

if TYPE_CHECKING:
    from core.review.studies.figures import StudyFigures


def figures(book: Path, study: Study, answers: Sequence[Answer]) -> "StudyFigures":
    """What `core.review.studies.figures.study_figures` says."""
    return _figures(str(book), study.id, len(answers), study, answers)


@st.cache_resource(show_spinner="Drawing cases anew", max_entries=16)
def _figures(path: str, study_id: str, count: int, _study: Study, _answers: Sequence[Answer]) -> "StudyFigures":
    from core.review.studies.figures import study_figures

    return study_figures(_study, _answers)
