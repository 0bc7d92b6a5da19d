"""The look all charts share, and the chart that says why there is none."""

from __future__ import annotations

import plotly.graph_objects as go

from core.charts.palette import ACCENT, CLEAR, GRID
from core.charts.wording import number

HEIGHT_PX = 380


def styled(
    figure: go.Figure,
    *,
    alt: str,
    x: str,
    y: str,
    title: str | None = None,
    height: int = HEIGHT_PX,
) -> go.Figure:
    """Give a figure the common look, in place, and return it.

    Backgrounds are transparent and no text colour is set: the page's theme supplies both.

    Args:
        figure: traces and axes as the chart needs them.
        alt: what the chart shows, with its key numbers, for those who cannot see it; kept in
            `figure.layout.meta["alt"]`.
        x: what the horizontal axis counts, with its unit.
        y: the same for the vertical one.
        title: only where no heading stands above the chart.
        height: in pixels.
    """
    figure.update_layout(
        meta={"alt": alt},
        height=height,
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        margin={"l": 8, "r": 8, "t": 72 if title else 44, "b": 8},
        # Below: above, it would lie under the chart's tool bar.
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
        },
        hovermode="closest",
    )
    if title:
        figure.update_layout(title={"text": title, "x": 0, "xanchor": "left"})
    axis = {"gridcolor": GRID, "zeroline": False, "automargin": True}
    figure.update_xaxes(title_text=x, **axis)
    figure.update_yaxes(title_text=y, **axis)
    return figure


def empty_figure(says: str, *, title: str | None = None, height: int = HEIGHT_PX) -> go.Figure:
    """A chart without data that says in words why, instead of bare axes."""
    figure = styled(go.Figure(), alt=says, x="", y="", title=title, height=height)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=says, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper", font={"size": 15})
    return figure


def mark_point(figure: go.Figure, x: float, y: float, threshold: float, *, hover: str) -> None:
    """Draw the operating point on a curve: a diamond that can be clicked like the curve's own points."""
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        name=f"threshold {number(threshold)}",
        customdata=[[threshold]],
        text=[number(threshold)],
        hovertemplate=hover,
        marker={"color": ACCENT, "size": 15, "symbol": "diamond", "line": {"color": "white", "width": 1.5}},
    )
