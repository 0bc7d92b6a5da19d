"""A threshold in people: one mark each, so that shares can be seen instead of imagined."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import CELL_COLOURS, NEUTRAL
from core.charts.wording import in_cell
from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED
from core.evaluation.decision.population import PEOPLE, People, PeopleInZones

_PER_ROW = 50
_HEIGHT_PX = 330
# Shapes say it too: those who have it are round or crossed, the others have corners.
_MARKS = {MISSED: ("x", 9), FOUND: ("circle", 9), FALSE_ALARM: ("diamond", 9), CLEARED: ("square", 5)}
_REFERRED_MARK, _REFERRED_OTHER_MARK = ("circle-open", 9), ("square-open", 7)


def people_figure(people: People | PeopleInZones | None, *, title: str | None = None) -> go.Figure:
    """One mark a person: missed first, then found, alarmed for nothing, cleared; in rows of fifty.

    At two thresholds those who are referred stand between the missed and the found, and between the alarmed and the
    cleared.

    More than `PEOPLE` are said instead: so many marks are no picture.

    Args:
        people: whole people, as `in_population` gives them, or at two thresholds; None where the scans cannot tell.
        title: of the chart.
    """
    if people is None:
        return empty_figure("No people: one class is absent.", title=title)
    if people.people > PEOPLE:
        return empty_figure(f"{people.people:,} people are too many to draw.", title=title)
    traces, placed = [], 0
    for name, count, (symbol, size), colour in _kinds(people):
        places = np.arange(placed, placed + count)
        placed += count
        traces.append(
            {
                "type": "scatter",
                "x": places % _PER_ROW if count else [None],  # nobody still has a line in the legend
                "y": -(places // _PER_ROW) if count else [None],
                "mode": "markers",
                "name": name,
                "marker": {"symbol": symbol, "size": size, "color": colour},
                "hovertemplate": f"{name}<extra></extra>",
            }
        )
    figure = go.Figure(traces)
    styled(figure, alt=f"{people.says} One mark for each person.", x="", y="", title=title, height=_HEIGHT_PX)
    figure.update_xaxes(visible=False, range=[-1, _PER_ROW])
    figure.update_yaxes(visible=False, range=[-(placed - 1) // _PER_ROW - 0.7, 0.7])
    return figure


def _kinds(people: People | PeopleInZones) -> list[tuple[str, int, tuple[str, int], str]]:
    """Each kind of people in the order in which it is drawn: its name with its count, count, mark and colour."""
    if isinstance(people, People):
        counts = {MISSED: people.missed, FOUND: people.found, FALSE_ALARM: people.alarmed, CLEARED: people.cleared}
        return [(in_cell(count, cell), count, _MARKS[cell], CELL_COLOURS[cell]) for cell, count in counts.items()]
    missed, referred, found = people.have_it
    cleared, referred_others, alarmed = people.others
    return [
        (f"{missed:,} ruled out, missed", missed, _MARKS[MISSED], CELL_COLOURS[MISSED]),
        (f"{referred:,} referred, have it", referred, _REFERRED_MARK, NEUTRAL),
        (f"{found:,} ruled in rightly", found, _MARKS[FOUND], CELL_COLOURS[FOUND]),
        (f"{alarmed:,} ruled in for nothing", alarmed, _MARKS[FALSE_ALARM], CELL_COLOURS[FALSE_ALARM]),
        (f"{referred_others:,} referred, do not have it", referred_others, _REFERRED_OTHER_MARK, NEUTRAL),
        (f"{cleared:,} ruled out rightly", cleared, _MARKS[CLEARED], CELL_COLOURS[CLEARED]),
    ]
