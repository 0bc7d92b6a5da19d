"""Sweeps: how far they are, their trials in order, and the one look at test."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.errors import ExplorerError, failure_line
from pages.shared import cached, links, state
from pages.shared.charts import show
from pages.shared.errors import errors_in_a_line, say_error, say_problem
from pages.shared.progress import STATUS_ICONS, WORKING
from pages.shared.tables import table_with_download
from pages.shared.words import literal, score_text, sentence, share

if TYPE_CHECKING:
    from core.sweeps.opening import Opened
    from core.sweeps.status import SweepStatus
    from core.sweeps.sweep import Sweep

_SHARES = ("val_fnr", "val_fnr_low", "val_fnr_high", "val_fpr")


@errors_in_a_line()
def show_sweeps() -> None:
    """The sweep that is chosen, else the newest; polled while it works."""
    from core.sweeps.status import sweep_status
    from core.sweeps.sweep import list_sweeps, read_sweep

    sweeps, problems = list_sweeps(cached.runs_folder())
    for problem in problems:
        say_problem(problem)
    if not sweeps:
        st.info(
            "No sweep yet. Above, under the settings of a training, choose what to vary; the preset fnr-first brings "
            "its own."
        )
        return
    watched = _watched(sweeps)
    at_work = sweep_status(watched).status in WORKING

    @st.fragment(run_every=2.0 if at_work else None)
    @errors_in_a_line()
    def block() -> None:
        sweep = read_sweep(watched.folder)
        status = sweep_status(sweep)
        if at_work and status.status not in WORKING:
            st.rerun()
        _headline(sweep, status)
        _trials(sweep)
        _test(sweep, status)

    block()


def _watched(sweeps: "list[Sweep]") -> "Sweep":
    by_id = {sweep.id: sweep for sweep in sweeps}
    chosen = state.get(state.WATCHED_SWEEP)
    picked = st.selectbox(
        "Sweep to watch",
        list(by_id),
        index=list(by_id).index(chosen) if chosen in by_id else 0,
        format_func=lambda sweep_id: _name(by_id[sweep_id]),
    )
    state.put(state.WATCHED_SWEEP, picked)
    return by_id[picked]


def _name(sweep: "Sweep") -> str:
    when = sweep.created[5:16].replace("T", " ")
    return f"{when}, {sweep.preset} on {sweep.data.name}, over {', '.join(sweep.space)}"


def _headline(sweep: "Sweep", status: "SweepStatus") -> None:
    from core.sweeps.space import space_words

    st.subheader(f"{STATUS_ICONS[status.status]} {literal(_name(sweep))}")
    done = status.finished + status.failed
    st.progress(min(done / max(status.wanted, 1), 1.0), text=status.says)
    st.caption(literal(sentence(f"Varied: {space_words(sweep.space)}. Ranked by {sweep.rule.says}")))
    if status.status in WORKING:
        st.button("Stop the sweep", icon=":material/stop:", key=f"stop-{sweep.id}", on_click=_stop, args=(sweep,))
        return
    if status.error:
        say_error(status.error)
    ways = st.container(horizontal=True)
    if done < status.wanted or status.status != "finished":
        ways.button("Go on", icon=":material/play_arrow:", key=f"go-on-{sweep.id}", on_click=_go_on, args=(sweep,))
    if status.finished and done < status.wanted:
        ways.button(
            f"Be content with these {done}",
            icon=":material/check:",
            key=f"content-{sweep.id}",
            on_click=_content,
            args=(sweep, done),
        )


def _trials(sweep: "Sweep") -> None:
    from core.charts.sweeps import parallel_coordinates
    from core.sweeps.table import trials_table

    table = trials_table(sweep)
    if table.empty:
        st.caption("Trials appear here once the first one has begun.")
        return
    figure = parallel_coordinates(table, varied=list(sweep.space), ranges=sweep.ranges)
    show(figure, key=f"trials-{sweep.id}", top_px=figure.layout.margin.t)  # the names of its axes stand there
    table_with_download(
        table.drop(columns="error") if (table["error"] == "").all() else table,
        f"{sweep.id}-trials",
        alt="The trials, the one that misses fewest on validation first",
        percents=_SHARES,
    )


def _test(sweep: "Sweep", status: "SweepStatus") -> None:
    """The winner, and its test figures once somebody has opened them."""
    from core.sweeps.opening import opened_test
    from core.sweeps.table import winner

    best, opened = winner(sweep), opened_test(sweep)
    if best is None:
        return
    with st.container(border=True):
        if opened is not None:
            _show_opened(opened)
        else:
            over = status.finished + status.failed >= status.wanted and status.status not in WORKING
            words = "Best" if over else "Best so far"
            st.markdown(f"**{words}:** trial {best.number + 1}, run {literal(best.run)}. {status.says}")
            st.caption(
                "The best of several looks better on validation than it is. Test shows how good it is, as long as "
                "nothing is chosen by it: so it is opened once, when all trials are over."
            )
            st.button(
                "Open the winner's test figures (once)",
                type="primary",
                icon=":material/lock_open:",
                key=f"open-{sweep.id}",
                disabled=not over,
                on_click=_open,
                args=(sweep,),
            )
        if st.button(
            "How good is it?", icon=":material/monitoring:", key=f"winner-{sweep.id}", disabled=opened is None
        ):
            links.ask_for_run(best.run)
            st.switch_page("performance/page.py", query_params={"run": best.run})


def _show_opened(opened: "Opened") -> None:
    st.markdown(literal(opened.says))
    places = st.grid(4, min_column_width=170)
    for name, split in (("Validation", opened.val), ("Test", opened.test)):
        for words, figure in (("missed (FNR)", "fnr"), ("false alarms (FPR)", "fpr")):
            estimate = split[figure]
            low, high = estimate.get("low"), estimate.get("high")
            places.metric(
                f"{name}: {words}",
                _share(estimate.get("value")),
                help=f"At the threshold {score_text(opened.threshold)}, chosen on validation. "
                f"95 %: {_share(low)} to {_share(high)}.",
            )


def _share(value: float | None) -> str:
    return "not defined" if value is None else share(value)


def _stop(sweep: "Sweep") -> None:
    from core.sweeps.status import request_stop

    _done(request_stop, sweep)


def _go_on(sweep: "Sweep") -> None:
    from core.sweeps.status import start_in_background

    _done(start_in_background, sweep)


def _content(sweep: "Sweep", trials: int) -> None:
    _done(sweep.with_trials, trials)


def _open(sweep: "Sweep") -> None:
    from core.sweeps.opening import open_test

    _done(open_test, sweep)


def _done(act: Any, *asked: Any) -> None:
    """Carry a click out; what cannot be done is said."""
    try:
        act(*asked)
    except ExplorerError as error:
        st.toast(literal(failure_line(error)), icon=":material/error:")
