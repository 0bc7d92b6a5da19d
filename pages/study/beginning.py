"""Who reads: begin, or go on where one stopped."""

import pandas as pd
import streamlit as st

from core.errors import ExplorerError
from core.review.studies.store import StudyBook
from core.review.studies.study import AFTER_EACH_CASE, Study, cases_read, tidy_name
from pages.shared import state
from pages.shared.errors import say_error
from pages.shared.words import literal


def show_beginning(book: StudyBook, study: Study) -> None:
    """The way into a study, and how far each reader is."""
    answers = book.answers(study)
    truth = "after each case" if study.truth_shown == AFTER_EACH_CASE else "after the last case"
    st.markdown(
        f"{len(study.cases)} cases. You see each scan alone and rate it; that is kept for good. Then the model's score "
        f"and map appear, and you rate it again. The truth is told {truth}. "
        "Stop whenever you like: under the same name you go on where you stopped, here or on another machine."
    )
    with st.form("begin-study", border=False):
        name, begin = st.columns([3, 1], vertical_alignment="bottom")
        name.text_input("Your name", key=state.STUDY_NAME, max_chars=80, persist_state="session")
        begin.form_submit_button(
            "Begin or go on", type="primary", width="stretch", on_click=_begin, icon=":material/play_arrow:"
        )
    if problem := state.take(state.STUDY_PROBLEM):
        say_error(problem)
    readers = book.readers(study)
    if not readers:
        st.caption("Nobody has begun yet.")
        return
    of = len(study.cases)
    rows = [(literal(reader), f"{cases_read(study, reader, answers)} of {of}") for reader in readers]
    table = pd.DataFrame(rows, columns=["Reader", "Cases read"])
    st.table(table.set_index("Reader"), border="horizontal")


def _begin() -> None:
    """Callback: a name begins the reading."""
    try:
        reader = tidy_name(state.get(state.STUDY_NAME), "your name")
    except ExplorerError as error:
        state.put(state.STUDY_PROBLEM, str(error))
        return
    state.put(state.STUDY_READER, reader)
