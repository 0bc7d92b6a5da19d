"""Where do we cut? The threshold page."""

from dataclasses import replace
from functools import partial

import streamlit as st

from core.errors import RequestError, RunDamagedError
from core.evaluation.decision.operating_point import OperatingPoint
from core.results import splits_of
from core.runs import Run
from pages.shared import cached, frame, state
from pages.shared.caution_words import short_title, show_list, title_of
from pages.shared.errors import errors_in_a_line, say_error
from pages.shared.figures import PLOTLY_ADDRESS
from pages.shared.splitting import say_how_split
from pages.shared.tabs import show_tabs
from pages.threshold import draft
from pages.threshold.certainty import interval_words, intervals_by_groups
from pages.threshold.controls import announce_saved, show_controls
from pages.threshold.finger import component
from pages.threshold.finger.payload import content_key, payload
from pages.threshold.history import show_history
from pages.threshold.in_patients import show_in_patients
from pages.threshold.outcome import show_tables
from pages.threshold.rules_form import show_rules
from pages.threshold.subject import Subject
from pages.threshold.zones import show_zones


def _in_force(run: Run) -> OperatingPoint | None:
    """The saved point or the default; a damaged one is reported and can be replaced right here."""
    try:
        return cached.point_in_force(run)
    except (RunDamagedError, RequestError) as error:  # damaged, or its rule cannot be met on these scores
        say_error(error)
        return None


def _subject(run: Run) -> Subject:
    read_at = cached.scores_changed(run)
    results = cached.results(run, "val")
    test = cached.results(run, "test").scored if "test" in splits_of(run) else None
    subject = Subject(run, results.scored, test, None, results.score_kind, read_at=read_at)
    return replace(subject, key=content_key(subject.splits, subject.words))


@st.cache_resource(show_spinner=False, max_entries=4)
def _payload(key: str, _subject: Subject) -> bytes:
    notes = {split: interval_words(scored) for split, scored in _subject.splits.items()}
    return payload(key, _subject.splits, words=_subject.words, notes=notes)


@st.fragment
@errors_in_a_line()
def _try_thresholds(subject: Subject) -> None:
    """All that follows the threshold being tried: a release runs this and nothing else.

    Others may have changed the run since the page was drawn: what is in force is read anew, and where they put other
    scores in force the whole page is.
    """
    if cached.scores_changed(subject.run) != subject.read_at:
        st.rerun()
    subject = replace(subject, in_force=_in_force(subject.run))
    tried = draft.current(subject)
    component.mount_dials(
        draft.dials_key(subject),
        scores=subject.key,
        threshold=tried.threshold,
        upper=tried.upper,
        turn=draft.turn(subject),
        label=f"Positive ({subject.positive}) from score",
        in_force=subject.in_force.threshold if subject.in_force else None,
        on_release=lambda: draft.take_release(subject),
    )
    st.caption(_about_test(subject))
    show_controls(subject)
    with st.container(gap=None):
        component.mount_pictures(f"pictures-{subject.run.id}-{subject.key}", scores=subject.key, plotly=PLOTLY_ADDRESS)
        if not all(scored.independent for scored in subject.splits.values()):
            component.mount_intervals(  # after all that a release moves: groups take their time to draw
                f"intervals-{subject.run.id}-{subject.key}",
                scores=subject.key,
                threshold=tried.threshold,
                upper=tried.upper,
                splits=intervals_by_groups(subject, tried),
            )
    # Only the open tab is computed: the others cost a release nothing.
    show_tabs({title: partial(show, subject) for title, show in _TABS.items()}, key=state.THRESHOLD_TAB)


def _about_test(subject: Subject) -> str:
    if subject.test is None:
        return "This run has no test split: nothing tells how the threshold fares on scans it was not chosen on."
    return (
        "Moving the threshold while looking at test makes the test figures exploratory: they no longer tell how it "
        "fares on scans it was not chosen on."
    )


_TABS = {
    "By a rule": show_rules,
    "Two thresholds": show_zones,
    "In patients": show_in_patients,
    "History": show_history,
    "Tables": show_tables,
}


def _show_cautions(subject: Subject) -> None:
    """What makes the figures too good: beside the title it pushes nothing down, and no release waits for it."""
    found = cached.cautions_on(subject.run, tuple(subject.splits))
    if found:
        with st.popover(short_title(found), help=title_of(found)):
            show_list(found)


title_line = st.container(horizontal=True, vertical_alignment="center")
title_line.title("Where do we cut?")
run = frame.run_or_empty_state()
announce_saved()
subject = _subject(run)
with title_line:
    _show_cautions(subject)
with st.container(gap=None):
    st.markdown(
        "A scan is called positive if its score reaches the threshold. A lower one misses fewer and alarms more. "
        "Choose it on **validation**; **test** only reports what became of it."
    )
    component.mount_scores(f"scores-{run.id}-{subject.key}", _payload(subject.key, subject))
_try_thresholds(subject)
say_how_split(run)
