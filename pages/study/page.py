"""What does the model add to a reader? The reading study: made, read, and what it found."""

import streamlit as st

from core.review.studies.store import StudyBook
from core.review.studies.study import Study
from pages.shared import cached, state
from pages.shared.errors import say_problem
from pages.shared.words import SPLIT_NAMES, literal, run_name
from pages.study.beginning import show_beginning
from pages.study.making import show_making
from pages.study.reading import show_reading
from pages.study.results import show_results

READ, RESULTS, NEW = "Read", "Results", "New study"


def _chosen(studies: dict[str, Study]) -> Study | None:
    """The study in the address, else the newest; None where there is none."""
    if not studies:
        return None
    wanted = state.get(state.STUDY)
    if wanted not in studies:
        if wanted:
            say_problem(f"There is no reading study {wanted} here; showing the newest.")
        state.put(state.STUDY, next(iter(studies)))
    if len(studies) > 1:
        st.session_state[state.STUDY_LIST] = state.get(state.STUDY)
        st.selectbox(
            "Study",
            list(studies),
            key=state.STUDY_LIST,
            format_func=lambda study: studies[study].name,
            on_change=lambda: state.put(state.STUDY, state.get(state.STUDY_LIST)),
        )
    return studies[state.get(state.STUDY)]


def _about(study: Study) -> str:
    """Which model is looked at: it need not be the run in the sidebar."""
    run = next((run for run in cached.finished_runs() if run.id == study.run), None)
    name = study.run if run is None else run_name(run)
    return f"Looks at the run {literal(name)}, on its {SPLIT_NAMES[study.split].lower()} split."


def _show_tabs(book: StudyBook, study: Study) -> None:
    read, results, new = st.tabs([READ, RESULTS, NEW], key=state.STUDY_TAB, on_change="rerun")
    if read.open:
        with read:
            show_beginning(book, study)
    if results.open:
        with results:
            show_results(book, study)
    if new.open:
        with new:
            show_making(book)


book = StudyBook.of(cached.runs_folder())
studies = {study.id: study for study in book.studies()}
if state.get(state.STUDY_READER) and state.get(state.STUDY) in studies:
    show_reading(book, studies[state.get(state.STUDY)], state.get(state.STUDY_READER))
else:
    st.title("Reading study")
    study = _chosen(studies)
    if study is not None:
        st.subheader(literal(study.name))
        st.caption(_about(study))
        _show_tabs(book, study)
    else:
        st.markdown(
            "Readers call scans twice: alone, and then with the model's score and map. What the model adds, and what "
            "it spoils, is the difference."
        )
        show_making(book)
