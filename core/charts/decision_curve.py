"""Is it worth using the model: net benefit along the price of a false alarm."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.charts.layout import styled
from core.charts.palette import ACCENT, CELL_COLOURS, CLEAR, NEUTRAL, faded
from core.charts.wording import number
from core.evaluation.confusion import FOUND

_LINES = (
    ("model", "model, cut at each probability", ACCENT, "solid", 0.2),
    ("at_threshold", "model at the threshold", CELL_COLOURS[FOUND], "dash", 0.1),
)  # column, name, colour, dashes, how strong its band is
_LOWEST = -0.35  # of the vertical axis, in parts of its top: calling everybody falls without end


def decision_curve_figure(table: pd.DataFrame, *, marked: float | None = None, title: str | None = None) -> go.Figure:
    """Net benefit per 1,000 people over the threshold probability, with bands, beside calling everybody and nobody.

    Args:
        table: of `decision_curve`.
        marked: a threshold probability to mark, in (0, 1): that of the stated costs.
        title: of the chart.
    """
    x = table["probability"].tolist()
    lines = [*_LINES, ("treat_all", "calling everybody", NEUTRAL, "dot", 0)]
    # Built in one go: plotly takes several times as long where a figure grows piece by piece.
    figure = go.Figure(
        [_band(table, *line) for line in _LINES if table[f"{line[0]}_low"].notna().any()]
        + [_line(x, (1000 * table[column]).tolist(), name, colour, dash) for column, name, colour, dash, _ in lines]
        + [_line([x[0], x[-1]], [0, 0], "calling nobody", NEUTRAL, "dashdot")],
        {} if marked is None else _mark(marked),
    )
    top = 1000 * float(table[["model", "at_threshold", "treat_all", "model_high", "at_threshold_high"]].max().max())
    styled(
        figure,
        alt=_alt(table, marked),
        x="Threshold probability<br>(a false alarm's share of both costs)",
        y="Net benefit per 1,000 people",
        title=title,
    )
    figure.update_xaxes(range=[0, 1])
    figure.update_yaxes(range=[_LOWEST * max(top, 1), 1.08 * max(top, 1)])
    return figure


def _band(table: pd.DataFrame, column: str, name: str, colour: str, _dash: str, alpha: float) -> dict[str, Any]:
    band = table[table[f"{column}_low"].notna()]
    return {
        "type": "scatter",
        "x": [*band["probability"], *band["probability"][::-1]],
        "y": [1000 * value for value in [*band[f"{column}_high"], *band[f"{column}_low"][::-1]]],
        "fill": "toself",
        "fillcolor": faded(colour, alpha),
        "line": {"color": CLEAR},
        "hoverinfo": "skip",
        "showlegend": False,
        "mode": "lines",
        "name": f"{name}: 95 %",
    }


def _line(x: list[float], y: list[float], name: str, colour: str, dash: str) -> dict[str, Any]:
    at = ": 0" if name == "calling nobody" else ": %{y:.1f} at probability %{x:.2f}"
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines",
        "name": name,
        "line": {"color": colour, "width": 2, "dash": dash},
        "hovertemplate": f"{name}{at}<extra></extra>",
    }


def _mark(marked: float) -> dict[str, Any]:
    """An upright line with its words."""
    place = {"x0": marked, "x1": marked, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain"}
    words = {"x": marked, "y": 1, "yref": "paper", "yanchor": "bottom", "xanchor": "right" if marked > 0.5 else "left"}
    return {
        "shapes": [{"type": "line", "line": {"color": NEUTRAL, "width": 1.5}, **place}],
        "annotations": [{"text": "the stated costs", "showarrow": False, **words}],
    }


def _alt(table: pd.DataFrame, marked: float | None) -> str:
    best = table[["model", "at_threshold"]].max(axis=1)
    useful = table.loc[best > table[["treat_all", "treat_none"]].max(axis=1) + 1e-12, "probability"]
    where = (
        f"The model is worth more than either from {number(useful.min(), 2)} to {number(useful.max(), 2)}."
        if len(useful)
        else "The model is nowhere worth more than either."
    )
    at = "" if marked is None else _alt_at(table, marked)
    return f"Net benefit over the threshold probability, beside calling everybody and nobody. {where}{at}"


def _alt_at(table: pd.DataFrame, marked: float) -> str:
    row = table.iloc[(table["probability"] - marked).abs().argmin()]
    worth = f"{1000 * row['at_threshold']:.1f} at the threshold, {1000 * row['treat_all']:.1f} when calling everybody"
    return f" At {number(float(row['probability']), 2)}, near the stated costs, per 1,000 people: {worth}."
