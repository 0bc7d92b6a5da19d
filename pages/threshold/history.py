"""Which thresholds were in force, how each was chosen, and the way back."""

import pandas as pd
import streamlit as st

from core.decided import Change, before, point_history, point_in_force, take_back
from core.errors import ExplorerError
from core.evaluation.decision.operating_point import OperatingPoint
from pages.shared import state
from pages.shared.errors import say_error
from pages.shared.tables import table_with_download
from pages.shared.words import score_text
from pages.threshold import draft
from pages.threshold.subject import Subject

_RATES = ("missed (FNR)", "false alarms (FPR)", "referred")


def show_history(subject: Subject) -> None:
    """Every change, newest first; `Back to the one before`, and any of them again."""
    changes = point_history(subject.run)
    if not changes:
        st.info("Nobody has chosen a threshold yet: 0.5, the default, is in force.", icon=":material/info:")
        return
    _show_ways_back(subject, changes)
    table_with_download(
        history_table(changes),
        f"{subject.run.id}-thresholds",
        alt="Changes of the threshold, newest first: when, which, how it was chosen, its rates on validation",
        percents=[f"{rate}{end}" for rate in _RATES for end in ("", ", low", ", high")],
    )
    if len({change.point.data_fingerprint for change in changes if change.point.data_fingerprint}) > 1:
        st.caption("Not all of them were chosen on the same data: their fingerprints differ.")


def history_table(changes: tuple[Change, ...]) -> pd.DataFrame:
    """A row a change, newest first; rates on validation with 95 % intervals."""
    return pd.DataFrame(
        [
            {
                "change": change.number,
                "when (UTC)": change.point.chosen_at.removesuffix("+00:00").replace("T", " ") or "unknown",
                "threshold": change.point.threshold,
                "upper": change.point.upper,
                "how": _how(change),
                **_rates_with_intervals(change.point),
                "scores": change.point.score_kind or "raw",
                "scans": change.point.n,
                "data": change.point.data_fingerprint[:12],
            }
            for change in reversed(changes)
        ]
    ).dropna(axis="columns", how="all")


def _show_ways_back(subject: Subject, changes: tuple[Change, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        earlier = before(changes)
        one_before = st.button(
            "Back to the one before",
            icon=":material/undo:",
            disabled=earlier is None,
            key=f"take-back-{subject.run.id}",
            help="Puts it in force again, on every page. That is a change too, and can be taken back.",
        )
        numbers = [0, *(change.number for change in changes[:-1])]
        points = {change.number: change.point for change in changes}
        wanted = st.selectbox(
            "Or any other",
            numbers[::-1],
            format_func=lambda number: (
                f"{number}: {score_text(points[number].threshold)}, {points[number].says}"
                if number
                else "0.500, the default"
            ),
            index=None,
            placeholder="Choose one",
            key=f"{state.BACK_TO_OF_RUN}{subject.run.id}-{changes[-1].number}",
            width=420,
        )
        again = st.button("Put in force again", disabled=wanted is None, key=f"again-{subject.run.id}")
    if one_before:
        _go_back(subject, None)
    elif again and wanted is not None:
        _go_back(subject, int(wanted))


def _go_back(subject: Subject, to: int | None) -> None:
    try:
        take_back(subject.run, to=to)
        point = point_in_force(subject.run)  # for the kind of scores in force, which it may not have been chosen on
    except ExplorerError as error:  # nothing is changed, and another one can still be chosen
        say_error(error)
        return
    draft.drop(subject)
    state.put(state.THRESHOLD_SAVED, f"Threshold {score_text(point.threshold)} is in force again on every page.")
    st.rerun()  # the sidebar says it too


def _rates_with_intervals(point: OperatingPoint) -> dict[str, float]:
    """Of two thresholds the false alarms are those ruled in, unless an earlier version has kept only the lower's."""
    shown = {}
    for name, rate in zip(_RATES, (point.fnr, point.ruled_in_fpr or point.fpr, point.referred), strict=True):
        if rate is not None:
            shown |= {name: rate.value, f"{name}, low": rate.low, f"{name}, high": rate.high}
    return shown


def _how(change: Change) -> str:
    if change.back_to is None:
        return change.point.says
    return f"back to {change.back_to or 'the default'}: {change.point.says}"
