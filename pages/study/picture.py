"""The picture of a case, without anything that names it."""

import streamlit as st

from core.review.study import Step, Study
from core.runs import Run
from pages.shared import cached_scans, state
from pages.shared.flat_maps import FLAT_WORDS, is_flat

_OPACITY = 0.55


def show_scan(run: Run, study: Study, step: Step) -> None:
    """The scan alone.

    Raises:
        ExplorerError: the scan cannot be read.
    """
    scan, _ = cached_scans.scan_with_map(run, step.case.path, study.positive, study.method)
    st.image(scan, width="stretch", output_format="PNG", alt=f"Scan of case {step.position}")


def show_with_map(run: Run, study: Study, step: Step) -> None:
    """The scan with the model's map over it, which can be taken off.

    Raises:
        ExplorerError: the scan cannot be read.
    """
    from core.explanation.overlay import overlaid

    scan, found = cached_scans.scan_with_map(run, step.case.path, study.positive, study.method)
    heat = st.toggle("Heat", True, key=state.STUDY_HEAT, help="What the model looked at.")
    if found.is_empty:
        st.caption("No positive evidence in this scan: there is no heat to draw.")
    elif is_flat(found):
        st.caption(FLAT_WORDS)
    picture = overlaid(scan, found, opacity=_OPACITY) if heat and not is_flat(found) else scan
    st.image(picture, width="stretch", output_format="PNG", alt=f"Scan of case {step.position}, with the model's map")
