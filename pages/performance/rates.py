"""The figures in front: missed first, each with its interval, and how it was made."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.evaluation.confusion import Counts
from core.evaluation.intervals import Estimate
from core.evaluation.summary import METHOD_OF, Evaluation
from core.runs import Run
from pages.performance.by_patient import named_by
from pages.shared.estimates import show_rate, show_score
from pages.shared.tables import download_button
from pages.shared.words import SPLIT_NAMES, decimal, literal, percent, score_text, sentence, span

_SHARES = (
    ("recall", "Sensitivity (recall)", "positives found"),
    ("specificity", "Specificity", "others cleared"),
    ("precision", "Precision (PPV)", "alarms that are right"),
    ("npv", "NPV", "cleared that are rightly so"),
    ("accuracy", "Accuracy", "given their own class"),
)
_SCORES = (
    ("balanced_accuracy", "Balanced accuracy", "mean recall of the classes"),
    ("f1", "F1", "harmonic mean of precision and recall"),
    ("f2", "F2", "the same, recall counting twice"),
    ("mcc", "MCC", "correlation with the truth, 0 is guessing"),
    ("kappa", "Cohen's kappa", "agreement beyond chance, 0 is guessing"),
)
_RANKING = (
    ("auc_delong", "ROC AUC (DeLong)", "chance that a positive scores above another; the interval by another method"),
    ("average_precision", "Average precision", "area under precision and recall"),
    ("brier", "Brier score", "squared error of the positive class's score, lower is better"),
    ("log_loss", "Log loss", "minus the log of what the true class was given, over all classes; lower is better"),
)
_AVERAGES = (
    ("macro_recall", "Recall, macro", "mean over the classes"),
    ("macro_precision", "Precision, macro", "mean over the classes"),
    ("macro_f1", "F1, macro", "mean over the classes"),
    ("micro_f1", "F1, micro", "all {counted} alike: the accuracy"),
    ("macro_auc", "ROC AUC, macro", "mean over the classes"),
    ("micro_auc", "ROC AUC, micro", "all pairs of {unit} and class alike"),
)
_OF_CLASS = {  # what it is called, and which of `Evaluation.interval_methods` made its interval
    "fnr": ("missed (FNR)", "rates"),
    "precision": ("precision", "rates"),
    "f1": ("F1", "scores"),
    "auc": ("ROC AUC", "delong"),
}
_IN_PERCENT = frozenset(name for name, _, _ in _SHARES) | {"fnr", "fpr"}


def show_rates(run: Run, evaluation: Evaluation, counts: Counts, joining: str) -> None:
    """In one sentence, in three cards, then every other figure in two small tables.

    Args:
        run: whose figures these are.
        evaluation: the figures.
        counts: found, missed and the rest.
        joining: how scores were joined, as `Joining.text`; empty by scan.
    """
    positive, split = literal(evaluation.positive), SPLIT_NAMES[evaluation.split].lower()
    counted = evaluation.counted
    st.markdown(
        f"On **{split}**, at threshold **{score_text(evaluation.threshold)}**, the model misses "
        f"**{counts.fn:,} of {evaluation.positives:,}** {positive} {counted} and raises a false alarm on "
        f"**{counts.fp:,} of {evaluation.n - evaluation.positives:,}** others."
    )
    with st.grid(3, min_column_width=220):
        show_rate(
            "Missed (FNR)",
            evaluation.fnr,
            meaning=f"Share of {positive} {counted} not called {positive}: FN / (FN + TP).",
        )
        show_rate(
            "False alarms (FPR)",
            evaluation.fpr,
            meaning=f"Share of the others called {positive}: FP / (FP + TN).",
        )
        show_score(
            "ROC AUC",
            evaluation.auc,
            meaning=f"Chance that one of {positive} scores above another; needs no threshold.",
        )
    methods = evaluation.interval_methods
    named = {
        "rates": "rates",
        "auc": "AUC and average precision",
        "delong": "AUC by DeLong",
        "losses": "Brier score and log loss",
        "scores": "balanced accuracy, F1, F2, MCC and kappa",
    }
    if evaluation.averages:
        named["rates"] += " and micro F1"
        named["delong"] += " and micro AUC"
        named["scores"] += ", macro recall, precision and F1"
        named["macro_auc"] = "macro AUC"
    st.caption(_method_words(methods, {method: named.pop(method) for method in ("rates", "auc")}))
    grid = st.grid(2, min_column_width=400)
    with grid.cell():
        _table("At this threshold", evaluation, (*_SHARES, *_SCORES))
    with grid.cell():
        _table("Whatever the threshold", evaluation, _RANKING)
        if evaluation.averages:
            _table("Over all classes", evaluation, _AVERAGES)
        st.caption(_method_words(methods, named))
        st.caption(f"PPV and NPV hold where {positive} is as frequent as in this split.")
        with st.container(horizontal=True):
            with st.popover("What they are", icon=":material/help:"):
                st.markdown(_meanings(evaluation))
            download_button(rates_table(evaluation), f"{run.id}-{evaluation.split}{named_by(run, joining)}-figures")
    if evaluation.by_class:
        _show_by_class(evaluation)


def rates_table(evaluation: Evaluation) -> pd.DataFrame:
    """A row a figure: its value, its 95 % interval and the method of the interval, missed first."""
    named = {"fnr": "missed (FNR)", "fpr": "false alarms (FPR)"}
    named |= {"auc": "ROC AUC"} | {attribute: name for attribute, name, _ in (*_SHARES, *_SCORES, *_RANKING)}
    named |= {attribute: name for attribute, name, _ in _AVERAGES if attribute in evaluation.averages}
    rows = []
    for attribute, name in named.items():
        estimate = _figure(evaluation, attribute)
        method = evaluation.interval_methods[METHOD_OF[attribute]]
        rows.append((name, estimate.value, estimate.low, estimate.high, method))
    for name in evaluation.by_class:
        for attribute, (figure, made) in _OF_CLASS.items():
            estimate, method = _of_class(evaluation, name, attribute), evaluation.interval_methods[made]
            rows.append((f"{figure} of {name}", estimate.value, estimate.low, estimate.high, method))
    table = pd.DataFrame(rows, columns=["figure", "value", "low", "high", "interval"])
    return table.assign(
        split=evaluation.split, threshold=evaluation.threshold, n=evaluation.n, counted=evaluation.counted
    )


def _show_by_class(evaluation: Evaluation) -> None:
    st.markdown("**Each class against the rest**")
    order = sorted(evaluation.by_class, key=lambda name: name != evaluation.positive)
    lines = ["| Class | Missed (FNR) | Precision | F1 | ROC AUC |", "| --- | --- | --- | --- | --- |"]
    for name in order:
        cells = [_both(_of_class(evaluation, name, figure), figure in _IN_PERCENT) for figure in _OF_CLASS]
        bold = f"**{literal(name)}**" if name == evaluation.positive else literal(name)
        lines.append(f"| {bold} | {' | '.join(cells)} |")
    st.markdown("\n".join(lines))
    named = {"rates": "missed and precision", "scores": "F1", "delong": "ROC AUC"}
    st.caption(_method_words(evaluation.interval_methods, named))


def _of_class(evaluation: Evaluation, name: str, figure: str) -> Estimate:
    """A figure of `_OF_CLASS` of one class against the rest."""
    found = evaluation.by_class[name]
    recall = found["recall"]
    return Estimate(1 - recall.value, 1 - recall.high, 1 - recall.low) if figure == "fnr" else found[figure]


def _method_words(methods: Mapping[str, str], named: Mapping[str, str]) -> str:
    """How intervals were made, figures of one method together."""
    figures: dict[str, list[str]] = {}
    for method, name in named.items():
        figures.setdefault(methods[method], []).append(name)
    words = [f"{', '.join(names)}: {method}." for method, names in figures.items()]
    return literal(f"Intervals. {' '.join(sentence(line) for line in words)}")


def _meanings(evaluation: Evaluation) -> str:
    shown = (*_SHARES, *_SCORES, *_RANKING, *(_AVERAGES if evaluation.averages else ()))
    named = {"counted": evaluation.counted, "unit": evaluation.unit}
    return "\n".join(f"- **{name}**: {meaning.format(**named)}" for _, name, meaning in shown)


def _table(title: str, evaluation: Evaluation, figures: tuple[tuple[str, str, str], ...]) -> None:
    """A row a figure with its interval, as words: a screen reader reads it as a table."""
    lines = [f"| {title} | | 95 % interval |", "| :--- | ---: | :--- |"]
    for attribute, name, _ in figures:
        estimate = _figure(evaluation, attribute)
        value, reach = _words(estimate, attribute in _IN_PERCENT)
        # No line within a cell: the table is as high as it has rows.
        lines.append(f"| {name} | **{value}** | {reach} |".replace(" to ", "\u00a0to\u00a0"))
    st.markdown("\n".join(lines))


def _figure(evaluation: Evaluation, attribute: str) -> Estimate:
    found = evaluation.averages.get(attribute)
    estimate: Estimate = getattr(evaluation, attribute) if found is None else found
    return estimate


def _both(estimate: Estimate, in_percent: bool) -> str:
    value, reach = _words(estimate, in_percent)
    return f"**{value}** ({reach})".replace("no ", "no\u00a0").replace(" to ", " to\u00a0")  # cells may be narrow


def _words(estimate: Estimate, in_percent: bool) -> tuple[str, str]:
    if in_percent:
        return percent(estimate), span(estimate)
    if estimate.low != estimate.low:  # NaN
        return decimal(estimate), "no interval"
    return decimal(estimate), f"{estimate.low:.3f} to {estimate.high:.3f}"
