"""Why is it wrong? The review page: worklists and their scans one by one, a map of all scans, the run as a whole."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.review.worklists.filters import ORDERS, Filters, without
from core.review.worklists.worklist import counts, left_without, masks, position_of, unanswered, worklist
from core.runs import Run
from pages.review import cached_review
from pages.review.case import show_cases
from pages.review.coarse import say_what_chance_gives
from pages.review.doubts import say_how_doubted
from pages.review.filters import filters_in_address, show_filters
from pages.review.narrowing import drop, show_narrowing, start_over, words_of
from pages.review.notes_figures import show_corrected_figures
from pages.review.notes_run import show_run_notes
from pages.review.scan_map import show_scan_map
from pages.review.whole_run import show_whole_run
from pages.shared import cached, frame, links, state
from pages.shared.analyses import show_analysis
from pages.shared.tabs import show_tabs
from pages.shared.words import literal

CASES, ALL, WHOLE_RUN = "cases", "all", "run"
_VIEWS = {CASES: "Case by case", ALL: "All scans", WHOLE_RUN: "Whole run"}
_OF_RUN = {"Where the heat is": show_whole_run, "Notes": show_run_notes, "Corrected labels": show_corrected_figures}


def _pick_view() -> str:
    """Which of the looks at a run; in the address, where it is not the first."""
    asked = state.get(state.VIEW)
    st.session_state[state.VIEW_CHOICE] = asked if asked in _VIEWS else CASES
    return str(
        st.segmented_control(
            "View",
            list(_VIEWS),
            key=state.VIEW_CHOICE,
            format_func=_VIEWS.__getitem__,
            required=True,
            label_visibility="collapsed",
            on_change=_take_view,
        )
    )


def _take_view() -> None:
    """Callback: another look was chosen."""
    chosen = str(st.session_state[state.VIEW_CHOICE])
    state.put(state.VIEW, "" if chosen == CASES else chosen)


def _followed(table: pd.DataFrame, filters: Filters) -> Filters:
    """The worklist, changed where it must be to hold the case that a link names.

    With another threshold a case may stand in another list by now, and a case alone may be linked. What a reader
    narrows afterwards does not follow the case.
    """
    path, asked = state.get(state.CASE), state.take(state.CASE_ASKED)
    row = position_of(table, path)
    if row is None:
        links.forget_case()
        return filters
    excluding = [name for name, mask in masks(table, filters).items() if not mask[row]]
    if not excluding or not (asked or set(excluding) <= {"cell", "predicted"}):
        return filters
    for name in excluding:
        filters = _without(filters, name)
    if "cell" in excluding:
        filters = replace(filters, cells=(str(table["cell"].iloc[row]),))
    if "split" in excluding:
        filters = replace(filters, split=str(table["split"].iloc[row]))
    links.ask_for_worklist(filters.to_query())
    return filters


def _without(filters: Filters, name: str) -> Filters:
    if name in filters.only:
        return filters.with_only([other for other in filters.only if other != name])
    return without(filters, name)


def _say_lacking(run: Run, filters: Filters, lacking: Mapping[str, str]) -> None:
    """Why the list cannot be made, what to drop, and where the heat has to be worked out first, the button for it."""
    for why in lacking.values():
        st.info(f"This list cannot be made yet: {literal(why)}.", icon=":material/hourglass_empty:")
    words = {**words_of(filters), "order": f"Sorted by: {ORDERS[filters.order].lower()}"}
    with st.container(horizontal=True):
        for name in dict.fromkeys("where" if name.startswith("where ") else name for name in lacking):
            dropped = "order" if name not in filters.only and name == filters.order else name
            st.button(
                f"Without “{words.get(dropped, dropped)}”",
                icon=":material/close:",
                key=f"lacking-without-{dropped}",
                on_click=drop,
                args=(dropped,),
            )
    if "outside" in lacking:
        show_analysis(run, "heat", start_words="Work out where the heat is")


def _say_empty(table: pd.DataFrame, filters: Filters) -> None:
    words = words_of(filters)
    st.success("No scan is in this list: " + "; ".join(words.values()) + ".", icon=":material/check_circle:")
    left = left_without(table, filters)
    with st.container(horizontal=True):
        for name, count in left.items():
            st.button(
                f"Without “{words[name]}”: {count:,}",
                icon=":material/close:",
                key=f"empty-without-{name}",
                on_click=drop,
                args=(name,),
            )
        if not left:
            st.button("Start over", icon=":material/restart_alt:", key="empty-start-over", on_click=start_over)


def _show_worklist(run: Run, chips: DeltaGenerator) -> None:
    point = cached.point_in_force(run)
    filters = filters_in_address(run)
    table = cached_review.known(run, point, filters)
    lacking = unanswered(table, filters)
    if not lacking:
        filters = _followed(table, filters)
    known = filters.with_only([name for name in filters.only if name not in lacking])
    show_filters(run, point, filters, counts(table, known))
    with chips:
        show_narrowing(filters)
    say_how_doubted(run, filters)
    say_what_chance_gives(run, filters)
    if lacking:
        _say_lacking(run, filters, lacking)
        return
    cases = worklist(table, filters)
    if cases.empty:
        links.forget_case()
        _say_empty(table, filters)
    else:
        show_cases(run, cases, point)


def _show_whole_run(run: Run) -> None:
    show_tabs({title: partial(show, run) for title, show in _OF_RUN.items()}, key=state.RUN_TAB)


with st.container(horizontal=True, vertical_alignment="bottom"):
    st.title("Review", width="content")
    run = frame.run_or_empty_state()
    view = _pick_view()
    chips = st.container(horizontal=True, horizontal_alignment="right")
if view == ALL:
    show_scan_map(run)
elif view == WHOLE_RUN:
    _show_whole_run(run)
else:
    _show_worklist(run, chips)
