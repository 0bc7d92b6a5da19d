"""The queue: what trains, what waits and in which order, and what ended before it was done."""

from collections.abc import Callable

import streamlit as st

from core.errors import ExplorerError, failure_line
from core.runs import Run
from core.training import jobs
from pages.shared import cached
from pages.shared.errors import errors_in_a_line
from pages.shared.progress import STATUS_ICONS, WORKING, show_progress
from pages.shared.words import literal, run_name, sentence
from pages.training.difference import difference_line, differences

_MOST_ENDED = 8


def show_queue() -> None:
    """The queue as it is now; polled while anything is in it, still otherwise."""
    at_work = any(jobs.current_status(run)[0] in WORKING for run in cached.all_runs()[0])

    @st.fragment(run_every=2.0 if at_work else None)
    @errors_in_a_line()
    def block() -> None:
        runs = cached.all_runs()[0]
        statuses = {run.id: jobs.current_status(run) for run in runs}
        waiting = jobs.queued(cached.runs_folder())
        ids = {run.id for run in waiting}
        working = [run for run in runs if statuses[run.id][0] in WORKING and run.id not in ids]
        _now(working)
        _waiting(waiting)
        _ended([run for run in runs if statuses[run.id][0] in ("failed", "stopped")], statuses)

    block()


def _now(runs: list[Run]) -> None:
    if not runs:
        st.caption("Nothing trains now.")
    for run in runs:
        with st.container(border=True):
            _line(run, "running", [("Stop", ":material/stop:", jobs.request_stop, False)])
            show_progress(run)


def _waiting(runs: list[Run]) -> None:
    st.markdown(f"**Waiting: {len(runs)}**" if runs else "**Nothing waits.**")
    for place, run in enumerate(runs, start=1):
        is_first, is_last = place == 1, place == len(runs)
        with st.container(border=True):
            _line(
                run,
                "queued",
                [
                    ("Up", ":material/arrow_upward:", lambda run: jobs.move(run, places=-1), is_first),
                    ("Down", ":material/arrow_downward:", lambda run: jobs.move(run, places=1), is_last),
                    ("First", ":material/vertical_align_top:", jobs.move_to_front, is_first),
                    ("Stop", ":material/stop:", jobs.request_stop, False),
                ],
                place=place,
            )


def _ended(runs: list[Run], statuses: dict[str, tuple[str, str]]) -> None:
    if not runs:
        return
    st.markdown("**Ended before they were done**")
    for run in runs[:_MOST_ENDED]:
        status, why = statuses[run.id]
        with st.container(border=True):
            _line(run, status, [("Try again", ":material/refresh:", jobs.retry, False)])
            st.caption(literal(sentence(why)) if why else "Somebody stopped it.")
            lines = jobs.last_lines(run)
            if status == "failed" and lines:
                with st.expander("The last lines of its log", icon=":material/notes:"):
                    st.code("\n".join(lines), language=None)
    if len(runs) > _MOST_ENDED:
        st.caption(f"{len(runs) - _MOST_ENDED} older ones stand among the runs.")


def _line(
    run: Run, status: str, ways: list[tuple[str, str, Callable[[Run], object], bool]], *, place: int | None = None
) -> None:
    """A run's name, what tells it from others of its preset, and a button for each way.

    A way is a label, an icon, what it does, and whether it cannot be pressed.
    """
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        before = STATUS_ICONS[status] if place is None else f"{place}."  # type: ignore[index]
        st.markdown(f"{before} {literal(run_name(run))}, {literal(run.record.preset)}", width="content")
        with st.container(horizontal=True, width="content"):
            for label, icon, act, off in ways:
                st.button(
                    label,
                    icon=icon,
                    key=f"queue-{label}-{run.id}",
                    disabled=off,
                    on_click=_done,
                    args=(act, run),
                )
    record = run.record
    if record.preset_config and (changed := differences(record.preset_config, record.config)):
        st.caption(literal(f"With {difference_line(changed)}."))


def _done(act: Callable[[Run], object], run: Run) -> None:
    """Carry a click out; what can no longer be done is said, and the queue is drawn as it is now."""
    try:
        act(run)
    except ExplorerError as error:
        st.toast(literal(failure_line(error)), icon=":material/error:")
