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


def show(figure: go.Figure, *, key: str, on_select: Callable[[], None] | None = None) -> None:
    """Draw a figure of `core.charts`; with `on_select`, a click on a point calls it (see `clicked`)."""
    _dress(figure)
    if on_select is not None:
        # A click should act, not fade what was not clicked.
        figure.update_traces(unselected={"marker": {"opacity": 1}}, selector={"type": "scatter"})
    st.plotly_chart(
        figure,
        width="stretch",
        theme=None,  # Streamlit's own would move legends and grey the words
        key=key,
        on_select=on_select or "ignore",
        selection_mode="points",
        config=_CONFIG,
        alt=figure.layout.meta["alt"],
    )


def clicked(key: str) -> list[Any]:
    """The `customdata` of the point just clicked in the chart under `key`; empty where a click took a choice back."""
    points = st.session_state[key]["selection"]["points"]
    return list(points[0].get("customdata") or []) if points else []


def _dress(figure: go.Figure) -> None:
    """The page's text colour and font, which core leaves open."""
    theme = st.context.theme.type or "dark"
    figure.update_layout(
        template="none",
        margin={"t": 28},
        font={"color": _TEXT[theme], "family": "Source Sans, sans-serif", "size": 13},
        hoverlabel={"bgcolor": _SURFACE[theme], "font": {"color": _TEXT[theme]}},
    )
