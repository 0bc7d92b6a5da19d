"""How is it learning? The training page."""

import streamlit as st

from core.commands.trainings import new_run
from core.errors import ExplorerError
from core.runs import Run
from core.training import jobs
from pages.shared import cached, state
from pages.shared.errors import say_error, say_problem
from pages.shared.progress import WORKING
from pages.shared.words import run_name
from pages.training.form import training_form
from pages.training.live import live_run


def _watched(runs: list[Run]) -> Run:
    """The run to show: the one chosen, else the one at work, else the newest."""
    by_id = {run.id: run for run in runs}
    statuses = {run.id: jobs.current_status(run)[0] for run in runs}
    first = ("running", "queued")
    order = sorted(by_id, key=lambda run_id: first.index(statuses[run_id]) if statuses[run_id] in WORKING else 2)
    chosen = state.get(state.WATCHED_RUN)
    picked = st.selectbox(
        "Runs",
        order,
        index=order.index(chosen) if chosen in by_id else 0,
        format_func=lambda run_id: f"{statuses[run_id]}: {run_name(by_id[run_id])}",
        help="One trains at a time; the others wait in the order they were started.",
    )
    state.put(state.WATCHED_RUN, picked)
    return by_id[picked]


st.title("Training")
runs, problems = cached.all_runs()
with st.expander("Train a network", expanded=not runs or bool(state.get(state.DATA_FOLDER)), icon=":material/add:"):
    try:
        asked = training_form()
        if asked:
            folder, preset, settings = asked
            run = new_run(folder, preset=preset, settings=settings, runs_folder=cached.runs_folder())
            jobs.start_in_background(run)
            state.put(state.WATCHED_RUN, run.id)
            st.rerun()
    except ExplorerError as error:
        say_error(error)
for problem in problems:
    say_problem(problem)
if runs:
    live_run(_watched(runs))
else:
    st.info("No run yet. Choose a dataset above, or take the synthetic scans on the start page.")
