"""Which truth became which call; each cell leads to its scans."""

from typing import cast

import streamlit as st

from core.charts.confusion import Shown, confusion_figure
from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED, Counts
from core.evaluation.summary import Evaluation
from core.runs import Run
from pages.shared import charts, links, state
from pages.shared.words import literal

_SHOWN = {"counts": "Counts", "rows": "By row (truth)", "columns": "By column (call)"}


def show_matrix(run: Run, evaluation: Evaluation, counts: Counts, *, by_scan: bool) -> None:
    """The confusion matrix, and beside it a button a cell for those who do not use a mouse.

    Scans are reviewed one by one: where not they are counted (`by_scan` false), cells lead nowhere.
    """
    st.subheader("Right and wrong")
    grid = st.grid(2, min_column_width=360)
    with grid.cell():
        shown = st.segmented_control(
            "Large in each cell",
            tuple(_SHOWN),
            key=state.CONFUSION_SHOWN,
            format_func=_SHOWN.__getitem__,
            required=True,
            default="counts",
            persist_state="session",
        )
        figure = confusion_figure(
            evaluation.confusion,
            evaluation.classes,
            positive=evaluation.positive,
            shown=cast(Shown, shown),
            unit=evaluation.unit,
        )
        names = charts.show(figure, key=f"confusion-{run.id}-{evaluation.split}-{shown}", clickable=by_scan)
        if names:
            truth, predicted = names
            _open(run, case_of(truth, predicted, evaluation))
    if not by_scan:
        with grid.cell():
            st.caption("To open the scans of a cell, switch back to counting scans: they are reviewed one by one.")
        return
    with grid.cell():
        st.markdown("**Look at the scans.** Click a cell, or:")
        for cell, count, plural, nothing in (
            (MISSED, counts.fn, "missed", "None missed"),
            (FALSE_ALARM, counts.fp, "false alarms", "No false alarms"),
            (FOUND, counts.tp, "found", "None found"),
            (CLEARED, counts.tn, "cleared", "None cleared"),
        ):
            if st.button(
                f"Review the {count:,} {cell if count == 1 else plural}" if count else nothing,
                key=f"review-{cell}",
                type="primary" if cell == MISSED else "secondary",
                disabled=not count,
                width="stretch",
            ):
                _open(run, links.Case(cell, evaluation.split))
        if len(evaluation.classes) > 2:
            st.caption(
                "A click on the matrix opens the scans of that cell alone. "
                f"The threshold decides about {literal(evaluation.positive)} alone; a scan below it gets the likeliest "
                "other class. Taking one of the others for another counts as cleared."
            )


def cell_named(truth: str, predicted: str, positive: str) -> str:
    """What a cell of the matrix means for the positive class: found, missed, false alarm or cleared."""
    if truth == positive:
        return FOUND if predicted == positive else MISSED
    return FALSE_ALARM if predicted == positive else CLEARED


def case_of(truth: str, predicted: str, evaluation: Evaluation) -> links.Case:
    """The worklist of a cell: of two classes its own list, of more the part of a list with these two classes."""
    cell = cell_named(truth, predicted, evaluation.positive)
    if len(evaluation.classes) == 2:
        return links.Case(cell, evaluation.split)
    return links.Case(cell, evaluation.split, truth=truth, predicted=predicted)


def _open(run: Run, case: links.Case) -> None:
    links.open_case(case)
    st.switch_page("review/page.py", query_params=links.address_of(run.id, case))
