"""The band around a curve: where it may lie, point by point."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core.charts.palette import faded

_STRENGTH = 0.16


def add_band(
    figure: go.Figure, x: pd.Series, low: pd.Series, high: pd.Series, *, name: str, colour: str, shape: str = "linear"
) -> None:  # fmt: skip
    """Fill between two lines, beneath what is drawn next; nothing where there are no points.

    Args:
        figure: changed in place.
        x: shape (k,), rising.
        low: lower edge at each x.
        high: upper edge.
        name: its entry in the legend.
        colour: that of the curve.
        shape: how plotly joins points: `linear`, or `vh` for steps.
    """
    if not len(x):
        return
    line = {"width": 0, "shape": shape}
    shared = {"x": list(x), "mode": "lines", "line": line, "hoverinfo": "skip", "legendgroup": name}
    figure.add_scatter(y=list(low), showlegend=False, name=f"{name}, lower edge", **shared)
    figure.add_scatter(y=list(high), fill="tonexty", fillcolor=faded(colour, _STRENGTH), name=name, **shared)


def band_name(curve: str, alone: bool) -> str:
    """What the legend calls the band of a curve."""
    return "95 % band, point by point" if alone else f"{curve}: 95 % band"
