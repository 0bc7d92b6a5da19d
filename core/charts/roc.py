"""ROC: how many are found at which price in false alarms."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from core.charts.bands import add_band, band_name
from core.charts.layout import empty_figure, mark_point, styled
from core.charts.palette import NEUTRAL, curve_colours
from core.charts.thinning import thinned
from core.charts.wording import number, percent, with_interval
from core.evaluation.intervals import Estimate

_HEIGHT_PX = 460
_HOVER = "threshold %{text}<br>%{y:.1%} of positives found<br>%{x:.1%} false alarms<extra>%{fullData.name}</extra>"


def roc_figure(
    curves: Mapping[str, pd.DataFrame],
    *,
    marked: tuple[float, float, float] | None = None,
    aucs: Mapping[str, Estimate | float] | None = None,
    bands: Mapping[str, pd.DataFrame] | None = None,
    title: str | None = None,
) -> go.Figure:
    """Sensitivity against false alarms, a line a curve, chance as the diagonal.

    Every point can be clicked: its `customdata` is `[threshold]`, or `[None]` for the first point,
    where nothing is called positive. Long curves are thinned for drawing.

    Args:
        curves: tables of `roc_points` by the name they get in the legend.
        marked: the operating point as (fpr, tpr, threshold).
        aucs: area under each curve, by the same names.
        bands: tables of `roc_band` by the same names.
        title: of the chart.
    """
    drawable = {name: curve.dropna(subset=["fpr", "tpr"]) for name, curve in curves.items()}
    drawable = {name: curve for name, curve in drawable.items() if len(curve)}
    if not drawable:
        return empty_figure(
            "No ROC curve: it needs positive scans and others in the same split.",
            title=title,
            height=_HEIGHT_PX,
        )
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="chance",
        hoverinfo="skip",
        line={"color": NEUTRAL, "dash": "dot"},
    )
    says = []
    colours = curve_colours(list(drawable))
    for name in drawable:
        if bands and name in bands:
            band = bands[name]
            called = band_name(name, len(drawable) == 1)
            add_band(figure, band["fpr"], band["low"], band["high"], name=called, colour=colours[name])
    for name, colour in colours.items():
        area = f"AUC {with_interval(aucs[name])}" if aucs and name in aucs else ""
        says.append(f"{name}: {area}" if area else name)
        _add_curve(figure, thinned(drawable[name]), ", ".join(filter(None, (name, area))), colour)
    alt = "ROC curve, sensitivity against false alarms. " + "; ".join(says) + "."
    if bands:
        alt += " Around it the 95 % band, at each false-alarm rate by itself."
    if marked is not None and not any(math.isnan(value) for value in marked):
        mark_point(figure, *marked, hover=_HOVER)
        alt += _marked_words(*marked)
    styled(figure, alt=alt, x="False alarms (FPR)", y="Sensitivity (1 − FNR)", title=title, height=_HEIGHT_PX)
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%", constrain="domain")
    figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%", constrain="domain", scaleanchor="x")
    return figure


def _add_curve(figure: go.Figure, curve: pd.DataFrame, name: str, colour: str) -> None:
    thresholds = [value if math.isfinite(value) else None for value in curve["threshold"].tolist()]
    figure.add_scatter(
        x=curve["fpr"].tolist(),
        y=curve["tpr"].tolist(),
        mode="lines+markers",  # a line without markers cannot be clicked
        name=name,
        customdata=[[value] for value in thresholds],
        text=["above every score" if value is None else number(value) for value in thresholds],
        hovertemplate=_HOVER,
        line={"color": colour, "width": 2},
        marker={"size": 4},
    )


def _marked_words(fpr: float, tpr: float, threshold: float) -> str:
    return (
        f" Marked: threshold {number(threshold)} finds {percent(tpr)} of positives, misses "
        f"{percent(1 - tpr)} and gives false alarms in {percent(fpr)} of the others."
    )
