"""The threshold being tried: exact, kept by run, and gone once it is saved.

The slider shows three decimals of it. A chosen threshold is the score of a scan, and rounding it could lose that
scan, so the slider's number counts only once it is moved by hand.
"""

from dataclasses import dataclass

import streamlit as st

from core.evaluation.thresholds import DEFAULT_THRESHOLD, operating_point
from pages.shared import charts, state
from pages.threshold.subject import Subject

SLIDER_STEP = 0.001
_SLIDER_DECIMALS = 3


@dataclass(frozen=True)
class Draft:
    """A threshold, how it was chosen and what that promises, in the words of `OperatingPoint`."""

    threshold: float
    rule: str
    promise: str = ""


def current(subject: Subject) -> Draft:
    """What is being tried for this run: what was last chosen here, else the point in force."""
    kept = _drafts().get(subject.run.id)
    if kept is not None:
        return kept
    if subject.in_force is None:
        return Draft(DEFAULT_THRESHOLD, "default")
    return Draft(subject.in_force.threshold, subject.in_force.rule, subject.in_force.promise)


def is_in_force(subject: Subject) -> bool:
    """Whether saving the draft would change nothing."""
    point, tried = subject.in_force, current(subject)
    return point is not None and (point.threshold, point.rule) == (tried.threshold, tried.rule)


def drop(subject: Subject) -> None:
    """Go back to the point in force."""
    _drafts().pop(subject.run.id, None)


def slider_key(subject: Subject) -> str:
    """The slider's session key: one a run, so that no run sees another's."""
    return f"{state.SLIDER_OF_RUN}{subject.run.id}"


def slider_value(subject: Subject) -> float:
    """The draft as near as the slider can show it."""
    return round(current(subject).threshold, _SLIDER_DECIMALS)


def take_slider(subject: Subject) -> None:
    """Callback: the slider was moved by hand."""
    _set_by_hand(subject, round(float(st.session_state[slider_key(subject)]), _SLIDER_DECIMALS))


def take_click(subject: Subject, chart_key: str) -> None:
    """Callback: a point of a validation curve was clicked, and carries its threshold."""
    chosen = charts.clicked(chart_key)
    if chosen and chosen[0] is not None:
        _set_by_hand(subject, float(chosen[0]))


def choose(subject: Subject, *, max_fnr: float, confidence: float | None) -> None:
    """Choose on validation by the share of positives that may be missed.

    Raises:
        ValueError: as `operating_point` does, where the split cannot tell or promise it.
    """
    point = operating_point(subject.validation, max_fnr=max_fnr, confidence=confidence, split="val")
    _drafts()[subject.run.id] = Draft(point.threshold, point.rule, point.promise)


def _set_by_hand(subject: Subject, threshold: float) -> None:
    _drafts()[subject.run.id] = Draft(threshold, f"fixed={threshold:g}")


def _drafts() -> dict[str, Draft]:
    drafts: dict[str, Draft] = st.session_state.setdefault(state.THRESHOLD_DRAFTS, {})
    return drafts
