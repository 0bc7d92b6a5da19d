"""What stands around every page: the chosen run, the threshold in force, errors in one line, the footer."""

from typing import Any

import streamlit as st

from core.errors import ExplorerError, failure_line
from core.runs import Run
from pages.shared import cached, state
from pages.shared.words import percent, rule_words, run_name


class _PageEndedError(Exception):
    """The page has said all it can; what stands around it still follows, unlike after `st.stop`."""


def sidebar() -> None:
    """The run picker, and the threshold in force for the picked run: the same on every page."""
    runs = {run.id: run for run in cached.finished_runs()}
    with st.sidebar:
        if not runs:
            st.caption("No finished run yet. Start with the synthetic scans, or train on your own.")
            return
        wanted = state.get(state.PICKED_RUN)
        if wanted not in runs:
            if wanted:
                st.warning(f"There is no finished run {wanted} here; showing the newest.")
            state.put(state.PICKED_RUN, next(iter(runs)))
        st.selectbox(
            "Run",
            list(runs),
            key=state.PICKED_RUN,
            format_func=lambda run_id: run_name(runs[run_id]),
            on_change=lambda: state.put(state.CASE, ""),
            persist_state="session",  # st.switch_page forgets what widgets hold
        )
        _threshold_in_force(runs[state.get(state.PICKED_RUN)])


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


def run_safely(page: Any) -> None:
    """Run a page; what people can act on is shown in one line, never as a traceback."""
    try:
        page.run()
    except _PageEndedError:
        pass
    except ExplorerError as error:
        st.error(failure_line(error), icon=":material/error:")
    state.write_address(page.url_path or "start")


def footer() -> None:
    """Stands where predictions stand."""
    st.caption("Research use only, not a medical device.")


def _threshold_in_force(run: Run) -> None:
    from core.results import point_in_force

    try:
        point = point_in_force(run)
    except ExplorerError as error:
        st.error(failure_line(error), icon=":material/error:")
        return
    st.metric(
        "Threshold in force",
        f"{point.threshold:.3f}",
        help=f"Positive ({run.record.positive}) if the score is at least this. Every page uses it.",
    )
    if point.rule == "default":
        st.caption("Nobody has chosen it yet: choose one on the Threshold page.")
    else:
        rule = rule_words(point.rule)
        st.caption(
            f"{rule[0].upper()}{rule[1:]}. "
            f"There it misses {percent(point.fnr)} and falsely alarms {percent(point.fpr)}."
        )
