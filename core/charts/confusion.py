"""Confusion matrix: which truth became which prediction, every cell to be clicked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from core.charts.layout import empty_figure, styled
from core.charts.palette import CELL_COLOURS, CLEAR, NEUTRAL, faded
from core.charts.wording import in_cell, in_lines, percent, scans, shortened
from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED

Shown = Literal["counts", "rows", "columns"]

CONFUSED = "confused"  # one other class taken for another: no miss and no false alarm

# Never so strong that the page's own text colour, light or dark, would be hard to read on a cell.
FAINTEST, STRONGEST = 0.10, 0.60

# However long the names of classes, what is left of the chart belongs to the cells.
_TICK_LONGEST, _TICK_WIDTH, _TICK_LINE_PX = 42, 16, 16
_HOVER_WIDTH = 44

_COLOURS = {**CELL_COLOURS, CONFUSED: NEUTRAL}


def confusion_figure(
    matrix: ArrayLike,
    classes: Sequence[str],
    *,
    positive: str,
    shown: Shown = "counts",
    unit: str = "scan",
    title: str | None = None,
    height: int | None = None,
) -> go.Figure:
    """Counts and shares, truth downwards, prediction across, cells coloured by what they mean.

    Over each cell lies an invisible square marker whose `customdata` is `[truth, predicted]`: a
    click on a heatmap alone delivers no event. Long names are cut on the axes and whole where a cell is pointed at.

    Args:
        matrix: counts, shape (classes, classes), rows the truth.
        classes: names of rows and columns.
        positive: one of them.
        shown: what stands large: the count (with the share of the row small), or the share of the row (of those who
            have it: how many were found) or of the column (of those called so: how many calls are right) with the count
            small.
        unit: what is counted: a scan, a patient or a group.
        title: of the chart.
        height: in pixels; by default so that cells stay large enough to touch.

    Raises:
        ValueError: the matrix does not have a row and a column a class, or positive is not a class.
    """
    counts = np.asarray(matrix, dtype=np.int64)
    names = [str(name) for name in classes]
    if counts.shape != (len(names), len(names)):
        raise ValueError(f"the matrix must have shape {(len(names),) * 2}, found {counts.shape}")
    if positive not in names:
        raise ValueError(f"the positive class must be among {', '.join(names)}; found {positive!r}")
    ticks = [in_lines(shortened(name, _TICK_LONGEST), _TICK_WIDTH) for name in names]
    lines = 1 + max((tick.count("<br>") for tick in ticks), default=0)
    height = height or max(360, 90 * len(names)) + _TICK_LINE_PX * (lines - 1)
    if not counts.sum():
        return empty_figure(f"No confusion matrix: there are no {unit}s to count.", title=title, height=height)
    totals = counts.sum(axis=0 if shown == "columns" else 1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    kinds = [[_kind(truth, predicted, positive) for predicted in names] for truth in names]

    figure = go.Figure()
    _add_cells(figure, counts / counts.max() if shown == "counts" else np.nan_to_num(shares), names, kinds)
    marker_px = 0.8 * (height - 74 - _TICK_LINE_PX * lines) / len(names)
    _add_touch(figure, counts, shares, names, kinds, shown, marker_px)
    _add_words(figure, counts, shares, names, kinds, shown)
    alt = _alt(counts, shares, names, kinds, shown, unit)
    styled(figure, alt=alt, x="Predicted", y="Truth", title=title, height=height)
    # Exactly the cells: the invisible markers would otherwise pad the axes.
    last = len(names) - 0.5
    order = {"type": "category", "categoryorder": "array", "categoryarray": names, "showgrid": False}
    order |= {"tickmode": "array", "tickvals": names, "ticktext": ticks}
    order["title_standoff"] = 8  # else a title lies between ticks of several lines
    figure.update_xaxes(range=[-0.5, last], **order)
    figure.update_yaxes(range=[last, -0.5], **order)
    # However wide the cells become, a click anywhere in one reaches the marker at its centre.
    figure.update_layout(showlegend=False, hoverdistance=-1)
    return figure


def _kind(truth: str, predicted: str, positive: str) -> str:
    if truth == positive:
        return FOUND if predicted == positive else MISSED
    if predicted == positive:
        return FALSE_ALARM
    return CLEARED if truth == predicted else CONFUSED


def _add_cells(figure: go.Figure, strength: NDArray[np.float64], names: list[str], kinds: list[list[str]]) -> None:
    """One heatmap for each kind of cell, as each kind has its own colour."""
    for kind in dict.fromkeys(kind for row in kinds for kind in row):
        z = [
            [float(strength[i, j]) if kinds[i][j] == kind else None for j in range(len(names))]
            for i in range(len(names))
        ]
        scale = [[0, faded(_COLOURS[kind], FAINTEST)], [1, faded(_COLOURS[kind], STRONGEST)]]
        figure.add_heatmap(
            z=z, x=names, y=names, name=kind, colorscale=scale, zmin=0, zmax=1,
            showscale=False, hoverinfo="skip", xgap=3, ygap=3,
        )  # fmt: skip


def _add_touch(
    figure: go.Figure,
    counts: NDArray[np.int64],
    shares: NDArray[np.float64],
    names: list[str],
    kinds: list[list[str]],
    shown: Shown,
    marker_px: float,
) -> None:
    cells = [(i, j) for i in range(len(names)) for j in range(len(names))]
    figure.add_scatter(
        x=[names[j] for _, j in cells],
        y=[names[i] for i, _ in cells],
        mode="markers",
        name="cells",
        customdata=[[names[i], names[j]] for i, j in cells],
        text=[
            "<br>".join(
                in_lines(words, _HOVER_WIDTH)
                for words in (
                    f"{in_cell(int(counts[i, j]), kinds[i][j])}: "
                    f"{percent(shares[i, j])} of {_whole(names, i, j, shown)}",
                    f"truth {names[i]}",
                    f"predicted {names[j]}",
                )
            )
            for i, j in cells
        ],
        hovertemplate="%{text}<extra></extra>",
        marker={"symbol": "square", "size": marker_px, "color": CLEAR, "line": {"width": 0}},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )


def _add_words(
    figure: go.Figure,
    counts: NDArray[np.int64],
    shares: NDArray[np.float64],
    names: list[str],
    kinds: list[list[str]],
    shown: Shown,
) -> None:
    for i, truth in enumerate(names):
        for j, predicted in enumerate(names):
            count, share = f"{counts[i, j]:,}", percent(shares[i, j])
            large, small = (count, share) if shown == "counts" else (share, count)
            words = f"<b>{large}</b><br>{small}"
            if len(names) == 2:
                words += f"<br>{kinds[i][j]}"
            figure.add_annotation(
                x=predicted, y=truth, text=words, showarrow=False, font={"size": 16 if len(names) < 5 else 12}
            )


def _alt(
    counts: NDArray[np.int64],
    shares: NDArray[np.float64],
    names: list[str],
    kinds: list[list[str]],
    shown: Shown,
    unit: str,
) -> str:
    if len(names) == 2:
        cells = [
            f"{in_cell(int(counts[i, j]), kinds[i][j])} ({percent(shares[i, j])} of {_whole(names, i, j, shown)})"
            for i in range(2)
            for j in range(2)
        ]
    elif shown == "columns":
        cells = [
            f"{counts[i, i]:,} of {counts[:, i].sum():,} predicted {name} rightly ({percent(shares[i, i])})"
            for i, name in enumerate(names)
        ]
    else:
        cells = [
            f"{counts[i, i]:,} of {counts[i].sum():,} {name} predicted as such ({percent(shares[i, i])})"
            for i, name in enumerate(names)
        ]
    return f"Confusion matrix of {scans(int(counts.sum()), unit)}: " + ", ".join(cells) + "."


def _whole(names: list[str], truth: int, predicted: int, shown: Shown) -> str:
    return f"those predicted {names[predicted]}" if shown == "columns" else names[truth]
