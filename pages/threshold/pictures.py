"""The same threshold in four pictures, all of the validation split; two of them can be clicked."""

from functools import partial

import streamlit as st

from core.charts.confusion import confusion_figure
from core.charts.rates_by_threshold import rates_by_threshold_figure
from core.charts.roc import roc_figure
from core.charts.score_histogram import score_histogram_figure
from core.evaluation.confusion import counts_at, rates
from core.evaluation.curves import roc_auc_score, roc_points
from pages.shared import charts
from pages.shared.tables import table_with_download
from pages.threshold import draft
from pages.threshold.outcome import outcome_table
from pages.threshold.subject import Subject


def show_pictures(subject: Subject, threshold: float) -> None:
    """Rates along the threshold, ROC, scores by class, counts; then the tables they came from."""
    st.subheader("On validation")
    st.caption("Click a point of the first two curves to try its threshold.")
    grid = st.grid(2, min_column_width=400)
    with grid.cell():
        st.markdown("**Missed and false alarms along the threshold**")
        key = f"rates-{subject.run.id}"
        figure = rates_by_threshold_figure(subject.curve, threshold=threshold)
        charts.show(figure, key=key, on_select=partial(draft.take_click, subject, key))
    with grid.cell():
        st.markdown("**ROC**")
        _show_roc(subject, threshold)
    with grid.cell():
        st.markdown("**Scores by class**")
        figure = score_histogram_figure(
            subject.validation, threshold=threshold, positive=subject.positive, negative_name=subject.negative_name
        )
        charts.show(figure, key=f"scores-{subject.run.id}")
    with grid.cell():
        st.markdown("**Right and wrong**")
        _show_counts(subject, threshold)
    _show_tables(subject, threshold)


def _show_roc(subject: Subject, threshold: float) -> None:
    at = rates(counts_at(subject.validation, threshold))
    key = f"roc-{subject.run.id}"
    figure = roc_figure(
        {"Validation": roc_points(subject.validation)},
        marked=(at.fpr.value, at.sensitivity.value, threshold),
        aucs={"Validation": roc_auc_score(subject.validation)},
    )
    charts.show(figure, key=key, on_select=partial(draft.take_click, subject, key))


def _show_counts(subject: Subject, threshold: float) -> None:
    counts = counts_at(subject.validation, threshold)
    figure = confusion_figure(
        [[counts.tp, counts.fn], [counts.fp, counts.tn]],
        [subject.positive, subject.negative_name],
        positive=subject.positive,
    )
    charts.show(figure, key=f"counts-{subject.run.id}")


def _show_tables(subject: Subject, threshold: float) -> None:
    st.subheader("Tables")
    here, along = st.tabs(["Rates at this threshold", "Validation at every threshold"])
    with here:
        table_with_download(
            outcome_table(subject, threshold),
            f"{subject.run.id}-at-threshold",
            alt="Rates with 95 % intervals at this threshold, by split",
        )
    with along:
        table_with_download(
            subject.curve,
            f"{subject.run.id}-val-thresholds",
            alt="Validation at every threshold: rates and counts",
            percents=("fnr", "fpr", "precision", "accuracy"),
        )
