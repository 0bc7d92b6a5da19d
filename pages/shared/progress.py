"""How far a run is, in words and as a bar: the same on the start page and on the training page."""

from typing import Any

import streamlit as st

from core.errors import ExplorerError
from core.runs import Run, Status
from core.training.jobs import progress_of, request_stop

PHASE_WORDS = {
    "starting": "Starting the process",
    "waiting": "Waiting for its turn",
    "making synthetic scans": "Making synthetic scans",
    "checking scans": "Checking every scan",
    "reading scans": "Reading scans",
    "building the network": "Building the network",
    "training": "Training",
    "scoring every scan": "Scoring every scan",
    "drawing maps": "Drawing maps",
    "finished": "Finished",
}
STATUS_ICONS: dict[Status, str] = {
    "queued": ":material/hourglass_empty:",
    "running": ":material/play_circle:",
    "finished": ":material/check_circle:",
    "failed": ":material/error:",
    "stopped": ":material/stop_circle:",
}


def show_progress(run: Run) -> None:
    """A bar with what the run is at, its pace and the time left."""
    facts = progress_of(run)
    share, words = progress_words(facts)
    st.progress(share, text=words)


def progress_words(facts: dict[str, Any]) -> tuple[float, str]:
    """Share done in [0, 1] and one line, from the content of `status.json`."""
    phase = str(facts.get("phase", "starting"))
    words = PHASE_WORDS.get(phase, phase)
    if phase == "waiting":
        ahead = int(facts.get("ahead", 1))
        return 0.0, f"{words}: {ahead} run{'s' if ahead != 1 else ''} ahead"
    if phase == "training":
        epoch, epochs = int(facts["epoch"]), int(facts["epochs"])
        share = (epoch - 1 + facts["step"] / max(facts["steps"], 1)) / epochs
        left = duration(float(facts["seconds_left"]))
        return min(
            share, 1.0
        ), f"{words}: epoch {epoch} of {epochs}, {facts['images_per_second']:.0f} images/s, {left} left"
    if facts.get("total"):
        return min(facts["done"] / facts["total"], 1.0), f"{words}: {facts['done']} of {facts['total']}"
    return (1.0 if phase == "finished" else 0.0), words


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def stop_button(run: Run, *, key: str) -> None:
    """A button that asks the run to stop."""
    if st.button("Stop", key=key, icon=":material/stop:", help="Stops after the step at hand; you can go on later."):
        try:
            request_stop(run)
            st.toast("Asked to stop.")
        except ExplorerError as error:
            st.toast(str(error))
