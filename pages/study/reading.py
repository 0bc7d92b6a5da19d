"""One case after the other: the scan alone, then with the model. Nothing here tells more than the phase allows.

Keys of widgets, alternative texts and the address reach the browser, so they hold places in the reader's order, never
a file's name.
"""

import time
from functools import partial

import streamlit as st

from core.errors import ExplorerError
from core.review.studies.store import StudyBook
from core.review.studies.study import (
    AFTER_EACH_CASE,
    AIDED,
    LEFT_OUT,
    RATINGS,
    UNAIDED,
    Step,
    Study,
    order_for,
    rating_words,
)
from core.runs import Run
from pages.shared import cached, state
from pages.shared.errors import say_error, say_problem
from pages.shared.words import literal, score_text
from pages.study.picture import show_picture


def show_reading(book: StudyBook, study: Study, reader: str) -> None:
    """What comes next for this reader."""
    run = next((run for run in cached.finished_runs() if run.id == study.run), None)
    step = book.next_step(study, reader)
    truth_of = st.session_state.get(state.STUDY_TRUTH)
    _head(study, reader, step)
    if problem := state.take(state.STUDY_PROBLEM):
        say_problem(problem)
    if run is None:
        say_error(f"expected the run {study.run} beside this study, found none; bring its folder back to go on")
    elif truth_of is not None:
        _show_truth(study, reader, int(truth_of))
    elif step is None:
        _show_end(study)
    else:
        _show_case(book, study, reader, step, run)


def _head(study: Study, reader: str, step: Step | None) -> None:
    done, of = (len(study.cases) if step is None else step.position - 1), len(study.cases)
    where, bar, pause = st.columns([3, 4, 2], vertical_alignment="center")
    where.markdown(f"**{literal(study.name)}** · {literal(reader)}")
    bar.progress(done / of, text=f"{done} of {of} cases read")
    pause.button(
        "Pause" if step is not None else "Close",
        icon=":material/pause:",
        width="stretch",
        key="study-pause",
        on_click=_pause,
    )


def _show_case(book: StudyBook, study: Study, reader: str, step: Step, run: Run) -> None:
    grid = st.grid(5, min_column_width=160, gap="medium")
    left, right = grid.cell(column_span=3), grid.cell(column_span=2)
    with right:
        st.subheader(f"Case {step.position} of {step.of}")
    try:
        with left:
            show_picture(run, study, reader, step)
    except ExplorerError:
        # Its words may name the file, and a file's name may hold the class.
        say_error("the scan of this case cannot be shown: its file is missing or damaged", place=left)
        if step.phase == UNAIDED:
            right.button(
                "Leave this case out",
                key=f"study-out-{step.position}",
                on_click=_commit,
                args=(book, study, reader, step, LEFT_OUT),
            )
            return
    _shown_since(study, reader, step)
    with right:
        if step.phase == AIDED:
            _show_model(study, step)
        _ask(book, study, reader, step)


def _show_model(study: Study, step: Step) -> None:
    case = step.case
    score, call = st.columns(2)
    score.metric(f"Score for {literal(study.positive)}", score_text(case.score), help="Probability, from 0 to 1.")
    call.metric("The model calls it", literal(case.called), help=f"Positive from {score_text(study.threshold)} on.")
    if step.before is not None:
        st.markdown(f"Alone you said: **{literal(rating_words(step.before, study.positive))}**.")


def _ask(book: StudyBook, study: Study, reader: str, step: Step) -> None:
    alone = step.phase == UNAIDED
    st.markdown(f"**Is it {literal(study.positive)}?** " + ("From the scan alone." if alone else "Now with the model."))
    chosen = _chosen(step)
    for rating in RATINGS:
        st.button(
            literal(rating_words(rating, study.positive)),
            key=f"study-rating-{step.position}-{step.phase}-{rating}",
            type="primary" if rating == chosen else "secondary",
            icon=":material/radio_button_checked:" if rating == chosen else ":material/radio_button_unchecked:",
            shortcut=str(rating),
            width="stretch",
            on_click=_choose,
            args=(step, rating),
        )
    st.button(
        "Keep for good, and show the model" if alone else "Keep for good, and go on",
        key=f"study-commit-{step.position}-{step.phase}",
        type="primary",
        icon=":material/check:",
        shortcut="Enter",
        disabled=chosen is None,
        width="stretch",
        on_click=partial(_commit, book, study, reader, step, chosen),
    )
    st.caption("Keys 1 to 6 choose, Enter keeps. What is kept cannot be changed.")


def _show_truth(study: Study, reader: str, number: int) -> None:
    case, place = study.cases[number], order_for(study, reader).index(number) + 1
    right = case.called == case.label
    st.info(
        f"Case {place} is **{literal(case.label)}**. The model called it {literal(case.called)}, "
        f"{'rightly' if right else 'wrongly'}.",
        icon=":material/fact_check:",
    )
    st.button("Next", type="primary", key="study-next", shortcut="Enter", on_click=_forget_truth)


def _show_end(study: Study) -> None:
    st.success("All cases are read. Thank you.", icon=":material/task_alt:")
    st.button("See the results", type="primary", key="study-to-results", on_click=_to_results, args=(study.id,))


def _chosen(step: Step) -> int | None:
    """What was chosen for this case in this phase, and not yet kept."""
    number, phase, rating = st.session_state.get(state.STUDY_RATING, (-1, "", 0))
    return int(rating) if (number, phase) == (step.case.number, step.phase) else None


def _choose(step: Step, rating: int) -> None:
    """Callback: another rating is chosen."""
    st.session_state[state.STUDY_RATING] = (step.case.number, step.phase, rating)


def _commit(book: StudyBook, study: Study, reader: str, step: Step, rating: int) -> None:
    """Callback: keep the rating for good."""
    seconds = 0.0 if rating == LEFT_OUT else _seconds_shown(study, reader, step)
    try:
        book.commit(study, reader, number=step.case.number, phase=step.phase, rating=rating, seconds=seconds)
    except ExplorerError as error:
        state.put(state.STUDY_PROBLEM, str(error))
        return
    st.session_state.pop(state.STUDY_RATING, None)
    if study.truth_shown == AFTER_EACH_CASE and step.phase == AIDED:
        st.session_state[state.STUDY_TRUTH] = step.case.number


def _shown_since(study: Study, reader: str, step: Step) -> None:
    """Note when this case came on screen in this phase; a pause is no part of it."""
    what = (study.id, reader, step.case.number, step.phase)
    if st.session_state.get(state.STUDY_SHOWN, ())[:4] != what:
        st.session_state[state.STUDY_SHOWN] = (*what, time.monotonic())


def _seconds_shown(study: Study, reader: str, step: Step) -> float:
    shown = st.session_state.get(state.STUDY_SHOWN, ())
    if shown[:4] != (study.id, reader, step.case.number, step.phase):
        return 0.0
    return round(time.monotonic() - shown[4], 1)


def _pause() -> None:
    """Callback: nothing of a case stays on screen."""
    for key in (state.STUDY_READER, state.STUDY_RATING, state.STUDY_SHOWN, state.STUDY_TRUTH):
        st.session_state.pop(key, None)


def _forget_truth() -> None:
    st.session_state.pop(state.STUDY_TRUTH, None)


def _to_results(study: str) -> None:
    """Callback: this reader has read it all and may see what came of it."""
    _pause()
    st.session_state[state.STUDY_FIGURES + study] = True
    st.session_state[state.STUDY_TAB] = "Results"
