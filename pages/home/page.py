"""Start here: what this is, and one click to a trained model to explore."""

import streamlit as st

from core.commands.trainings import new_demo_run
from core.runs import Run
from core.training import jobs
from pages.shared import cached, links
from pages.shared.errors import errors_in_a_line, say_error, say_problem
from pages.shared.progress import WORKING, show_progress, stop_button
from pages.shared.words import run_name


def _show_demo() -> None:
    """The button, or the demo's progress, or the way into its result."""
    demos = [run for run in cached.all_runs()[0] if run.record.phantoms]
    newest = demos[0] if demos else None
    status, error = jobs.current_status(newest) if newest else ("", "")
    working = status in WORKING
    _demo_block(newest.id if newest else "", working, error)


def _demo_block(run_id: str, working: bool, error: str) -> None:
    @st.fragment(run_every=0.5 if working else None)
    @errors_in_a_line()
    def block() -> None:
        run = next((r for r in cached.all_runs()[0] if r.id == run_id), None)
        status = jobs.current_status(run)[0] if run else ""
        if run and status in WORKING:
            show_progress(run)
            stop_button(run, key="stop-demo")
            st.caption("It goes on when you close this page.")
        elif working:
            st.rerun()  # it just ended: the rest of the page changes with it
        elif run and status == "finished":
            _ways_in(run)
        else:
            if error:
                say_error(error, before="The last try ended early: ")
            if st.button("Try it on synthetic scans", type="primary", icon=":material/play_arrow:", key="start-demo"):
                jobs.start_in_background(new_demo_run(cached.runs_folder(), cached.data_folder()))
                st.rerun()  # the whole page: this part was drawn for no demo at work
            st.caption(
                "Makes 400 synthetic slices of about 100 made-up patients and trains a small ResNet on them: "
                "about a minute on two cores."
            )

    block()


def _ways_in(run: Run) -> None:
    st.success("The demo model is trained. Where next?", icon=":material/check_circle:")
    ways = (
        ("How good is it?", "performance/page.py", ":material/monitoring:"),
        ("Where do we cut?", "threshold/page.py", ":material/tune:"),
        ("Why is it wrong?", "review/page.py", ":material/rate_review:"),
    )
    grid = st.grid(3, min_column_width=190)
    for words, page, icon in ways:
        if grid.button(words, icon=icon, width="stretch", type="primary", key=f"explore-{page}"):
            links.ask_for_run(run.id)
            st.switch_page(page, query_params={"run": run.id})


def _show_runs() -> None:
    runs, problems = cached.all_runs()
    for problem in problems:
        say_problem(problem)
    if not runs:
        return
    st.subheader("Runs")
    working = any(jobs.current_status(run)[0] in WORKING for run in runs)
    st.fragment(_runs_table, run_every=2.0 if working else None)()


def _runs_table() -> None:
    rows = []
    for run in cached.all_runs()[0][:12]:
        status, error = jobs.current_status(run)
        rows.append(
            {
                "Run": run_name(run),
                "Status": status,
                "Why": error,
                "Preset": run.record.preset,
                "Best epoch": run.record.best_epoch,
                "Id": run.id,
            }
        )
    st.dataframe(rows, hide_index=True, width="stretch")


st.title("CT Explorer")
st.markdown(
    "Train a network on CT slices and see where it fails and why. "
    "Missed patients come first: move the threshold and watch what it costs, with an interval on every rate. "
    "Thresholds are chosen on validation scans and only reported on test scans, so the figures hold up."
)
_show_demo()
st.divider()
st.markdown(
    "**Have your own scans?** A folder a class, or an `index.csv`, is all it takes. Nothing leaves this machine."
)
if st.button("Open your own scans", icon=":material/folder_open:"):
    st.switch_page("dataset/page.py")
_show_runs()
