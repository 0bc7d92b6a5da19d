"""Where do we cut? The threshold page."""

import streamlit as st

from core.errors import RunDamagedError
from core.evaluation.curves import threshold_curve
from core.evaluation.thresholds import OperatingPoint
from core.results import point_in_force, splits_of
from core.runs import Run
from pages.shared import cached, frame
from pages.shared.errors import errors_in_a_line, say_error
from pages.threshold import draft
from pages.threshold.controls import announce_saved, show_controls
from pages.threshold.outcome import show_outcome
from pages.threshold.pictures import show_pictures
from pages.threshold.subject import Subject


def _in_force(run: Run) -> OperatingPoint | None:
    """The saved point; a damaged one is reported and can be replaced right here."""
    try:
        return point_in_force(run)
    except RunDamagedError as error:
        say_error(error)
        return None


def _subject(run: Run) -> Subject:
    validation = cached.results(run, "val").scored
    test = cached.results(run, "test").scored if "test" in splits_of(run) else None
    return Subject(run, validation, test, threshold_curve(validation), _in_force(run))


@st.fragment
@errors_in_a_line()
def _try_thresholds(subject: Subject) -> None:
    """All that follows the threshold being tried: a move of the slider runs this and nothing else."""
    grid = st.grid(3, min_column_width=250, border=True)
    with grid.cell():
        show_controls(subject)
    tried = draft.current(subject)
    show_outcome(grid, subject, tried.threshold)
    show_pictures(subject, tried.threshold)


st.title("Where do we cut?")
run = frame.run_or_empty_state()
announce_saved()
st.markdown(
    "A scan is called positive if its score reaches the threshold. A lower one misses fewer and alarms more. "
    "Choose it on **validation**; **test** only reports what became of it."
)
_try_thresholds(_subject(run))
