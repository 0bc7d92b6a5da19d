"""A new study: from which run and split, how many cases, drawn how."""

from functools import partial

import streamlit as st

from core.errors import ExplorerError
from core.results import splits_of
from core.review.studies.store import StudyBook
from core.review.studies.study import AT_THE_END, TRUTH_SHOWN
from core.runs import Run
from pages.shared import frame, state
from pages.shared.errors import say_error
from pages.shared.words import SPLIT_NAMES, literal, run_name

_LEAST, _USUAL, _MOST = 2, 40, 2000


def show_making(book: StudyBook) -> None:
    """The form, for the run chosen in the sidebar."""
    run = frame.run_or_empty_state()
    st.caption(f"Of the run in the sidebar: {literal(run_name(run))}, at the threshold in force now.")
    splits = [split for split in ("test", "val") if split in splits_of(run)]
    with st.form("make-study"):
        name, split, cases, seed = st.columns([4, 2, 2, 2])
        name.text_input(
            "Name of the study", key=state.NEW_STUDY + "name", max_chars=80, placeholder="First look, test scans"
        )
        split.selectbox("Split", splits, key=state.NEW_STUDY + "split", format_func=SPLIT_NAMES.__getitem__)
        cases.number_input("Cases", _LEAST, _MOST, _USUAL, key=state.NEW_STUDY + "cases")
        seed.number_input(
            "Seed",
            0,
            2**31 - 1,
            0,
            key=state.NEW_STUDY + "seed",
            help="Draws the cases and each reader's order: same seed, same.",
        )
        st.checkbox(
            "Prefer errors of the model: up to half of each class",
            key=state.NEW_STUDY + "enriched",
            help="More is learnt about wrong calls. The model's rates in the study are then worse than on the split.",
        )
        st.checkbox(
            "Several scans of one group (patient)",
            key=state.NEW_STUDY + "several",
            help="Else each group comes at most once, as scans of one patient resemble each other.",
        )
        st.radio(
            "The truth is told",
            list(TRUTH_SHOWN),
            index=list(TRUTH_SHOWN).index(AT_THE_END),
            key=state.NEW_STUDY + "truth",
            format_func=TRUTH_SHOWN.__getitem__,
            horizontal=True,
        )
        st.form_submit_button("Make the study", type="primary", on_click=partial(_make, book, run))
    if problem := state.take(state.STUDY_PROBLEM):
        say_error(problem)


def _make(book: StudyBook, run: Run) -> None:
    """Callback: draw the cases and keep the study; it is the one shown from now on."""
    from core.review.studies.sample import new_study  # brings scikit-learn with it

    asked = {name: st.session_state[state.NEW_STUDY + name] for name in ("name", "split", "cases", "seed")}
    try:
        study = new_study(
            run,
            **asked,
            enriched=st.session_state[state.NEW_STUDY + "enriched"],
            several_of_a_group=st.session_state[state.NEW_STUDY + "several"],
            truth_shown=st.session_state[state.NEW_STUDY + "truth"],
        )
        book.add(study)
    except ExplorerError as error:
        state.put(state.STUDY_PROBLEM, str(error))
        return
    state.put(state.STUDY, study.id)
    st.session_state.pop(state.STUDY_TAB, None)
