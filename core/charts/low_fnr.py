"""The corner of the ROC that matters: few missed at few false alarms, both on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.bands import add_band, band_name
from core.charts.layout import empty_figure, mark_point, styled
from core.charts.palette import NEUTRAL, curve_colours
from core.charts.thinning import thinned
from core.charts.wording import number, percent

_HEIGHT_PX = 460
_FEW_DECADES = 0.003
_HOVER = "threshold %{text}<br>%{customdata[1]:.2%} of positives missed<br>%{customdata[2]:.2%} false alarms"
_HOVER += "<extra>%{fullData.name}</extra>"


def low_fnr_figure(
    curves: Mapping[str, pd.DataFrame],
    *,
    marked: tuple[float, float, float] | None = None,
    bands: Mapping[str, pd.DataFrame] | None = None,
    title: str | None = None,
) -> go.Figure:
    """Missed against false alarms, a line a curve, lower and further left is better.

    None missed and no false alarm have no place on such axes: they are drawn at their edges, half of the smallest rate
    that is there. Every point's `customdata` is `[threshold, fnr, fpr]`, the true rates.

    Args:
        curves: tables of `roc_points` by the name they get in the legend.
        marked: the operating point as (fpr, fnr, threshold).
        bands: tables of `roc_band` by the same names.
        title: of the chart.
    """
    drawable = {name: curve.dropna(subset=["fpr", "fnr"]) for name, curve in curves.items()}
    drawable = {name: curve for name, curve in drawable.items() if len(curve)}
    if not drawable:
        says = "No curve of misses against false alarms: it needs positive scans and others in the same split."
        return empty_figure(says, title=title, height=_HEIGHT_PX)
    fpr_edge, fnr_edge = (_edge(drawable, rate) for rate in ("fpr", "fnr"))
    figure = go.Figure()
    chance = np.geomspace(fpr_edge, 1, 200)
    figure.add_scatter(
        x=chance.tolist(),
        y=np.maximum(1 - chance, fnr_edge).tolist(),
        mode="lines",
        name="chance",
        hoverinfo="skip",
        line={"color": NEUTRAL, "dash": "dot"},
    )
    colours = curve_colours(list(drawable))
    for name in drawable:
        if bands and name in bands:
            band = bands[name][bands[name]["fpr"] >= fpr_edge]
            low, high = (1 - band["high"]).clip(lower=fnr_edge), (1 - band["low"]).clip(lower=fnr_edge)
            called = band_name(name, len(drawable) == 1)
            add_band(figure, band["fpr"], low, high, name=called, colour=colours[name])
    for name, colour in colours.items():
        _add_curve(figure, thinned(drawable[name]), name, colour, fpr_edge, fnr_edge)
    alt = "Misses against false alarms on logarithmic axes: " + ", ".join(drawable) + "."
    if marked is not None and not any(math.isnan(value) for value in marked):
        fpr, fnr, threshold = marked
        mark_point(figure, max(fpr, fpr_edge), max(fnr, fnr_edge), threshold, hover=_HOVER)
        figure.data[-1].customdata = [[threshold, fnr, fpr]]
        alt += f" Marked: threshold {number(threshold)} misses {percent(fnr)} and alarms {percent(fpr)} of the others."
    styled(figure, alt=alt, x="False alarms (FPR)", y="Missed (FNR)", title=title, height=_HEIGHT_PX)
    for update, edge in ((figure.update_xaxes, fpr_edge), (figure.update_yaxes, fnr_edge)):
        ticks = "D2" if edge > _FEW_DECADES else 1  # 1, 2, 5, 10 ..., or powers of ten alone
        update(type="log", range=[math.log10(edge) - 0.03, 0.03], tickformat=".2~%", dtick=ticks)
    return figure


def _edge(curves: Mapping[str, pd.DataFrame], rate: str) -> float:
    """Half of the smallest rate above 0 of any curve."""
    rates = np.concatenate([curve[rate].to_numpy() for curve in curves.values()])
    return float(rates[rates > 0].min(initial=1.0)) / 2


def _add_curve(
    figure: go.Figure, curve: pd.DataFrame, name: str, colour: str, fpr_edge: float, fnr_edge: float
) -> None:
    thresholds = [value if math.isfinite(value) else None for value in curve["threshold"].tolist()]
    rows = zip(thresholds, curve["fnr"].tolist(), curve["fpr"].tolist(), strict=True)
    figure.add_scatter(
        x=curve["fpr"].clip(lower=fpr_edge).tolist(),
        y=curve["fnr"].clip(lower=fnr_edge).tolist(),
        mode="lines+markers",
        name=name,
        customdata=[list(row) for row in rows],
        text=["above every score" if value is None else number(value) for value in thresholds],
        hovertemplate=_HOVER,
        line={"color": colour, "width": 2},
        marker={"size": 4},
    )
