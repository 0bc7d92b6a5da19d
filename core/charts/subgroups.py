"""For whom is it worse: what is missed in each subgroup, the worst on top."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import CELL_COLOURS, NEUTRAL
from core.charts.wording import percent, shortened
from core.evaluation.confusion import MISSED
from core.evaluation.subgroups import Subgroup, Subgroups

MOST_SHOWN = 30
_ROW_PX = 26
_ROOM_PX = 120
_LONGEST_ROW, _LONGEST_PART = 44, 28


def subgroups_figure(subgroups: Subgroups, *, overall_fnr: float, title: str | None = None) -> go.Figure:
    """FNR with its interval, a row a subgroup, the worst on top; grey where there are too few positives.

    Subgroups without positives have no FNR and no row. Each point's `customdata` is `[column, part]`.

    Args:
        subgroups: of one split at one threshold.
        overall_fnr: of the whole split, drawn as a line.
        title: of the chart.
    """
    shown = [part for part in subgroups.parts if part.positives][:MOST_SHOWN]
    if not shown:
        return empty_figure("No positive scan is in any subgroup, so nothing can be missed there.", title=title)
    rows = {id(part): row for row, part in enumerate(shown)}
    figure = go.Figure()
    for name, colour, of_kind in (
        ("enough positives", CELL_COLOURS[MISSED], [part for part in shown if not part.too_small]),
        ("too few positives", NEUTRAL, [part for part in shown if part.too_small]),
    ):
        if of_kind:
            _add_points(figure, of_kind, [rows[id(part)] for part in of_kind], name, colour)
    if not math.isnan(overall_fnr):
        figure.add_vline(x=overall_fnr, line={"color": NEUTRAL, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=overall_fnr,
            y=1,
            yref="paper",
            yanchor="bottom",
            text=f"all: {percent(overall_fnr)}",
            showarrow=False,
            xanchor="left" if overall_fnr < 0.5 else "right",
        )
    worst = shown[0]
    alt = (
        f"Missed (FNR) in {len(shown)} subgroups with 95 % intervals, the worst first. Worst: {worst.column} "
        f"{worst.part}, {percent(worst.fnr.value)} of {worst.positives:,} missed; over all {percent(overall_fnr)}."
    )
    styled(
        figure,
        alt=alt,
        x="Missed (FNR) with its 95 % interval",
        y="",
        title=title,
        height=_ROOM_PX + _ROW_PX * len(shown),
    )
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    figure.update_yaxes(
        tickvals=list(range(len(shown))),
        ticktext=[_named(part) for part in shown],
        range=[len(shown) - 0.4, -0.6],
    )
    return figure


def _add_points(figure: go.Figure, parts: list[Subgroup], rows: list[int], name: str, colour: str) -> None:
    known = [not math.isnan(part.fnr.low) for part in parts]
    figure.add_scatter(
        x=[part.fnr.value for part in parts],
        y=rows,
        mode="markers",
        name=name,
        marker={"color": colour, "size": 9, "symbol": "circle" if name.startswith("enough") else "circle-open"},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [p.fnr.high - p.fnr.value if ok else 0 for p, ok in zip(parts, known, strict=True)],
            "arrayminus": [p.fnr.value - p.fnr.low if ok else 0 for p, ok in zip(parts, known, strict=True)],
            "color": colour,
            "thickness": 1.5,
            "width": 3,
        },
        customdata=[[part.column, part.part] for part in parts],
        text=[
            f"{part.missed:,} of {part.positives:,} missed" + (f"<br>{part.too_small}" if part.too_small else "")
            for part in parts
        ],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<br>%{text}<br>FNR %{x:.1%}<extra></extra>",
    )


def _named(part: Subgroup) -> str:
    """Column and part, both cut where they are long: what tells two rows apart must stay in sight."""
    name = shortened(part.part, _LONGEST_PART)
    return f"{shortened(part.column, _LONGEST_ROW - len(name) - 2)}: {name}"
