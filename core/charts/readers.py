"""Readers in ROC space: where each stood alone, and where with the model, before the model's own curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import ACCENT, NEUTRAL, curve_colours
from core.charts.thinning import thinned
from core.charts.wording import percent
from core.evaluation.reader_agreement import Rates

_HEIGHT_PX = 520
_HOVER = "%{x:.1%} false alarms<br>%{y:.1%} of positives found<extra>%{fullData.name}</extra>"


@dataclass(frozen=True)
class ReaderPoint:
    """A reader's rates without the model and with it."""

    reader: str
    unaided: Rates
    aided: Rates


def readers_figure(
    points: Sequence[ReaderPoint], *, curve: pd.DataFrame, model: Rates, title: str | None = None
) -> go.Figure:
    """Each reader as an open circle without the model and a full one with it, an arrow from one to the other.

    Args:
        points: readers; one whose rates are not defined is left out and said.
        curve: the model's ROC curve on the same cases, as `core.evaluation.curves.roc_points` gives it.
        model: its rates at its threshold.
        title: of the chart.
    """
    drawn = [point for point in points if all(map(_is_defined, (point.unaided, point.aided)))]
    if not drawn:
        return empty_figure(
            "No readers to draw: it needs positive and negative cases read without and with the model.",
            title=title,
            height=_HEIGHT_PX,
        )
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="chance", hoverinfo="skip", line={"color": NEUTRAL, "dash": "dot"}
    )
    known = curve.dropna(subset=["fpr", "tpr"])
    if len(known):
        line = thinned(known)
        figure.add_scatter(
            x=line["fpr"].tolist(),
            y=line["tpr"].tolist(),
            mode="lines",
            name="model alone",
            hovertemplate=_HOVER,
            line={"color": ACCENT, "width": 2},
        )
    if _is_defined(model):
        _add_point(figure, model, "model at its threshold", ACCENT, "diamond", 14)
    colours = curve_colours(["", *(point.reader for point in drawn)])
    says = []
    for point in drawn:
        colour = colours[point.reader]
        _add_arrow(figure, point, colour)
        _add_point(figure, point.unaided, f"{_cut(point.reader)}, without the model", colour, "circle-open", 12)
        _add_point(figure, point.aided, f"{_cut(point.reader)}, with the model", colour, "circle", 12)
        says.append(f"{point.reader} without the model {_place(point.unaided)}, with it {_place(point.aided)}")
    left_out = len(points) - len(drawn)
    alt = (
        f"Readers in ROC space before the model's curve. The model at its threshold {_place(model)}. "
        f"{'; '.join(says)}." + (f" Not drawn, as a class is absent: {left_out}." if left_out else "")
    )
    styled(figure, alt=alt, x="False alarms (FPR)", y="Sensitivity (1 − FNR)", title=title, height=_HEIGHT_PX)
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%", constrain="domain")
    figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%", constrain="domain", scaleanchor="x")
    return figure


def _add_point(figure: go.Figure, rates: Rates, name: str, colour: str, symbol: str, size_px: int) -> None:
    x, y = _where(rates)
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        name=name,
        hovertemplate=_HOVER,
        marker={"color": colour, "symbol": symbol, "size": size_px, "line": {"color": colour, "width": 2}},
    )


def _add_arrow(figure: go.Figure, point: ReaderPoint, colour: str) -> None:
    (x0, y0), (x1, y1) = _where(point.unaided), _where(point.aided)
    if math.hypot(x1 - x0, y1 - y0) < 0.01:  # the two points lie on each other
        return
    figure.add_annotation(
        **{"x": x1, "y": y1, "ax": x0, "ay": y0, "xref": "x", "yref": "y", "axref": "x", "ayref": "y"},
        **{"showarrow": True, "arrowhead": 3, "arrowsize": 1.2, "arrowwidth": 1.6, "arrowcolor": colour},
        **{"standoff": 7, "startstandoff": 7, "text": ""},
    )


def _where(rates: Rates) -> tuple[float, float]:
    return 1 - rates.specificity.value, rates.sensitivity.value


def _is_defined(rates: Rates) -> bool:
    return not any(map(math.isnan, _where(rates)))


def _place(rates: Rates) -> str:
    fpr, tpr = _where(rates)
    return f"finds {percent(tpr)} of positives with {percent(fpr)} false alarms"


def _cut(text: str, most: int = 28) -> str:
    """A name as plain text of a legend: plotly would take signs in angle brackets for markup."""
    short = text if len(text) <= most else f"{text[: most - 1]}…"
    return short.replace("<", "‹").replace(">", "›")
