"""The figures in front: missed first, each with its interval, and what to think of them."""

import streamlit as st

from core.evaluation.confusion import Counts
from core.evaluation.summary import Evaluation
from core.results import splits_of
from core.runs import Run
from pages.shared.estimates import show_rate, show_score
from pages.shared.splitting import say_how_split
from pages.shared.words import SPLIT_NAMES, literal


def show_honest_words(run: Run, split: str) -> None:
    """What makes the figures better than the truth, before anybody reads them."""
    if "test" not in splits_of(run):
        st.warning(
            "This run has no test split, so there are no figures from scans that nothing was chosen on.",
            icon=":material/warning:",
        )
    if split == "val":
        st.warning(
            "Figures on the validation split are optimistic: the weights, the moment to stop and the threshold "
            "were chosen there.",
            icon=":material/warning:",
        )
    say_how_split(run)


def show_rates(evaluation: Evaluation, counts: Counts) -> None:
    """In one sentence, then a card a figure."""
    positive, split = literal(evaluation.positive), SPLIT_NAMES[evaluation.split].lower()
    st.markdown(
        f"On **{split}**, at threshold **{evaluation.threshold:.3f}**, the model misses "
        f"**{counts.fn:,} of {evaluation.positives:,}** {positive} scans and raises a false alarm on "
        f"**{counts.fp:,} of {evaluation.n - evaluation.positives:,}** others."
    )
    with st.grid(2, min_column_width=220):
        show_rate(
            "Missed (FNR)",
            evaluation.fnr,
            meaning=f"Share of {positive} scans not called {positive}: FN / (FN + TP).",
        )
        show_rate(
            "False alarms (FPR)",
            evaluation.fpr,
            meaning=f"Share of the others called {positive}: FP / (FP + TN).",
        )
    only_here = f"Holds where {positive} is as frequent as in this split."
    with st.grid(4, min_column_width=180):
        show_rate("Sensitivity (recall)", evaluation.recall, meaning=f"Share of {positive} scans found: 1 − FNR.")
        show_rate("Specificity", evaluation.specificity, meaning="Share of the others cleared: 1 − FPR.")
        show_rate(
            "Precision (PPV)",
            evaluation.precision,
            meaning=f"Share of alarms that are right. {only_here}",
        )
        show_rate(
            "NPV",
            evaluation.npv,
            meaning=f"Share of cleared scans that are rightly so. {only_here}",
        )
        show_rate(
            "Accuracy",
            evaluation.accuracy,
            meaning=f"Share of scans given their own class, over all {len(evaluation.classes)} classes.",
        )
        show_score("F1", evaluation.f1, meaning="Harmonic mean of precision and recall.")
        show_score(
            "ROC AUC",
            evaluation.auc,
            meaning=f"Chance that a {positive} scan scores above another; needs no threshold.",
        )
    st.caption(f"How the intervals were made. {interval_words(evaluation.interval_methods)}")


def interval_words(methods: dict[str, str]) -> str:
    """One sentence a method, after the figures it was used for: methods alike are said once."""
    names = {"rates": "rates", "auc": "AUC", "f1": "F1"}
    used_for: dict[str, list[str]] = {}
    for figure, method in methods.items():
        used_for.setdefault(method, []).append(names.get(figure, figure))
    sentences = [f"{' and '.join(figures)}: {method}." for method, figures in used_for.items()]
    return " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)
