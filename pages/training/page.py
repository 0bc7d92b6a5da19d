"""How is it learning? The training page."""

import streamlit as st

from core.commands.trainings import new_run
from core.errors import ExplorerError
from core.runs import Run
from core.training import jobs
from pages.shared import cached, state
from pages.shared.errors import say_error, say_problem
from pages.shared.progress import WORKING
from pages.shared.words import run_names
from pages.training.form import training_form
from pages.training.live import live_run
from pages.training.queue import show_queue
from pages.training.sweep_form import sweep_form
from pages.training.sweeps import show_sweeps

_TABS = ("Runs", "Queue", "Sweeps")


def _watched(runs: list[Run]) -> Run:
    """The run to show: the one chosen, else the one at work, else the newest."""
    by_id, names = {run.id: run for run in runs}, run_names(runs)
    statuses = {run.id: jobs.current_status(run)[0] for run in runs}
    first = ("running", "queued")
    order = sorted(by_id, key=lambda run_id: first.index(statuses[run_id]) if statuses[run_id] in WORKING else 2)
    chosen = state.get(state.WATCHED_RUN)
    picked = st.selectbox(
        "Run to watch",
        order,
        index=order.index(chosen) if chosen in by_id else 0,
        format_func=lambda run_id: f"{statuses[run_id]}: {names[run_id]}",
        help="One trains at a time; the others wait, in the order that the queue shows.",
    )
    state.put(state.WATCHED_RUN, picked)
    return by_id[picked]


def _new_training() -> None:
    """The form, and beside its button the way to try several values of it."""
    asked = training_form()
    if asked is None:
        return
    if asked.start:
        run = new_run(asked.folder, preset=asked.preset, settings=asked.settings, runs_folder=cached.runs_folder())
        jobs.start_in_background(run)
        state.put(state.WATCHED_RUN, run.id)
        state.put(state.FORM_DONE, str(asked.folder))
        state.put(state.TRAINING_TAB_WANTED, "Runs")
        st.rerun()
    sweep_form(asked)


def _tab_pressed() -> None:
    """A tab that is pressed before the wanted one could be opened is what is wanted now."""
    state.take(state.TRAINING_TAB_WANTED)


st.title("Training")
runs, problems = cached.all_runs()
folder = state.get(state.DATA_FOLDER)
unfolded = not runs or (bool(folder) and folder != state.get(state.FORM_DONE))
with st.expander("Train a network", expanded=unfolded, icon=":material/add:"):
    try:
        _new_training()
    except ExplorerError as error:
        say_error(error)
for problem in problems:
    say_problem(problem)
if wanted := state.take(state.TRAINING_TAB_WANTED):
    state.put(state.TRAINING_TAB, wanted)
watching, waiting, sweeping = st.tabs(_TABS, key=state.TRAINING_TAB, on_change=_tab_pressed)
if watching.open:
    with watching:
        if runs:
            live_run(_watched(runs))
        else:
            st.info("No run yet. Choose a dataset above, or take the synthetic scans on the start page.")
if waiting.open:
    with waiting:
        show_queue()
if sweeping.open:
    with sweeping:
        show_sweeps()
