"""What a threshold does: on validation, where it is chosen, and on test, where it is only reported."""

import pandas as pd
import streamlit as st
from streamlit.elements.lib.grid_container import GridContainer

from core.evaluation.confusion import Counts, Rates, counts_at, rates
from core.evaluation.scored import Scored
from pages.shared.estimates import show_rate
from pages.shared.splitting import say_how_split
from pages.shared.words import literal
from pages.threshold.subject import Subject

_NAMES = {
    "fnr": "Missed (FNR)",
    "fpr": "False alarms (FPR)",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
}


def show_outcome(grid: GridContainer, subject: Subject, threshold: float) -> None:
    """Two cards of the grid: validation and test at the same threshold."""
    with grid.cell():
        st.markdown("**Validation** :blue-badge[chosen here]")
        _show_split(subject, subject.validation, threshold)
    with grid.cell():
        st.markdown("**Test** :gray-badge[only reported]")
        if subject.test is None:
            st.caption(
                "This run has no test split: nothing tells how the threshold fares on scans it was not chosen on."
            )
            say_how_split(subject.run)
            return
        _show_split(subject, subject.test, threshold)
        say_how_split(subject.run)
        st.caption(
            "Moving the slider while looking here makes these figures exploratory: they no longer tell how the "
            "threshold fares on scans it was not chosen on."
        )


def outcome_table(subject: Subject, threshold: float) -> pd.DataFrame:
    """A row a rate and split, with its 95 % interval (Wilson) and the counts it comes from."""
    rows = []
    for split, scored in (("val", subject.validation), ("test", subject.test)):
        if scored is None:
            continue
        counts = counts_at(scored, threshold)
        at = rates(counts)
        for attribute, name in _NAMES.items():
            rate = getattr(at, attribute)
            rows.append(
                {
                    "split": split,
                    "threshold": threshold,
                    "rate": name,
                    "value": rate.value,
                    "low": rate.low,
                    "high": rate.high,
                    "found": counts.tp,
                    "missed": counts.fn,
                    "false alarms": counts.fp,
                    "cleared": counts.tn,
                }
            )
    return pd.DataFrame(rows)


def _show_split(subject: Subject, scored: Scored, threshold: float) -> None:
    counts = counts_at(scored, threshold)
    _show_rates(subject, rates(counts))
    st.caption(f"{interval_words(scored)} {_counts_words(subject, counts)}")


def interval_words(scored: Scored) -> str:
    """How the intervals were made, and what they leave out where scans come from fewer groups."""
    groups = len(set(scored.groups.tolist()))
    if groups == scored.n:
        return "With 95 % intervals (Wilson)."
    return (
        f"With 95 % intervals (Wilson) over {scored.n:,} scans, taken as independent although they come from "
        f"{groups:,} group{'s' if groups != 1 else ''}: the true uncertainty is larger."
    )


def _show_rates(subject: Subject, at: Rates) -> None:
    positive = literal(subject.positive)
    here = f"where {positive} is as frequent as here"
    meanings = {
        "fnr": f"Share of {positive} scans missed.",
        "fpr": "Share of the others with a false alarm.",
        "sensitivity": f"Share of {positive} scans found.",
        "specificity": "Share of the others cleared.",
        "ppv": f"Share of alarms that are right, {here}.",
        "npv": f"Share of cleared scans that are rightly so, {here}.",
    }
    with st.grid(2, min_column_width=125):
        for attribute, name in _NAMES.items():
            show_rate(name, getattr(at, attribute), meaning=meanings[attribute], card=False)


def _counts_words(subject: Subject, counts: Counts) -> str:
    one_class = subject.negative_name in subject.run.record.classes  # whose name stays as it is
    others = subject.negative_name if one_class else "The others"
    return (
        f"{literal(subject.positive)}: {counts.tp:,} found, {counts.fn:,} missed. "
        f"{literal(others)}: {counts.tn:,} cleared, "
        f"{counts.fp:,} false alarm{'s' if counts.fp != 1 else ''}."
    )
