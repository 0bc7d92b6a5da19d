"""Deletion and insertion: what a score does as a map's pixels are taken away or given, beside random maps."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.charts.bands import add_band
from core.charts.layout import empty_figure, styled
from core.charts.palette import ACCENT, NEUTRAL
from core.charts.wording import number

_HEIGHT_PX = 340
_HALVES = (("deletion", "Blurred away, hottest first"), ("insertion", "Given back, hottest first"))


def faithfulness_figure(
    shares: Sequence[float],
    curves: dict[str, Sequence[float]],
    random: dict[str, Sequence[Sequence[float]]],
    *,
    about: str,
) -> go.Figure:
    """Two charts side by side: log-odds against the share of pixels, the map's line and the band of random maps.

    Args:
        shares: of the pixels, in [0, 1], shape (k,).
        curves: by "deletion" and "insertion", log-odds of the map, shape (k,) each.
        random: likewise of the random maps, shape (n, k) each; the band holds all of them.
        about: the class asked about, in words.
    """
    if not curves:
        return empty_figure("No curves: the map marks no place.", height=_HEIGHT_PX)
    figure = make_subplots(rows=1, cols=2, subplot_titles=[title for _, title in _HALVES], horizontal_spacing=0.1)
    says = []
    for column, (name, title) in enumerate(_HALVES, start=1):
        others = list(zip(*random[name], strict=True))  # of each share
        half = go.Figure()
        low, high = pd.Series([min(values) for values in others]), pd.Series([max(values) for values in others])
        add_band(half, pd.Series(list(shares)), low, high, name=f"all {len(random[name])} random maps", colour=NEUTRAL)
        half.add_scatter(
            x=list(shares),
            y=[sum(values) / len(values) for values in others],
            mode="lines",
            name="random maps, mean",
            line={"color": NEUTRAL, "dash": "dot"},
            hovertemplate="%{x:.0%} of pixels<br>log-odds %{y:.2f}<extra>%{fullData.name}</extra>",
        )
        half.add_scatter(
            x=list(shares),
            y=list(curves[name]),
            mode="lines+markers",
            name="this map",
            line={"color": ACCENT, "width": 2.5},
            hovertemplate="%{x:.0%} of pixels<br>log-odds %{y:.2f}<extra>this map</extra>",
        )
        for trace in half.data:
            if column > 1:
                trace.showlegend = False
            figure.add_trace(trace, row=1, col=column)
        middle = len(shares) // 2
        says.append(
            f"{title}: at {shares[middle]:.0%} of the pixels the map has {number(curves[name][middle])}, "
            f"random maps {number(low[middle])} to {number(high[middle])}"
        )
    styled(
        figure,
        alt=f"Log-odds of {about} as pixels are changed. {'. '.join(says)}.",
        x="Share of pixels",
        y="",
        height=_HEIGHT_PX,
    )
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(title_text="Log-odds (0 is 50 %)", row=1, col=1)
    return figure
