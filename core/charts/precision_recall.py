"""Precision and recall: how many are found, and how many of the alarms are right."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from core.charts.bands import add_band, band_name
from core.charts.layout import empty_figure, mark_point, styled
from core.charts.palette import NEUTRAL, curve_colours
from core.charts.thinning import thinned
from core.charts.wording import number, percent

_HEIGHT_PX = 460
_HOVER = (
    "threshold %{customdata[0]:.3f}<br>%{x:.1%} of positives found<br>%{y:.1%} of alarms right"
    "<extra>%{fullData.name}</extra>"
)


def precision_recall_figure(
    curves: Mapping[str, pd.DataFrame],
    *,
    marked: tuple[float, float, float] | None = None,
    prevalence: float | None = None,
    levels: Mapping[str, float] | None = None,
    bands: Mapping[str, pd.DataFrame] | None = None,
    counted: str = "scans",
    title: str | None = None,
) -> go.Figure:
    """Precision against recall in steps, a line a curve; every point's `customdata` is `[threshold]`.

    Args:
        curves: tables of `precision_recall_points` by the name they get in the legend.
        marked: the operating point as (recall, precision, threshold); not drawn where its precision is NaN.
        prevalence: share of positives: the precision of a model that guesses, drawn as a level.
        levels: the same of each curve, by the names of the curves, where each is of another class.
        bands: tables of `precision_recall_band` by the names of the curves.
        counted: what has a score each: scans, patients or groups.
        title: of the chart.
    """
    drawable = {name: curve.dropna(subset=["precision", "recall"]) for name, curve in curves.items()}
    drawable = {name: curve for name, curve in drawable.items() if len(curve)}
    if not drawable:
        return empty_figure("No precision-recall curve: it needs positive scans.", title=title, height=_HEIGHT_PX)
    figure = go.Figure()
    alt = "Precision against recall: " + ", ".join(drawable) + "."
    if prevalence is not None and not math.isnan(prevalence):
        figure.add_scatter(
            x=[0, 1],
            y=[prevalence, prevalence],
            mode="lines",
            name=f"guessing: {percent(prevalence)} of {counted} are positive",
            hoverinfo="skip",
            line={"color": NEUTRAL, "dash": "dot"},
        )
        alt += f" Guessing would reach a precision of {percent(prevalence)}."
    colours = curve_colours(list(drawable))
    if levels:
        for name, colour in colours.items():
            figure.add_scatter(
                x=[0, 1],
                y=[levels[name]] * 2,
                mode="lines",
                name=f"guessing: {name}",
                legendgroup=name,
                showlegend=False,
                hoverinfo="skip",
                line={"color": colour, "width": 1.5, "dash": "dot"},
            )
        reached = ", ".join(f"{percent(levels[name])} ({name})" for name in colours)
        alt += f" Guessing would reach a precision of {reached}."
    for name in drawable:
        if bands and name in bands:
            band = bands[name]
            called = band_name(name, len(drawable) == 1)
            add_band(figure, band["recall"], band["low"], band["high"], name=called, colour=colours[name])
    for name, colour in colours.items():
        curve = thinned(drawable[name])
        figure.add_scatter(
            x=curve["recall"].tolist(),
            y=curve["precision"].tolist(),
            mode="lines+markers",
            name=name,
            legendgroup=name if levels else None,
            customdata=[[value] for value in curve["threshold"].tolist()],
            hovertemplate=_HOVER,
            line={"color": colour, "width": 2, "shape": "vh"},  # a recall in between costs the next precision
            marker={"size": 4},
        )
    if bands:
        alt += " Around it the 95 % band, at each recall by itself."
    if marked is not None and not any(math.isnan(value) for value in marked):
        mark_point(figure, *marked, hover=_HOVER)
        alt += _marked_words(*marked)
    styled(figure, alt=alt, x="Recall (1 − FNR)", y="Precision", title=title, height=_HEIGHT_PX)
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    figure.update_yaxes(range=[-0.02, 1.04], tickformat=".0%")
    return figure


def _marked_words(recall: float, precision: float, threshold: float) -> str:
    return (
        f" Marked: threshold {number(threshold)} finds {percent(recall)} of positives, "
        f"and {percent(precision)} of its alarms are right."
    )
