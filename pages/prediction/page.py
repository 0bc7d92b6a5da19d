"""What does the network say about my scans? The prediction page."""

from pathlib import Path

import streamlit as st

from core.evaluation.decision.operating_point import OperatingPoint
from core.runs import Run
from pages.prediction.uploads import upload_scans
from pages.shared import cached, frame
from pages.shared.words import literal, score_text


def _say_what_to_know(run: Run) -> None:
    record = run.record
    st.markdown(
        f"Scores are probabilities of **{literal(record.positive)}** from a network that has only seen "
        f"{record.split_sizes.get('train', 0):,} scans of {literal(Path(record.data).name)}. It gives a score to any "
        "picture, a holiday photo too: for scans of another hospital or kind, a score may mean nothing."
    )


def _when_positive(point: OperatingPoint) -> str:
    lower = score_text(point.threshold)
    if point.upper is None:
        return f"Positive from {lower} on"
    return f"Ruled out below {lower}, ruled in from {score_text(point.upper)} on, referred to a reader in between"


st.title("Prediction")
chosen = frame.run_or_empty_state()
point = cached.point_in_force(chosen)
_say_what_to_know(chosen)
st.warning(
    "Research use only, not a medical device: nothing here may decide about a patient.",
    icon=":material/science:",
)
uploads = upload_scans()
if uploads:
    from pages.prediction.results import show_results  # brings torch, which the first paint need not wait for

    show_results(chosen, point, uploads)
else:
    st.caption(
        f"{_when_positive(point)} ({literal(point.says)}). "
        "Uploads are read in memory, kept no longer than your visit, and leave this machine for nowhere."
    )
