"""What moving the threshold does: missed and false alarms along it."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from core.charts.layout import empty_figure, mark_threshold, styled
from core.charts.palette import CELL_COLOURS
from core.charts.thinning import thinned
from core.charts.wording import number, percent
from core.evaluation.confusion import FALSE_ALARM, MISSED

_LINES = (
    ("fnr", "missed (FNR)", MISSED, "solid", "of positives missed"),
    ("fpr", "false alarms (FPR)", FALSE_ALARM, "dash", "of the others a false alarm"),
)


def rates_by_threshold_figure(curve: pd.DataFrame, *, threshold: float, title: str | None = None) -> go.Figure:
    """FNR and FPR in steps over the threshold, the one in force as an upright line.

    Every point's `customdata` is `[threshold]`. A rate whose class is absent is not drawn.

    Args:
        curve: table of `threshold_curve`.
        threshold: the one in force, in [0, 1].
        title: of the chart.
    """
    figure, at_threshold = go.Figure(), []
    # The curve's counts hold up to and including each row's threshold.
    in_force = curve[curve["threshold"] >= threshold].head(1)
    for column, name, cell, dash, words in _LINES:
        known = thinned(curve[curve[column].notna()])
        if known.empty:
            continue
        figure.add_scatter(
            x=known["threshold"].tolist(),
            y=known[column].tolist(),
            mode="lines+markers",
            name=name,
            customdata=[[value] for value in known["threshold"].tolist()],
            hovertemplate=f"threshold %{{x:.3f}}: %{{y:.1%}} {words}<extra></extra>",
            line={"color": CELL_COLOURS[cell], "width": 2, "shape": "vh", "dash": dash},
            marker={"size": 3},
        )
        rate = float(in_force[column].iloc[0]) if len(in_force) else math.nan
        at_threshold.append(f"{percent(rate)} {words}")
    if not at_threshold:
        return empty_figure("No rates: there are no scans to count.", title=title)
    mark_threshold(figure, threshold)
    alt = f"Missed and false alarms by threshold. At {number(threshold)}: " + ", ".join(at_threshold) + "."
    styled(figure, alt=alt, x="Threshold", y="Share of its class", title=title)
    figure.update_xaxes(range=[-0.01, 1.01])
    figure.update_yaxes(range=[-0.02, 1.04], tickformat=".0%")
    return figure
