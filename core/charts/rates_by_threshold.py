"""What moving the threshold does: missed and false alarms along it."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import CELL_COLOURS
from core.charts.thinning import thinned
from core.evaluation.confusion import FALSE_ALARM, MISSED

_LINES = (
    ("fnr", "missed (FNR)", MISSED, "solid"),
    ("fpr", "false alarms (FPR)", FALSE_ALARM, "dash"),
)


def rates_by_threshold_figure(curve: pd.DataFrame, *, title: str | None = None) -> go.Figure:
    """FNR and FPR in steps over the threshold; where the threshold stands is drawn over it by whoever moves it.

    A rate whose class is absent is not drawn. Long curves are thinned for drawing.

    Args:
        curve: table of `threshold_curve`.
        title: of the chart.
    """
    figure = go.Figure()
    for column, name, cell, dash in _LINES:
        known = thinned(curve[curve[column].notna()])
        if known.empty:
            continue
        figure.add_scatter(
            x=known["threshold"].tolist(),
            y=known[column].tolist(),
            mode="lines",
            name=name,
            line={"color": CELL_COLOURS[cell], "width": 2, "shape": "vh", "dash": dash},
        )
    if not figure.data:
        return empty_figure("No rates: there are no scans to count.", title=title)
    drawn = " and ".join(trace.name for trace in figure.data)
    alt = f"Shares of {drawn} by threshold: missed rise with it from 0, false alarms fall with it to 0."
    styled(figure, alt=alt, x="Threshold", y="Share of its class", title=title)
    figure.update_xaxes(range=[-0.01, 1.01])
    figure.update_yaxes(range=[-0.02, 1.04], tickformat=".0%")
    return figure
