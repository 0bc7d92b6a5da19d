"""Reading a figure the way a browser would."""

from __future__ import annotations

import json
import math

import plotly.graph_objects as go


def traces(figure: go.Figure) -> dict[str, dict]:
    """Every trace by name, as plain values."""
    return {trace["name"]: trace for trace in figure.to_plotly_json()["data"]}


def words(figure: go.Figure) -> str:
    """All annotations in one text."""
    return " | ".join(note.text for note in figure.layout.annotations)


def alt(figure: go.Figure) -> str:
    """The alternative text."""
    return figure.layout.meta["alt"]


def assert_sound(figure: go.Figure) -> None:
    """No number in the figure is NaN or infinite, and it says in words what it shows."""
    json.dumps(_plain(figure.to_plotly_json()), allow_nan=False)
    assert len(alt(figure)) > 15
    assert "nan" not in (alt(figure) + words(figure)).lower().split()
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    assert figure.layout.font.color is None


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    assert not (isinstance(value, float) and math.isinf(value))
    return value
