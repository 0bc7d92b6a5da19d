"""How much of the heat lies in the lungs, cell by cell, beside what chance would put there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import CELL_COLOURS, NEUTRAL
from core.charts.wording import percent, scans
from core.evaluation.intervals import Estimate

_ROW_PX, _ROOM_PX = 44, 120


@dataclass(frozen=True)
class CellHeat:
    """The mean share of the heat in the lungs over `judged` scans, and of the picture that lungs cover there."""

    in_lungs: Estimate
    lung_area: float
    judged: int


def heat_places_figure(cells: Mapping[str, CellHeat]) -> go.Figure:
    """A row a cell: the mean share of heat in the lungs with its 95 % interval, and a line where chance would be.

    Args:
        cells: by name, from the top; cells without a scan to judge are left out.
    """
    shown = {cell: found for cell, found in cells.items() if found.judged}
    if not shown:
        return empty_figure("No shares: no scan has both lungs and heat.")
    figure = go.Figure()
    names = [f"{cell} ({found.judged:,})" for cell, found in shown.items()]
    figure.add_scatter(
        x=[found.lung_area for found in shown.values()],
        y=names,
        mode="markers",
        name="by chance: share of the picture that lungs cover",
        marker={"symbol": "line-ns", "size": 22, "line": {"color": NEUTRAL, "width": 3}},
        hovertemplate="lungs cover %{x:.1%}<extra></extra>",
    )
    for name, (cell, found) in zip(names, shown.items(), strict=True):
        estimate = found.in_lungs
        known = not math.isnan(estimate.low)
        figure.add_scatter(
            x=[estimate.value],
            y=[name],
            mode="markers",
            showlegend=False,
            name=cell,
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [estimate.high - estimate.value if known else 0],
                "arrayminus": [estimate.value - estimate.low if known else 0],
                "thickness": 2,
            },
            marker={"color": CELL_COLOURS.get(cell, NEUTRAL), "size": 12},
            hovertemplate=f"{percent(estimate.value)} of the heat in the lungs<br>{_interval(estimate)}<extra></extra>",
        )
    alt = "Mean share of the heat in the lungs: " + "; ".join(
        f"{cell} {percent(found.in_lungs.value)} ({_interval(found.in_lungs)}) of {scans(found.judged)}, "
        f"by chance {percent(found.lung_area)}"
        for cell, found in shown.items()
    )
    styled(figure, alt=alt + ".", x="Mean share of the heat in the lungs", y="", height=_ROOM_PX + _ROW_PX * len(shown))
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], showgrid=False)
    return figure


def _interval(estimate: Estimate) -> str:
    if math.isnan(estimate.low):
        return "no interval"
    return f"95 %: {percent(estimate.low)} to {percent(estimate.high)}"
