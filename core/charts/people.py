"""A threshold in people: one mark each, so that shares can be seen instead of imagined."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import CELL_COLOURS
from core.charts.wording import in_cell
from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED
from core.evaluation.decision.population import PEOPLE, People

_PER_ROW = 50
_HEIGHT_PX = 330
# Shapes say it too: those who have it are round or crossed, the others have corners.
_MARKS = {MISSED: ("x", 9), FOUND: ("circle", 9), FALSE_ALARM: ("diamond", 9), CLEARED: ("square", 5)}


def people_figure(people: People | None, *, title: str | None = None) -> go.Figure:
    """One mark a person: missed first, then found, alarmed for nothing, cleared; in rows of fifty.

    More than `PEOPLE` are said instead: so many marks are no picture.

    Args:
        people: whole people, as `in_population` gives them; None where the scans cannot tell.
        title: of the chart.
    """
    if people is None:
        return empty_figure("No people: one class is absent.", title=title)
    if people.people > PEOPLE:
        return empty_figure(f"{people.people:,} people are too many to draw.", title=title)
    counts = {MISSED: people.missed, FOUND: people.found, FALSE_ALARM: people.alarmed, CLEARED: people.cleared}
    traces, placed = [], 0
    for cell, count in counts.items():
        places = np.arange(placed, placed + count)
        placed += count
        symbol, size = _MARKS[cell]
        traces.append(
            {
                "type": "scatter",
                "x": places % _PER_ROW if count else [None],  # nobody still has a line in the legend
                "y": -(places // _PER_ROW) if count else [None],
                "mode": "markers",
                "name": in_cell(count, cell),
                "marker": {"symbol": symbol, "size": size, "color": CELL_COLOURS[cell]},
                "hovertemplate": f"{in_cell(count, cell)}<extra></extra>",
            }
        )
    figure = go.Figure(traces)
    styled(figure, alt=f"{people.says} One mark for each person.", x="", y="", title=title, height=_HEIGHT_PX)
    figure.update_xaxes(visible=False, range=[-1, _PER_ROW])
    figure.update_yaxes(visible=False, range=[-(placed - 1) // _PER_ROW - 0.7, 0.7])
    return figure
