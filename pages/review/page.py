"""Why is it wrong? The review page: a worklist of one confusion cell, and its scans one by one."""

import pandas as pd
import streamlit as st

from core.decided import point_in_force
from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED
from core.results import splits_of, worklist
from core.runs import Run
from pages.review.viewer import viewer
from pages.shared import cached, frame, state
from pages.shared.words import SPLIT_NAMES, literal, score_text

CELLS = (MISSED, FALSE_ALARM, FOUND, CLEARED)
_CELL_WORDS = {MISSED: "Missed", FALSE_ALARM: "False alarms", FOUND: "Found", CLEARED: "Cleared"}


def _follow_case(table: pd.DataFrame) -> None:
    """A link names a case; with another threshold it may stand in another list by now."""
    found = table.loc[table["path"] == state.get(state.CASE)]
    if found.empty:
        state.forget_case()
        return
    cell, truth, predicted = found.iloc[0][["cell", "label", "predicted"]]
    if cell != state.get(state.CELL):
        state.put(state.CELL, str(cell))
    if state.get(state.TRUTH) not in ("", truth) or state.get(state.PREDICTED) not in ("", predicted):
        state.put(state.TRUTH, "")
        state.put(state.PREDICTED, "")


def _narrowed(table: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Only the scans of one truth and one call, where the link or a click asked for them; says so."""
    truth, predicted = state.get(state.TRUTH), state.get(state.PREDICTED)
    if not truth and not predicted:
        return table
    if any(name not in ("", *run.record.classes) for name in (truth, predicted)):
        state.forget_classes()  # of another run
        return table
    parts = [f"truth {literal(truth)}"] * bool(truth) + [f"called {literal(predicted)}"] * bool(predicted)
    st.button(
        f"Only {', '.join(parts)}",
        icon=":material/close:",
        key="all-classes",
        help="Show the whole list again.",
        on_click=state.forget_classes,
    )
    keep = table["label"].eq(truth) if truth else pd.Series(True, index=table.index)
    return table[keep & table["predicted"].eq(predicted)] if predicted else table[keep]


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

controls = st.container(horizontal=True)
counts = table["cell"].value_counts()
cell = controls.segmented_control(
    "Worklist",
    CELLS,
    key=state.CELL,
    format_func=lambda name: f"{_CELL_WORDS[name]} ({int(counts.get(name, 0))})",
    required=True,
    on_change=state.forget_classes,
)
split = controls.segmented_control(
    "Split",
    splits,
    key=state.SPLIT,
    format_func=lambda name: SPLIT_NAMES[name],
    required=True,
    on_change=state.forget_case,
)
cases = worklist(_narrowed(table, run), cell)
if cases.empty:
    st.success(
        f"No scan of the {SPLIT_NAMES[split].lower()} split is in this list "
        f"at threshold {score_text(point.threshold)}. "
        "Choose another list above, or another threshold.",
        icon=":material/check_circle:",
    )
else:
    viewer(run, cases, point)
