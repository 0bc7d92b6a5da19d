"""One case of the worklist: the picture large, the verdict and the notes beside it, everything else in tabs beneath."""

import pandas as pd
import streamlit as st

from core.evaluation.decision.operating_point import OperatingPoint
from core.review.worklists.worklist import position_of
from core.runs import Run
from pages.review.facts import show_facts, show_other_runs, show_verdict
from pages.review.faithful import show_faithfulness_of_shown
from pages.review.listing import show_listing
from pages.review.look_alikes import show_look_alikes
from pages.review.notes import marks_of_notes, show_notes
from pages.review.paging import show_paging
from pages.review.sheet import show_sheet
from pages.review.viewer.beside import show_coming
from pages.review.viewer.maps_shown import asked_first, is_wide
from pages.review.viewer.view import viewer
from pages.shared import links, state
from pages.shared.errors import errors_in_a_line
from pages.shared.tabs import show_tabs

LISTING, FACTS, OTHERS = "The whole worklist", "Facts", "Other runs"
LIKE, FAITHFUL = "Look-alikes", "Is the map faithful?"


@st.fragment
@errors_in_a_line()
def show_cases(run: Run, cases: pd.DataFrame, point: OperatingPoint) -> None:
    """Show the case in the address, else the first; paging repaints this part alone, and keeps the list as it is.

    Args:
        run: whose network is asked.
        cases: the worklist in its order, at least one scan, as `core.review.worklists.worklist.worklist` gives it.
        point: the thresholds in force.
    """
    position = position_of(cases, state.get(state.CASE)) or 0
    case = cases.iloc[position]
    state.put(state.CASE, str(case["path"]))
    coming = [_path(cases, position - 1), _path(cases, position + 1)]
    wide = is_wide()
    if wide:
        show_paging(position, len(cases), *coming)
    wanted = None
    grid = st.grid(5, min_column_width=160, gap="medium")
    with grid.cell(column_span=5 if wide else 3), errors_in_a_line():
        wanted = viewer(run, cases, position, noted=marks_of_notes(run, case))
    with grid.cell(column_span=5 if wide else 2), errors_in_a_line():
        if not wide:
            show_paging(position, len(cases), *coming)
        show_verdict(case, run, point)
        show_notes(run, case, coming[1])
    show_coming(run, cases, position, point, wanted)
    _tabs(run, cases, position, point)
    asked = asked_first(run)
    if asked is not None:
        with errors_in_a_line():
            show_sheet(run, case, target=asked.target, method=asked.method, layer=asked.layer)
    links.write_address("review")


def _path(cases: pd.DataFrame, position: int) -> str:
    return str(cases["path"].iloc[position]) if 0 <= position < len(cases) else ""


def _tabs(run: Run, cases: pd.DataFrame, position: int, point: OperatingPoint) -> None:
    case = cases.iloc[position]
    panels = {
        LISTING: lambda: show_listing(cases, run, position),
        FACTS: lambda: show_facts(case, run, point),
        LIKE: lambda: show_look_alikes(run, case),
        FAITHFUL: lambda: show_faithfulness_of_shown(run, str(case["path"])),
        OTHERS: lambda: show_other_runs(case, run, point),
    }
    show_tabs(panels, key=state.CASE_TAB)
