"""How the labels that are probably wrong were found, in a line above their worklist."""

import streamlit as st

from core.review.worklists.filters import Filters
from core.runs import Run
from pages.review import cached_features
from pages.shared.errors import errors_in_a_line
from pages.shared.words import literal

_HELP = (
    "Confident learning: scores from outside the training alone, for a network that has seen a wrong label has learnt "
    "it by heart. A suspicion is a reason to look, not a verdict: a hard scan looks the same from here."
)


@errors_in_a_line()
def say_how_doubted(run: Run, filters: Filters) -> None:
    """The line, where the worklist asks for doubtful labels; else nothing."""
    if filters.mislabelled or filters.order == "doubt":
        st.caption(literal(cached_features.doubt_words(run)), help=_HELP)
