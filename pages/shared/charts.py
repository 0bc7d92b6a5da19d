"""Figures on a page: the same width, the same few buttons, always with their alternative text."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

_CONFIG = {
    "displaylogo": False,
    "modeBarButtons": [["toImage", "resetScale2d"]],
    "toImageButtonOptions": {"format": "svg"},
}


def show(figure: go.Figure, *, key: str, on_select: Callable[[], None] | None = None) -> None:
    """Draw a figure of `core.charts`; with `on_select`, a click on a point calls it (see `clicked`)."""
    if on_select is not None:
        # A click should act, not fade what was not clicked.
        figure.update_traces(unselected={"marker": {"opacity": 1}}, selector={"type": "scatter"})
    st.plotly_chart(
        figure,
        width="stretch",
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
