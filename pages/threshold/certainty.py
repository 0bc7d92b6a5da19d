"""How sure the figures at a threshold are: Wilson's intervals, or by drawing groups where scans are not independent.

Groups are drawn here and not in the browser: that takes longer than a frame, so intervals by groups follow a release.
"""

import math
from typing import Any

import streamlit as st

from core.evaluation.at_threshold import rates_at
from core.evaluation.confusion import Rates
from core.evaluation.decision.zones import ZoneFigures, zone_figures
from core.evaluation.draws import few_groups_words
from core.evaluation.scored import Scored
from pages.threshold.draft import Draft
from pages.threshold.subject import Subject

_OF_ONE = ("fnr", "fpr", "sensitivity", "specificity", "ppv", "npv")
_OF_TWO = ("fnr", "fpr", "referred", "ppv", "npv")


def rates_of(subject: Subject, split: str, threshold: float) -> Rates:
    """`rates_at` of a split; drawn once."""
    return _rates(subject.key, split, threshold, subject.splits[split])


def zones_of(subject: Subject, split: str, lower: float, upper: float) -> ZoneFigures:
    """`zone_figures` of a split; drawn once."""
    return _zones(subject.key, split, lower, upper, subject.splits[split])


def intervals_by_groups(subject: Subject, tried: Draft) -> dict[str, dict[str, list[float] | None]]:
    """What the browser cannot draw: [low, high] by rate and split, None where there is none.

    Splits whose scans are independent are left out: the browser has theirs.
    """
    found = {}
    for split, scored in subject.splits.items():
        if scored.independent:
            continue
        at: Any  # two kinds of figures, asked for by name
        if tried.upper is None:
            at = rates_of(subject, split, tried.threshold)
        else:
            at = zones_of(subject, split, tried.threshold, tried.upper)
        names = _OF_ONE if tried.upper is None else _OF_TWO
        ends = {name: [getattr(at, name).low, getattr(at, name).high] for name in names}
        found[split] = {name: None if math.isnan(pair[0]) else pair for name, pair in ends.items()}
    return found


def interval_words(scored: Scored) -> str:
    """How the intervals beside the dials are made."""
    if scored.independent:
        return "With 95 % intervals (Wilson)."
    groups = f"{scored.group_count:,} group{'s' if scored.group_count != 1 else ''}"
    few = few_groups_words(scored)
    return (
        f"With 95 % intervals from drawing whole groups: {scored.n:,} scans come from {groups}. They follow on release."
        f"{f' They are {few}.' if few else ''}"
    )


@st.cache_resource(show_spinner=False, max_entries=64)
def _rates(key: str, split: str, threshold: float, _scored: Scored) -> Rates:  # noqa: ARG001  # what they are known by
    return rates_at(_scored, threshold)


@st.cache_resource(show_spinner=False, max_entries=64)
def _zones(key: str, split: str, lower: float, upper: float, _scored: Scored) -> ZoneFigures:  # noqa: ARG001
    return zone_figures(_scored, lower, upper)
