"""Figures on a page: the same width, the same few buttons, always with their alternative text."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

_TEXT = {"dark": "#e6e9ee", "light": "#15191f"}  # as in .streamlit/config.toml
_SURFACE = {"dark": "#171c24", "light": "#ffffff"}
_CONFIG = {
    "displaylogo": False,
    "modeBarButtons": [["toImage", "resetScale2d"]],
    "toImageButtonOptions": {"format": "svg"},
}
_WITH_AREAS = {"modeBarButtons": [["lasso2d", "select2d", "zoom2d", "pan2d", "resetScale2d", "toImage"]]}


def show(
    figure: go.Figure,
    *,
    key: str,
    clickable: bool = False,
    on_select: Callable[[], None] | None = None,
    areas: bool = False,
    top_px: int = 28,
) -> list[Any]:
    """Draw a figure of `core.charts`; gives back what `clicked` does, always nothing where it cannot be clicked.

    Args:
        figure: changed in place to fit the page.
        key: session key of the chart.
        clickable: whether a click on a point runs the page again.
        on_select: called at a click, before the page runs again; may ask `clicked`. Makes the chart clickable.
        areas: whether areas can be drawn too, with a lasso or as a box; `on_select` may ask `drawn`.
        top_px: room above what is plotted.
    """
    clickable = clickable or on_select is not None
    _dress(figure, top_px)
    if clickable:
        # A click should act, not fade what was not clicked.
        figure.update_traces(unselected={"marker": {"opacity": 1}}, selector={"type": "scatter"})
    if areas:
        figure.for_each_trace(lambda trace: trace.update(unselected={"marker": {"opacity": trace.marker.opacity}}))
    st.plotly_chart(
        figure,
        width="stretch",
        theme=None,  # Streamlit's own would move legends and grey the words
        key=key,
        on_select=on_select or ("rerun" if clickable else "ignore"),
        selection_mode=("points", "lasso", "box") if areas else "points",
        config={**_CONFIG, **_WITH_AREAS} if areas else _CONFIG,
        alt=figure.layout.meta["alt"],
    )
    return clicked(key) if clickable else []


def clicked(key: str) -> list[Any]:
    """The `customdata` of the point just clicked in the chart under `key`; empty where a click took a choice back."""
    points = st.session_state[key]["selection"]["points"]
    return list(points[0].get("customdata") or []) if points else []


def drawn(key: str) -> tuple[list[float], list[float]] | None:
    """Outline of the area just drawn in the chart under `key`, xs and ys; two opposite corners of a box; else None."""
    selection = st.session_state[key]["selection"]
    areas = [*selection.get("lasso", ()), *selection.get("box", ())]
    return (list(areas[-1]["x"]), list(areas[-1]["y"])) if areas else None


def _dress(figure: go.Figure, top_px: int) -> None:
    """The page's text colour and font, which core leaves open."""
    theme = st.context.theme.type or "dark"
    figure.update_layout(
        template="none",
        margin={"t": top_px},
        font={"color": _TEXT[theme], "family": "Source Sans, sans-serif", "size": 13},
        hoverlabel={"bgcolor": _SURFACE[theme], "font": {"color": _TEXT[theme]}},
    )
