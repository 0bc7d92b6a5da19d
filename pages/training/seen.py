"""The first batch as pictures: what the network sees, after augmentation."""

import streamlit as st

from core.errors import ExplorerError
from core.runs import Run
from core.training.config import config_from_json
from pages.shared import cached, state
from pages.shared.errors import errors_in_a_line, say_problem
from pages.shared.words import literal

_MOST_SHOWN = 16


@errors_in_a_line()
def show_seen(run: Run) -> None:
    """An expander with up to sixteen augmented scans; worked out once it is opened."""
    with st.expander(
        "What the network sees", icon=":material/visibility:", key=state.SEEN_OPEN + run.id, on_change="rerun"
    ) as seen:
        if not seen.open:
            return
        if not run.record.classes:
            st.caption("Known once the scans are checked and split.")
            return
        try:
            with st.spinner("Making the first batch again"):
                batch = cached.first_batch(run)
        except ExplorerError as error:
            say_problem(f"The first batch cannot be made again: {error}")
            return
        shown = batch[:_MOST_SHOWN]
        st.caption(
            f"{len(shown)} of the {len(batch)} scans of the first batch, {_changes(run)}. They are made again from the "
            "run's settings and the dataset."
        )
        grid = st.grid(8, min_column_width=90)
        for number, scan in enumerate(shown, start=1):
            with grid.cell():
                st.image(scan.picture, width="stretch", alt=f"Scan {number} of the first batch: {scan.label}")
                st.caption(literal(scan.label), help=literal(scan.path))


def _changes(run: Run) -> str:
    config = config_from_json(run.record.config)
    if not config.augments:
        return "as they are: this run changes nothing about a scan"
    if config.feature_copies:
        return "augmented like the copies whose features were kept"
    return "augmented; in every epoch each looks different"
