"""The left card: move the threshold, let it be chosen, put it in force."""

from dataclasses import replace

import streamlit as st

from core.evaluation.scored import Scored
from core.evaluation.thresholds import fixed_point
from core.results import save_point
from pages.shared import state
from pages.shared.errors import say_error
from pages.shared.words import literal, rule_words
from pages.threshold import draft
from pages.threshold.subject import Subject

_CONFIDENCE = 0.95
_DEFAULT_BUDGET_PERCENT = 5.0


def show_controls(subject: Subject) -> None:
    """Slider, miss budget, and the button that makes the threshold count everywhere."""
    st.markdown("**Threshold**")
    _show_slider(subject)
    _show_budget(subject)
    _show_saving(subject)


def announce_saved() -> None:
    """Say what was just saved: a toast made before a rerun would be gone with it."""
    if state.get(state.THRESHOLD_SAVED):
        st.toast(state.get(state.THRESHOLD_SAVED), icon=":material/check:")
        state.put(state.THRESHOLD_SAVED, "")


def _show_slider(subject: Subject) -> None:
    key = draft.slider_key(subject)
    st.session_state[key] = draft.slider_value(subject)
    st.slider(
        f"Positive ({literal(subject.positive)}) from score",
        0.0,
        1.0,
        step=draft.SLIDER_STEP,
        format="%.3f",
        key=key,
        on_change=draft.take_slider,
        args=(subject,),
    )
    tried = draft.current(subject)
    st.caption(f"Exactly {tried.threshold:.10g}: {literal(rule_words(tried.rule))}.")
    if tried.promise:
        st.caption(literal(tried.promise))


def _show_budget(subject: Subject) -> None:
    run_id = subject.run.id
    budget_key, sure_key = f"{state.BUDGET_OF_RUN}{run_id}", f"{state.SURE_OF_RUN}{run_id}"
    problem_key = f"{state.PROBLEM_OF_RUN}{run_id}"
    st.session_state.setdefault(budget_key, _DEFAULT_BUDGET_PERCENT)
    st.number_input(
        f"Miss at most, % of {literal(subject.positive)}",
        0.0,
        99.0,
        step=1.0,
        format="%.1f",
        key=budget_key,
        persist_state="session",
    )
    sure = st.checkbox(
        "95 % sure for new scans",
        key=sure_key,
        persist_state="session",
        help="Without it the share holds on these validation scans. With it, it is promised for new scans like these, "
        "which takes a lower threshold and enough positives.",
    )
    caveat = promise_caveat(subject.validation) if sure else ""
    if caveat:
        st.warning(caveat, icon=":material/group:")
    st.button(
        "Pick on validation",
        icon=":material/my_location:",
        width="stretch",
        key=f"pick-{run_id}",
        on_click=_pick,
        args=(subject, budget_key, sure_key, problem_key),
    )
    problem = st.session_state.pop(problem_key, "")
    if problem:
        say_error(problem)


def promise_caveat(scored: Scored) -> str:
    """What "sure" takes for granted, where positive scans come from fewer groups; else empty."""
    groups = len(set(scored.groups[scored.labels].tolist()))
    if groups >= scored.positives:
        return ""
    return (
        f"This takes {scored.positives:,} positive scans of {groups:,} group{'s' if groups != 1 else ''} as "
        "independent. Scans of one group are not: the promise does not hold for new patients."
    )


def _pick(subject: Subject, budget_key: str, sure_key: str, problem_key: str) -> None:
    sure = bool(st.session_state[sure_key])
    try:
        draft.choose(subject, max_fnr=st.session_state[budget_key] / 100, confidence=_CONFIDENCE if sure else None)
    except ValueError as error:
        st.session_state[problem_key] = str(error)


def _show_saving(subject: Subject) -> None:
    already = draft.is_in_force(subject)
    if st.button(
        "In force" if already else "Use this threshold",
        type="primary",
        icon=":material/check:",
        width="stretch",
        disabled=already,
        key=f"use-{subject.run.id}",
        help="Every page uses it from then on, also for other people who open this run.",
    ):
        tried = draft.current(subject)
        point = fixed_point(subject.validation, tried.threshold, rule=tried.rule, split="val")
        save_point(subject.run, replace(point, promise=tried.promise))
        draft.drop(subject)
        state.put(state.THRESHOLD_SAVED, f"Threshold {tried.threshold:.3f} is in force on every page.")
        st.rerun()  # the sidebar says it too
    point = subject.in_force
    if point is None:
        st.caption("Nothing is in force: the saved threshold cannot be read.")
        return
    st.caption(f"In force now: **{point.threshold:.3f}**, {literal(rule_words(point.rule))}.")
    if not already:
        st.button(
            "Back to the one in force",
            type="tertiary",
            icon=":material/undo:",
            key=f"back-{subject.run.id}",
            on_click=draft.drop,
            args=(subject,),
        )
