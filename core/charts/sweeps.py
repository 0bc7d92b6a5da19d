"""A sweep's trials as lines across the varied fields, coloured by what they miss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import CELL_COLOURS, NEUTRAL
from core.charts.wording import number, percent
from core.evaluation.confusion import FOUND, MISSED

_HEIGHT_PX = 420
_CHARACTER_PX = 6.5  # of the words beside the first axis


def parallel_coordinates(
    table: pd.DataFrame, *, varied: Sequence[str], ranges: Mapping[str, bool], title: str | None = None
) -> go.Figure:
    """A line a finished trial: its value of each varied field, then its validation AUC and FNR, which colours it.

    Lines can be picked out by dragging along an axis, and axes be moved. Trials without figures are left out.

    Args:
        table: a row a trial, with the `varied` columns, `val_fnr` (shares, lower is better) and `val_auc`.
        varied: the fields to show, in this order.
        ranges: those drawn from a range, true where it is logarithmic; they stand to scale, all others evenly spaced.
        title: of the chart.

    Raises:
        ValueError: a column is missing.
    """
    missing = [name for name in (*varied, "val_fnr", "val_auc") if name not in table.columns]
    if missing:
        raise ValueError(f"the table of trials needs the columns {', '.join(missing)}")
    shown = table[table["val_fnr"].notna()]
    if shown.empty:
        return empty_figure("No trial is finished yet.", title=title, height=_HEIGHT_PX)
    missed = shown["val_fnr"].astype(float)
    most = max(float(missed.max()), 0.01)  # where none misses anything, all are as good as can be
    axes = [_scale(name, shown[name], ranges[name]) if name in ranges else _words(name, shown[name]) for name in varied]
    axes.append({"label": "val AUC", "values": shown["val_auc"].astype(float).tolist(), "tickformat": ".3f"})
    axes.append({"label": "val FNR", "values": missed.tolist(), "range": [0.0, most], "tickformat": ".1%"})
    figure = go.Figure(
        go.Parcoords(
            dimensions=axes,
            line={
                "color": missed.tolist(),
                "colorscale": [[0, CELL_COLOURS[FOUND]], [0.5, NEUTRAL], [1, CELL_COLOURS[MISSED]]],
                "cmin": 0.0,
                "cmax": most,
                "showscale": True,
                "colorbar": {"title": {"text": "val FNR"}, "tickformat": ".1%", "thickness": 12},
            },
            tickfont={"shadow": "none"},  # the usual one is a halo around every number
            unselected={"line": {"color": NEUTRAL, "opacity": 0.15}},
        )
    )
    styled(figure, alt=_alt(shown, varied), x="", y="", title=title, height=_HEIGHT_PX)
    for place in range(len(axes)):  # plotly's own lines are black: not to be seen in the dark
        x = place / (len(axes) - 1)
        figure.add_shape(
            type="line",
            x0=x,
            x1=x,
            y0=0,
            y1=1,
            xref="paper",
            yref="paper",
            line={"color": NEUTRAL, "width": 1},
            layer="below",
        )
    # Names stand above the axes, values beside them and at their ends: all inside the margins.
    beside = max(map(len, axes[0].get("ticktext", ["0.0000"])))
    figure.update_layout(margin={"l": 40 + int(_CHARACTER_PX * beside), "r": 24, "t": 104 if title else 64, "b": 32})
    return figure


def _words(name: str, values: pd.Series[Any]) -> dict[str, Any]:
    """Choices in their order, evenly spaced."""
    choices = sorted(set(values), key=lambda value: (str(type(value)), value))
    places: list[float] = [choices.index(value) for value in values]
    words = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in choices]
    return _axis(name, places, list(range(len(choices))), words)


def _scale(name: str, values: pd.Series[Any], logarithmic: bool) -> dict[str, Any]:
    """Numbers to scale; on a logarithmic one the ends and the powers of ten between them are written."""
    numbers = values.astype(float)
    if not logarithmic:
        return {"label": name, "values": numbers.tolist()}
    low, high = float(numbers.min()), float(numbers.max())
    powers = (10.0**power for power in range(math.floor(math.log10(low)) + 1, math.ceil(math.log10(high))))
    ticks = list(dict.fromkeys([low, *powers, high]))
    return _axis(
        name, [math.log10(n) for n in numbers], [math.log10(at) for at in ticks], [f"{at:.3g}" for at in ticks]
    )


def _axis(name: str, values: list[float], at: Sequence[float], words: list[str]) -> dict[str, Any]:
    axis = {"label": name, "values": values, "tickvals": at, "ticktext": words}
    if len(at) == 1:
        axis["range"] = [at[0] - 1, at[0] + 1]  # without it the one value would lie at the bottom
    return axis


def _alt(shown: pd.DataFrame, varied: Sequence[str]) -> str:
    missed = shown["val_fnr"].astype(float)
    best = shown.sort_values(["val_fnr", "val_auc"], ascending=[True, False], kind="stable").iloc[0]
    chosen = ", ".join(
        f"{name} {best[name]:.3g}" if isinstance(best[name], float) else f"{name} {best[name]}" for name in varied
    )
    count = len(shown)
    return (
        f"{count} finished trial{'s' if count != 1 else ''} across {', '.join(varied)}; validation FNR from "
        f"{percent(float(missed.min()))} to {percent(float(missed.max()))}. The lowest: {chosen}, "
        f"val FNR {percent(float(best['val_fnr']))}, val AUC {number(float(best['val_auc']))}."
    )
