"""How good is it for a patient? Scores of a patient's scans joined into one, beside the figures by scan."""

import pandas as pd
import streamlit as st

from core.evaluation.intervals import Estimate
from core.evaluation.patients import contradicting_groups, parsed_joining
from core.evaluation.summary import Evaluation
from core.results import group_word
from core.runs import Run
from pages.shared import cached, state
from pages.shared.estimates import show_rate, show_score
from pages.shared.splitting import group_words
from pages.shared.tables import table_with_download
from pages.shared.words import SPLIT_NAMES, literal, score_text, sentence

_WAYS = ("mean", "max", "2-of-n", "3-of-n", "4-of-n", "5-of-n")
_ROW_PX = 35
_FIGURES = {
    "missed (FNR)": "fnr",
    "false alarms (FPR)": "fpr",
    "sensitivity (recall)": "recall",
    "specificity": "specificity",
    "precision (PPV)": "precision",
    "NPV": "npv",
    "accuracy": "accuracy",
    "balanced accuracy": "balanced_accuracy",
    "F1": "f1",
    "F2": "f2",
    "MCC": "mcc",
    "Cohen's kappa": "kappa",
    "ROC AUC": "auc",
    "ROC AUC (DeLong)": "auc_delong",
    "average precision": "average_precision",
    "Brier score": "brier",
    "log loss": "log_loss",
}


def joining_in_use(run: Run, split: str) -> str:
    """How scores are joined for all of the page, as `Joining.text`; empty where the page is by scan.

    Says so above the figures, for the switch stands below them.
    """
    if not st.session_state.get(state.BY_PATIENT) or cached.results(run, split).scored.independent:
        return ""
    joining = parsed_joining(state.get(state.JOINING, _WAYS[0]))
    one, many = unit_words(run)
    st.info(
        f"**By {one}**: every figure down to the section By {one}, and in the tables at the end, counts {many}, not "
        f"scans; subgroups stay by scan. A {one}'s score is {joining.words}. [The switch](#by-patient) is in that "
        "section.",
        icon=":material/groups:",
    )
    return joining.text


def unit_words(run: Run) -> tuple[str, str]:
    """What a group of this run is called, one and several."""
    one = group_word(run.record.group_source)
    return one, f"{one}s"


def named_by(run: Run, joining: str) -> str:
    """What the name of a file says of its figures: nothing by scan, else how scores were joined."""
    return f"-by-{unit_words(run)[0]}-{joining}" if joining else ""


def show_by_patient(run: Run, split: str, threshold: float) -> None:
    """The choice of joining, the switch for the page, and the figures of both side by side."""
    one, many = unit_words(run)
    st.subheader(f"By {one}", anchor="by-patient")
    results = cached.results(run, split)
    if one != "patient":
        st.caption(f"What belongs to one patient is not known here. {group_words(run)}")
    if results.scored.independent:
        st.caption(f"Every scan of this split is a {one} of its own: by {one} and by scan are the same.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        joining = parsed_joining(
            st.selectbox(
                f"A {one}'s score is",
                _WAYS,
                key=state.JOINING,
                format_func=_way_words,
                persist_state="session",
                width=330,
            )
        )
        st.toggle(
            f"Recompute everything above by {one}",
            key=state.BY_PATIENT,
            persist_state="session",
            help=f"Rates, matrix and curves then count {many} instead of scans.",
        )
    by_scan = cached.evaluation(run, split, threshold)
    joined = cached.evaluation(run, split, threshold, joining.text)
    left, right = st.columns(2)
    with left:
        st.markdown(f"**By scan**  \n{by_scan.n:,} scans, {by_scan.positives:,} positive")
        _cards(by_scan, "scans")
    with right:
        st.markdown(f"**By {one}**  \n{joined.n:,} {many}, {joined.positives:,} positive")
        _cards(joined, many)
    words = (
        f"A {one}'s score is {joining.words}. A {one} is positive if any of the scans is. The threshold is the same "
        f"{score_text(threshold)}, chosen for single scans: for {many} another one may be right."
    )
    contradicting = contradicting_groups(results.table["label"].to_numpy(str), results.table["group"].to_numpy(str))
    if contradicting:
        who = f"1 {one} has" if contradicting == 1 else f"{contradicting:,} {many} have"
        words += f" {who} scans of different classes."
    st.caption(words)
    table_with_download(
        comparison_table(by_scan, joined, one),
        f"{run.id}-{split}-by-{one}-{joining.text}",
        alt=f"Figures by scan and by {one} on {SPLIT_NAMES[split].lower()}, with 95 % intervals",
        height=_ROW_PX * (len(_FIGURES) + 1) + 3,
    )
    for way, evaluation in (("scan", by_scan), (one, joined)):
        st.caption(literal(f"Intervals by {way}. Rates: {sentence(evaluation.interval_methods['rates'])}"))


def comparison_table(by_scan: Evaluation, joined: Evaluation, one: str) -> pd.DataFrame:
    """A row a figure, its value and 95 % interval by scan and by patient."""
    rows: list[dict[str, object]] = []
    for name, attribute in _FIGURES.items():
        row: dict[str, object] = {"figure": name}
        for way, evaluation in (("by scan", by_scan), (f"by {one}", joined)):
            estimate: Estimate = getattr(evaluation, attribute)
            row |= {way: estimate.value, f"{way}, low": estimate.low, f"{way}, high": estimate.high}
        rows.append(row)
    return pd.DataFrame(rows)


def _cards(evaluation: Evaluation, counted: str) -> None:
    with st.grid(2, min_column_width=150):
        show_rate("Missed (FNR)", evaluation.fnr, meaning=f"Share of positive {counted} not called positive.")
        show_rate("False alarms (FPR)", evaluation.fpr, meaning=f"Share of the other {counted} called positive.")
        show_score("ROC AUC", evaluation.auc, meaning="Chance that a positive one scores above another.")
        show_rate("Accuracy", evaluation.accuracy, meaning=f"Share of {counted} given their own class.")


def _way_words(way: str) -> str:
    if way == "mean":
        return "the mean of its scans"
    if way == "max":
        return "the highest of its scans"
    k = way.partition("-")[0]
    return f"positive if at least {k} scans are"
