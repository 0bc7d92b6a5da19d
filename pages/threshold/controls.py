"""Below the dials: what is being tried, exactly and in words, and the buttons that put it in force or take it back."""

from dataclasses import replace

import streamlit as st

from core.decided import save_point
from core.evaluation.decision.operating_point import OperatingPoint, fixed_point
from core.evaluation.decision.rule_texts import rule_words
from core.evaluation.decision.zones import with_upper
from pages.shared import state
from pages.shared.words import literal, score_text
from pages.threshold import draft
from pages.threshold.subject import Subject


def show_controls(subject: Subject) -> None:
    """The threshold in words, `Use this threshold` and `Back to the one in force`."""
    tried, already = draft.current(subject), draft.is_in_force(subject)
    with st.container(horizontal=True):
        _use_button(subject, tried, already)
        # Always there: what comes and goes would move the charts away from under the finger.
        st.button(
            "Back to the one in force",
            icon=":material/undo:",
            disabled=already or subject.in_force is None,
            key=f"back-{subject.run.id}",
            on_click=draft.drop,
            args=(subject,),
        )
    st.caption(" ".join(filter(None, (_exactly(tried), literal(tried.promise), _in_force(subject, already)))))


def announce_saved() -> None:
    """Say what was just saved: a toast made before a rerun would be gone with it."""
    if state.get(state.THRESHOLD_SAVED):
        st.toast(state.get(state.THRESHOLD_SAVED), icon=":material/check:")
        state.put(state.THRESHOLD_SAVED, "")


def _use_button(subject: Subject, tried: draft.Draft, already: bool) -> None:
    if st.button(
        "In force" if already else f"Use {'these thresholds' if tried.upper is not None else 'this threshold'}",
        type="primary",
        icon=":material/check:",
        disabled=already,
        key=f"use-{subject.run.id}",
        help="Every page uses it from then on, also for other people who open this run.",
    ):
        point = fixed_point(subject.validation, tried.threshold, rule=tried.rule, split="val")
        point = with_upper(replace(point, promise=tried.promise), subject.validation, tried.upper)
        save_point(subject.run, replace(point, score_kind=subject.score_kind))
        draft.drop(subject)
        are = "Threshold {} is" if tried.upper is None else "Thresholds {} are"
        state.put(state.THRESHOLD_SAVED, f"{are.format(_value(tried))} in force on every page.")
        st.rerun()  # the sidebar says it too


def _exactly(tried: draft.Draft) -> str:
    at = _plain(tried.threshold)
    if tried.upper is not None:
        at = f"ruled out below {at}, ruled in from {_plain(tried.upper)}"
    return f"Exactly {at}: {literal(rule_words(tried.rule))}."


def _plain(threshold: float) -> str:
    """The shortest text that reads as this very number."""
    return repr(threshold).removesuffix(".0")


def _in_force(subject: Subject, already: bool) -> str:
    if already:
        return ""
    point = subject.in_force
    if point is None:
        return "Nothing is in force: the saved threshold cannot be read."
    return f"In force now: **{_value(point)}**, {literal(rule_words(point.rule))}."


def _value(of: draft.Draft | OperatingPoint) -> str:
    upper = "" if of.upper is None else f" and {score_text(of.upper)}"
    return f"{score_text(of.threshold)}{upper}"
