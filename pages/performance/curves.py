"""Every threshold at once, the one in force marked: ROC and precision-recall."""

import plotly.graph_objects as go
import streamlit as st
from streamlit.elements.lib.grid_container import GridContainer

from core.charts.precision_recall import precision_recall_figure
from core.charts.roc import roc_figure
from core.evaluation.curves import precision_recall_points, roc_auc_score, roc_points
from core.evaluation.summary import Evaluation
from core.results import SplitResults, splits_of
from core.runs import Run
from pages.shared import cached, charts, state
from pages.shared.words import SPLIT_NAMES, literal


def show_curves(run: Run, results: SplitResults, evaluation: Evaluation) -> None:
    """Both curves of the positive class, and of every class against the rest where there are more than two."""
    st.subheader("Every threshold at once")
    other = {"test": "val", "val": "test"}[results.split]
    overlay = other in splits_of(run) and st.toggle(
        f"Overlay {SPLIT_NAMES[other].lower()} (dashed)", key=state.OVERLAY_OTHER_SPLIT, persist_state="session"
    )
    shown = {results.split: evaluation}
    if overlay:
        shown[other] = cached.evaluation(run, other, evaluation.threshold)
    scored = {split: cached.results(run, split).scored for split in shown}
    names = {split: SPLIT_NAMES[split] for split in shown}

    roc = roc_figure(
        {names[split]: roc_points(scored[split]) for split in shown},
        marked=(evaluation.fpr.value, evaluation.recall.value, evaluation.threshold),
        aucs={names[split]: shown[split].auc for split in shown},
    )
    precision_recall = precision_recall_figure(
        {names[split]: precision_recall_points(scored[split]) for split in shown},
        marked=(evaluation.recall.value, evaluation.precision.value, evaluation.threshold),
        prevalence=evaluation.positives / evaluation.n,
    )
    if overlay:
        for figure in (roc, precision_recall):
            _dash(figure, names[other])
    grid = st.grid(2, min_column_width=400)
    with grid.cell():
        st.markdown(f"**ROC**, {literal(evaluation.positive)} against the rest")
        charts.show(roc, key="roc")
    with grid.cell():
        st.markdown(f"**Precision and recall** of {literal(evaluation.positive)}")
        charts.show(precision_recall, key="precision-recall")
    if len(results.classes) > 2:
        _show_one_vs_rest(grid, results)


def _show_one_vs_rest(grid: GridContainer, results: SplitResults) -> None:
    by_class = results.by_class
    with grid.cell():
        st.markdown("**ROC of every class** against the rest")
        figure = roc_figure(
            {name: roc_points(scored) for name, scored in by_class.items()},
            aucs={name: roc_auc_score(scored) for name, scored in by_class.items()},
        )
        charts.show(figure, key="roc-one-vs-rest")
    with grid.cell():
        st.markdown("**Precision and recall of every class** against the rest")
        figure = precision_recall_figure({name: precision_recall_points(scored) for name, scored in by_class.items()})
        charts.show(figure, key="precision-recall-one-vs-rest")


def _dash(figure: go.Figure, name: str) -> None:
    """Draw the curve of the split that was not chosen dashed; its name begins its legend entry."""
    figure.for_each_trace(
        lambda trace: trace.update(line={"dash": "dash"}) if (trace.name or "").startswith(name) else None
    )
