"""What a run is doing, while it does it: how far it is, its curves, what is to be known about it, its log."""

import streamlit as st

from core.runs import Run, read_run
from core.training import jobs
from pages.shared import links
from pages.shared.errors import errors_in_a_line, say_error, say_problem
from pages.shared.progress import STATUS_ICONS, WORKING, show_progress, stop_button
from pages.shared.splitting import group_words
from pages.shared.words import literal, run_name, sentence
from pages.training.curves import show_curves
from pages.training.difference import differences, show_differences
from pages.training.seen import show_seen

_LOG_LINES = 12


def live_run(run: Run) -> None:
    """The run as it is now; polled while it works, still otherwise."""
    working = jobs.current_status(run)[0] in WORKING

    @st.fragment(run_every=1.0 if working else None)
    @errors_in_a_line()
    def block() -> None:
        now = read_run(run.folder)
        status, error = jobs.current_status(now)
        if working and status not in WORKING:
            st.rerun()  # it just ended: the sidebar and the list of runs change with it
        _headline(now, status, error)
        show_curves(now, working=working)
        _about(now)
        _log(now)

    block()
    show_seen(run)


def _headline(run: Run, status: str, error: str) -> None:
    st.subheader(f"{STATUS_ICONS[status]} {literal(run_name(run))}")  # type: ignore[index]
    if status in WORKING:
        show_progress(run)
        if error:
            say_problem(error)
        stop_button(run, key=f"stop-{run.id}")
    elif status == "finished":
        ways = st.container(horizontal=True, vertical_alignment="center")
        if ways.button("How good is it?", type="primary", icon=":material/monitoring:", key=f"open-{run.id}"):
            links.ask_for_run(run.id)
            st.switch_page("performance/page.py", query_params={"run": run.id})
        ways.caption(f"Best epoch {run.record.best_epoch}.")
    else:
        if error:
            say_error(error)
        ways = st.container(horizontal=True, vertical_alignment="center")
        if ways.button(
            "Go on",
            icon=":material/play_arrow:",
            key=f"resume-{run.id}",
            help="From the last finished epoch.",
        ):
            jobs.retry(run)
            st.rerun()
        if status == "stopped":
            ways.caption("Somebody stopped it.")


def _about(run: Run) -> None:
    """What is to be known about the run: what it said itself, its groups, its first weights, what it changes."""
    record = run.record
    for note in record.notes:
        st.markdown(f":material/info: {literal(sentence(note))}")
    if record.corrected:
        st.markdown(f":material/edit_note: {literal(record.corrected)} before.")
    with st.expander("About this run", icon=":material/info:"):
        st.caption(group_words(run))
        if record.weights_from:
            st.caption(f"First weights: {literal(record.weights_from)}.")
        if record.device:
            st.caption(literal(f"Trained on {record.device} in {record.precision}, seed {record.seed}."))
        if record.sweep:
            st.caption(f"A trial of the sweep {literal(record.sweep)}.")
        if record.preset_config:
            show_differences(literal(record.preset), differences(record.preset_config, record.config))
        elif record.preset:
            st.caption(f"Preset {literal(record.preset)}; this run did not write down what that was.")


def _log(run: Run) -> None:
    if not run.log_path.exists():
        return
    with st.expander("Log", icon=":material/notes:"):
        st.code("\n".join(jobs.last_lines(run, _LOG_LINES)) or "Nothing yet.", language=None)
