"""What a run is doing, while it does it: curves by epoch, pace, time left, its log."""

import streamlit as st

from core.charts.history import history_figure
from core.runs import Run, read_history, read_run
from core.training import jobs
from pages.shared import state
from pages.shared.charts import show
from pages.shared.errors import errors_in_a_line, say_error
from pages.shared.progress import STATUS_ICONS, WORKING, duration, show_progress, stop_button
from pages.shared.splitting import group_words
from pages.shared.tables import download_button
from pages.shared.words import literal, run_name

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
        _curves(now)
        _log(now)

    block()


def _headline(run: Run, status: str, error: str) -> None:
    st.subheader(f"{STATUS_ICONS[status]} {literal(run_name(run))}")  # type: ignore[index]
    if status in WORKING:
        show_progress(run)
        stop_button(run, key=f"stop-{run.id}")
    elif status == "finished":
        ways = st.container(horizontal=True, vertical_alignment="center")
        if ways.button("How good is it?", type="primary", icon=":material/monitoring:", key=f"open-{run.id}"):
            state.ask_for_run(run.id)
            st.switch_page("performance/page.py", query_params={"run": run.id})
        ways.caption(f"Best epoch {run.record.best_epoch}. Weights: {literal(run.record.weights_from)}.")
    else:
        if error:
            say_error(error)
        if st.button(
            "Go on",
            icon=":material/play_arrow:",
            key=f"resume-{run.id}",
            help="From the last finished epoch.",
        ):
            jobs.start_in_background(run)
            st.rerun()


def _curves(run: Run) -> None:
    history = read_history(run)
    if history.empty:
        st.caption("Curves appear after the first epoch.")
        return
    last, best = history.iloc[-1], history.loc[history["val_loss"].idxmin()]
    figures = st.grid(4, min_column_width=190)
    figures.metric("Missed on validation (FNR at 0.5)", f"{last['val_fnr']:.1%}")
    figures.metric("Validation AUC", f"{last['val_auc']:.3f}")
    figures.metric("Validation loss", f"{last['val_loss']:.3f}", help=f"Lowest so far: {best['val_loss']:.3f}")
    figures.metric("An epoch takes", duration(float(history["seconds"].mean())))
    st.caption(group_words(run))
    charts = st.grid(3, min_column_width=280)
    for quantity in ("detection", "loss", "accuracy"):
        with charts.cell():
            show(history_figure(history, quantity), key=f"{quantity}-{run.id}")  # type: ignore[arg-type]
    gap = float(last["train_accuracy"] - last["val_accuracy"])
    if gap > 0.1:
        st.caption(
            f"Training accuracy is {gap:.0%} above validation: the network begins to know its training scans by heart."
        )
    with st.expander("The figures by epoch"):
        st.dataframe(history, hide_index=True, width="stretch")
        download_button(history, f"{run.id}-history")


def _log(run: Run) -> None:
    if not run.log_path.exists():
        return
    with st.expander("Log"):
        lines = run.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        st.code("\n".join(lines[-_LOG_LINES:]) or "Nothing yet.", language=None)
