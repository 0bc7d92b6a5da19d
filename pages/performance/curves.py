"""Every threshold at once, the one in force marked: ROC and precision-recall."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.charts.low_fnr import low_fnr_figure
from core.charts.precision_recall import precision_recall_figure
from core.charts.roc import roc_figure
from core.evaluation.bands import with_band
from core.evaluation.curves import precision_recall_points, roc_points
from core.evaluation.summary import Evaluation
from core.results import SplitResults, splits_of
from core.runs import Run
from pages.performance.by_patient import named_by
from pages.performance.cached_checks import bands as bands_of
from pages.shared import cached, charts, state
from pages.shared.tables import download_button
from pages.shared.words import SPLIT_NAMES, literal

_BAND_WORDS = (
    "Bands: 95 %, from 2,000 resamples of {drawn}, at each false-alarm rate or recall by itself, not for the whole "
    "curve at once. The dotted lines are what guessing would reach."
)


def show_curves(run: Run, results: SplitResults, evaluation: Evaluation) -> None:
    """Both curves of the positive class, and of every class against the rest where there are more than two."""
    st.subheader("Every threshold at once")
    other = {"test": "val", "val": "test"}[results.split]
    with st.container(horizontal=True, gap="large"):
        overlay = other in splits_of(run) and st.toggle(
            f"Overlay {SPLIT_NAMES[other].lower()} (dashed)", key=state.OVERLAY_OTHER_SPLIT, persist_state="session"
        )
        corner = st.toggle(
            "Low-FNR corner",
            key=state.LOW_FNR_CORNER,
            persist_state="session",
            help="The ROC as misses against false alarms, on logarithmic axes: it tells more where few are missed.",
        )
    shown = {results.split: evaluation}
    if overlay:
        shown[other] = cached.evaluation(run, other, evaluation.threshold, results.joining)
    scored = {split: cached.results(run, split, results.joining).scored for split in shown}
    names = {split: SPLIT_NAMES[split] for split in shown}

    bands = {names[split]: bands_of(run, split, results.joining) for split in shown}
    roc_tables = {names[split]: roc_points(scored[split]) for split in shown}
    precision_recall_tables = {names[split]: precision_recall_points(scored[split]) for split in shown}
    roc_bands = {name: band for name, (band, _) in bands.items()}
    if corner:
        roc = low_fnr_figure(
            roc_tables,
            marked=(evaluation.fpr.value, evaluation.fnr.value, evaluation.threshold),
            bands=roc_bands,
        )
    else:
        roc = roc_figure(
            roc_tables,
            marked=(evaluation.fpr.value, evaluation.recall.value, evaluation.threshold),
            aucs={names[split]: shown[split].auc for split in shown},
            bands=roc_bands,
        )
    precision_recall = precision_recall_figure(
        precision_recall_tables,
        marked=(evaluation.recall.value, evaluation.precision.value, evaluation.threshold),
        prevalence=evaluation.positives / evaluation.n,
        bands={name: band for name, (_, band) in bands.items()},
        counted=evaluation.counted,
    )
    if overlay:
        for figure in (roc, precision_recall):
            _dash(figure, names[other])
    file = f"{run.id}-{results.split}{named_by(run, results.joining)}"
    grid = st.grid(2, min_column_width=400)
    with grid.cell():
        st.markdown(
            f"**{'Missed and false alarms' if corner else 'ROC'}**, {literal(evaluation.positive)} against the rest"
        )
        charts.show(roc, key="roc-corner" if corner else "roc")
        download_button(_joined(roc_tables, roc_bands, "fpr", evaluation.counted), f"{file}-roc")
    with grid.cell():
        st.markdown(f"**Precision and recall** of {literal(evaluation.positive)}")
        charts.show(precision_recall, key="precision-recall")
        bands_there = {name: band for name, (_, band) in bands.items()}
        table = _joined(precision_recall_tables, bands_there, "recall", evaluation.counted)
        download_button(table, f"{file}-precision-recall")
    alone = all(one.independent for one in scored.values())
    st.caption(_BAND_WORDS.format(drawn=f"single {evaluation.counted}" if alone else "whole groups"))
    if len(results.classes) > 2:
        _show_one_vs_rest(results, evaluation, file)


def _show_one_vs_rest(results: SplitResults, evaluation: Evaluation, file: str) -> None:
    by_class = results.by_class
    rocs = {name: roc_points(scored) for name, scored in by_class.items()}
    precision_recalls = {name: precision_recall_points(scored) for name, scored in by_class.items()}
    grid = st.grid(2, min_column_width=400)
    with grid.cell():
        st.markdown("**ROC of every class** against the rest")
        aucs = {name: of_class["auc"] for name, of_class in evaluation.by_class.items()}
        charts.show(roc_figure(rocs, aucs=aucs), key="roc-one-vs-rest")
        st.caption(literal(f"AUC: {evaluation.interval_methods['delong']}."))
        download_button(_by_class(rocs, evaluation.counted), f"{file}-roc-by-class")
    with grid.cell():
        st.markdown("**Precision and recall of every class** against the rest")
        levels = {name: scored.positives / scored.n for name, scored in by_class.items()}
        charts.show(precision_recall_figure(precision_recalls, levels=levels), key="precision-recall-one-vs-rest")
        st.caption("Guessing would reach the dotted line of its colour: the share of its class.")
        download_button(_by_class(precision_recalls, evaluation.counted), f"{file}-precision-recall-by-class")


def _joined(curves: dict[str, pd.DataFrame], bands: dict[str, pd.DataFrame], along: str, counted: str) -> pd.DataFrame:
    """All points with their bands, columns saying whose they are and what was counted."""
    parts = [with_band(curve, bands[name], along=along).assign(split=name) for name, curve in curves.items()]
    return pd.concat(parts, ignore_index=True).assign(counted=counted)


def _by_class(curves: dict[str, pd.DataFrame], counted: str) -> pd.DataFrame:
    parts = [curve.assign(**{"class": name}) for name, curve in curves.items()]
    return pd.concat(parts, ignore_index=True).assign(counted=counted)


def _dash(figure: go.Figure, name: str) -> None:
    """Draw the curve of the split that was not chosen dashed; its name begins its legend entry."""
    figure.for_each_trace(
        lambda trace: trace.update(line={"dash": "dash"}) if (trace.name or "").startswith(name) else None
    )
