"""Why is it wrong? The review page: a worklist of one confusion cell, and its scans one by one."""

import pandas as pd
import streamlit as st

from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED
from core.results import point_in_force, splits_of, worklist
from pages.review.viewer import viewer
from pages.shared import cached, frame, state
from pages.shared.words import SPLIT_NAMES

CELLS = (MISSED, FALSE_ALARM, FOUND, CLEARED)
_CELL_WORDS = {MISSED: "Missed", FALSE_ALARM: "False alarms", FOUND: "Found", CLEARED: "Cleared"}


def _forget_case() -> None:
    state.put(state.CASE, "")


def _follow_case(table: pd.DataFrame) -> None:
    """A link names a case; with another threshold it may stand in another list by now."""
    found = table.loc[table["path"] == state.get(state.CASE), "cell"]
    if found.empty:
        _forget_case()
    elif found.iloc[0] != state.get(state.CELL):
        state.put(state.CELL, str(found.iloc[0]))


st.title("Review")
run = frame.run_or_empty_state()
point = point_in_force(run)

splits = [name for name in ("test", "val", "train") if name in splits_of(run)]
if state.get(state.SPLIT) not in splits:
    state.put(state.SPLIT, splits[0])
if state.get(state.CELL) not in CELLS:
    state.put(state.CELL, MISSED)
table = cached.results(run, state.get(state.SPLIT)).with_cells(point.threshold)
if state.get(state.CASE):
    _follow_case(table)

choose_cell, choose_split = st.columns([3, 2])
counts = table["cell"].value_counts()
cell = choose_cell.segmented_control(
    "Worklist",
    CELLS,
    key=state.CELL,
    format_func=lambda name: f"{_CELL_WORDS[name]} ({int(counts.get(name, 0))})",
    required=True,
    on_change=_forget_case,
)
split = choose_split.segmented_control(
    "Split",
    splits,
    key=state.SPLIT,
    format_func=lambda name: SPLIT_NAMES[name],
    required=True,
    on_change=_forget_case,
)
cases = worklist(table, cell)
if cases.empty:
    st.success(
        f"No scan of the {SPLIT_NAMES[split].lower()} split is in this list at threshold {point.threshold:.3f}. "
        "Choose another list above, or another threshold.",
        icon=":material/check_circle:",
    )
else:
    viewer(run, cases, point)
