"""The threshold being tried: exact, kept by run, known to every page, and gone once it is saved.

The browser moves it; the server hears of it at a release. A chosen threshold is the score of a scan, and rounding it
could lose that scan, so its number travels as it is, both ways.
"""

from dataclasses import dataclass, replace

import streamlit as st

from core.evaluation.decision.operating_point import DEFAULT_THRESHOLD, OperatingPoint
from core.evaluation.decision.rules import Default, Fixed
from pages.shared import state
from pages.threshold.finger import component
from pages.threshold.subject import Subject


@dataclass(frozen=True)
class Draft:
    """A threshold, how it was chosen, what that promises, and the second one, in the words of `OperatingPoint`.

    `scores` is the key of the scores that it is meant for (empty: any), `score_kind` their kind: calibrated ones need
    another threshold.
    """

    threshold: float
    rule: str
    promise: str = ""
    upper: float | None = None
    scores: str = ""
    score_kind: str = ""


def current(subject: Subject) -> Draft:
    """What is being tried for this run: what was last chosen here, else the point in force."""
    kept = _drafts().get(subject.run.id)
    if kept is not None and kept.scores in ("", subject.key):
        return kept
    if subject.in_force is None:
        return Draft(DEFAULT_THRESHOLD, Default.text)
    return _as_draft(subject.in_force)


def is_in_force(subject: Subject) -> bool:
    """Whether saving the draft would change nothing."""
    if subject.in_force is None:
        return False
    point, tried = _as_draft(subject.in_force), current(subject)
    return (point.threshold, point.rule, point.upper) == (tried.threshold, tried.rule, tried.upper)


def drop(subject: Subject) -> None:
    """Go back to the point in force."""
    _drafts().pop(subject.run.id, None)


def take_point(subject: Subject, point: OperatingPoint) -> None:
    """Try what a rule has chosen."""
    _drafts()[subject.run.id] = replace(_as_draft(point), scores=subject.key, score_kind=subject.score_kind)


def set_by_hand(subject: Subject, threshold: float, upper: float | None = None) -> None:
    """Try a threshold in [0, 1] that somebody set, or two of them; where nothing moves, its rule stays."""
    now = current(subject)
    if (now.threshold, now.upper) != (threshold, upper):
        by_hand = Draft(threshold, Fixed(threshold).text, "", upper, subject.key, subject.score_kind)
        _drafts()[subject.run.id] = by_hand


def take_release(subject: Subject) -> None:
    """Callback: a finger let go of the dials."""
    released = component.released(dials_key(subject))
    if released is not None:
        _turns()[subject.run.id] = released.turn
        set_by_hand(subject, released.threshold, released.upper)


def dials_key(subject: Subject) -> str:
    """The dials' session key: one a run and its scores, so that no run sees another's."""
    return f"{state.DIALS_OF_RUN}{subject.run.id}-{subject.key}"


def turn(subject: Subject) -> int:
    """The last release that is known here."""
    return _turns().get(subject.run.id, 0)


def _as_draft(point: OperatingPoint) -> Draft:
    return Draft(point.threshold, point.rule, point.promise, point.upper)


def _drafts() -> dict[str, Draft]:
    drafts: dict[str, Draft] = st.session_state.setdefault(state.THRESHOLD_DRAFTS, {})
    return drafts


def _turns() -> dict[str, int]:
    turns: dict[str, int] = st.session_state.setdefault(state.THRESHOLD_TURNS, {})
    return turns
