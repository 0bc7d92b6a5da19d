"""What stands around every page: the chosen run, the threshold in force, errors in one line, the footer."""

from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import streamlit as st

from core.runs import Run
from pages.shared import cached, links, state
from pages.shared.errors import errors_in_a_line
from pages.shared.saved_point import DEFAULT_THRESHOLD, SavedPoint, saved_point, speaks_of_calibrated_scores
from pages.shared.words import literal, run_names, score_text, sentence, share


class _PageEndedError(Exception):
    """The page has said all it can; what stands around it still follows, unlike after `st.stop`."""


def sidebar(url_path: str) -> None:
    """The run picker, and the threshold in force for the picked run: the same on every page.

    What is being tried on the threshold page is said on the others: there it moves while the sidebar stands still.
    """
    with st.sidebar, errors_in_a_line():
        if url_path == "study" and state.get(state.STUDY_READER):
            st.caption("While a study is read, the run, its threshold and its figures are hidden.")
            return
        runs = {run.id: run for run in cached.finished_runs()}
        if not runs:
            st.caption("No finished run yet. Start with the synthetic scans, or train on your own.")
            return
        wanted = state.get(state.PICKED_RUN)
        if wanted not in runs:
            if wanted:
                st.warning(f"There is no finished run {literal(wanted)} here; showing the newest.")
            state.put(state.PICKED_RUN, next(iter(runs)))
        st.selectbox(
            "Run",
            list(runs),
            key=state.PICKED_RUN,
            format_func=run_names(runs.values()).__getitem__,
            on_change=links.forget_narrowing,
            persist_state="session",  # st.switch_page forgets what widgets hold
        )
        run = runs[state.get(state.PICKED_RUN)]
        corrected = f"; {run.record.corrected}" if run.record.corrected else ""
        st.caption(literal(f"Trained on {Path(run.record.data).name}{corrected}"))
        _threshold_in_force(run)
        if url_path != "threshold":
            _threshold_being_tried(run)


def picked_run() -> Run | None:
    """The run chosen in the sidebar, if there is a finished one."""
    for run in cached.finished_runs():
        if run.id == state.get(state.PICKED_RUN):
            return run
    return None


def run_or_empty_state() -> Run:
    """The picked run; without one, says what to do next, with the button to do it, and ends the page."""
    run = picked_run()
    if run is not None:
        return run
    st.info("There is no finished run to look at yet.", icon=":material/info:")
    left, right, _ = st.columns([1, 1, 2])
    if left.button("Try it on synthetic scans", type="primary", width="stretch"):
        st.switch_page("home/page.py")
    if right.button("Open your own scans", width="stretch"):
        st.switch_page("dataset/page.py")
    raise _PageEndedError


def end_page() -> NoReturn:
    """The page has said all it can; what stands around it still follows."""
    raise _PageEndedError


def run_safely(page: Any) -> None:
    """Run a page; what goes wrong is shown in one line, never as a traceback, and the address is kept."""
    with errors_in_a_line(), suppress(_PageEndedError):
        page.run()
    links.write_address(page.url_path or "start")


def footer() -> None:
    """Stands where predictions stand."""
    st.caption("Research use only, not a medical device.")


@errors_in_a_line()
def _threshold_in_force(run: Run) -> None:
    """One line where it is damaged: another run can still be chosen above."""
    point = saved_point(run)
    two = point is not None and point.upper is not None
    upper = f" and {score_text(point.upper)}" if two else ""
    between = " Ruled in from the second on; in between a scan is referred to a reader." if two else ""
    st.metric(
        "Threshold in force",
        f"{score_text(DEFAULT_THRESHOLD if point is None else point.threshold)}{upper}",
        help=f"Positive ({literal(run.record.positive)}) if the score is at least this. Every page uses it.{between}",
    )
    if point is None or point.rule == "default":
        st.caption("The default: nobody has chosen it yet. Choose one on the Threshold page.")
    else:
        st.caption(f"{literal(sentence(point.says))} {_rates_words(point)}")
    if speaks_of_calibrated_scores(run):
        st.caption(":material/thermostat: Calibrated scores, on every page. The switch is on the Performance page.")


def _rates_words(point: SavedPoint) -> str:
    where = "On validation" if point.split == "val" else f"On {literal(point.split)}"
    misses = f"{where} it misses {share(point.fnr)}"
    if point.upper is None:
        return f"{misses} and falsely alarms {share(point.fpr)}."
    if point.ruled_in_fpr is None or point.referred is None:
        return f"{misses} and does not rule out {share(point.fpr)} of the others."
    return f"{misses}, falsely alarms {share(point.ruled_in_fpr)} and refers {share(point.referred)}."


@errors_in_a_line()
def _threshold_being_tried(run: Run) -> None:
    tried = st.session_state.get(state.THRESHOLD_DRAFTS, {}).get(run.id)
    if tried is None or bool(tried.score_kind) != speaks_of_calibrated_scores(run):
        return
    point = saved_point(run)
    if point is not None and (point.threshold, point.upper, point.rule) == (tried.threshold, tried.upper, tried.rule):
        return
    upper = "" if tried.upper is None else f" and {score_text(tried.upper)}"
    st.caption(
        f":material/tune: Being tried on the Threshold page: {score_text(tried.threshold)}{upper}. It is not in force."
    )
