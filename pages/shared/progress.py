"""How far a run is, in words and as a bar: the same on the start page and on the training page."""

import math
from typing import Any

import streamlit as st

from core.errors import ExplorerError, failure_line
from core.run_record import Status
from core.runs import Run
from core.training.jobs import progress_of, request_stop
from pages.shared.words import literal

WORKING: tuple[Status, ...] = ("queued", "running")
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
    """Share done in [0, 1] and one line of Markdown, from the content of `status.json`, whatever of it is there."""
    phase = str(facts.get("phase", "starting"))
    words = literal(PHASE_WORDS.get(phase, phase[:1].upper() + phase[1:]))
    if phase == "waiting":
        ahead = int(fact(facts, "ahead") or 1)
        return 0.0, f"{words}: {ahead} run{'s' if ahead != 1 else ''} ahead"
    if phase == "training":
        return _training_words(facts, words)
    done, total = fact(facts, "done"), fact(facts, "total")
    if total:
        return _share((done or 0.0) / total), f"{words}: {done or 0:.0f} of {total:.0f}"
    return (1.0 if phase == "finished" else 0.0), words


def _training_words(facts: dict[str, Any], words: str) -> tuple[float, str]:
    epoch, epochs, left = (fact(facts, name) for name in ("epoch", "epochs", "seconds_left"))
    said, share = [], 0.0
    if epoch and epochs:
        share = (epoch - 1 + (fact(facts, "step") or 0.0) / max(fact(facts, "steps") or 1.0, 1.0)) / epochs
        said.append(f"epoch {epoch:.0f} of {epochs:.0f}")
    if pace := pace_words(fact(facts, "images_per_second"), fact(facts, "limit_images_per_second")):
        said.append(f"{pace} images/s")
    if left is not None:
        said.append(f"{duration(left)} left")
    return _share(share), f"{words}: {', '.join(said)}" if said else words


def fact(facts: dict[str, Any], name: str) -> float | None:
    """A number of `status.json`; None where it is not there or none."""
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def pace_words(images_per_second: float | None, limit: float | None) -> str:
    """The pace and, where it is known, the limit: "58 of 61"; empty without a pace."""
    if images_per_second is None:
        return ""
    return f"{images_per_second:.0f} of {limit:.0f}" if limit else f"{images_per_second:.0f}"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 1:
        return "under 1 s"
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
            st.toast(literal(failure_line(error)))
