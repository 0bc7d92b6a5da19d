"""Two thresholds: who is ruled out, referred to a reader and ruled in, as shares of each class."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import CELL_COLOURS, NEUTRAL
from core.charts.wording import in_lines, percent, scans, shortened
from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED
from core.evaluation.decision.zones import REFERRED, RULED_IN, RULED_OUT, ZONES, ZoneFigures

_ROW_PX, _ROOM_PX = 44, 170
_RIGHT_PX = 24  # half the label of 100 %, which is left out where it has no room
_COLOURS = {
    "positives": {RULED_OUT: CELL_COLOURS[MISSED], REFERRED: NEUTRAL, RULED_IN: CELL_COLOURS[FOUND]},
    "others": {RULED_OUT: CELL_COLOURS[CLEARED], REFERRED: NEUTRAL, RULED_IN: CELL_COLOURS[FALSE_ALARM]},
}
_MEANS = {
    "positives": {RULED_OUT: "missed", REFERRED: "to a reader", RULED_IN: "found"},
    "others": {RULED_OUT: "cleared", REFERRED: "to a reader", RULED_IN: "false alarm"},
}
_LEAST_WITH_WORDS = 0.06  # narrower parts of a bar have no room for them
_NAME_LONGEST, _TICK_WIDTH, _HOVER_WIDTH = 28, 20, 44


def zones_figure(
    by_split: Mapping[str, ZoneFigures], *, positive: str, negative_name: str, title: str | None = None
) -> go.Figure:
    """A bar a split and class, parted into the three zones; the legend says what each colour means.

    Args:
        by_split: figures by the split's name as it is shown.
        positive: name of the positive class.
        negative_name: what the others are called.
        title: of the chart.
    """
    figure, rows, ticks, told = go.Figure(), [], [], []
    named: set[str] = set()  # in the legend
    for split, figures in by_split.items():
        for side, name in (("positives", positive), ("others", negative_name)):
            counts = getattr(figures, side)
            total = sum(counts)
            if not total:
                continue
            row = f"{split}: {name}"
            rows.append(row)
            ticks.append(in_lines(f"{split}: {shortened(name, _NAME_LONGEST)}", _TICK_WIDTH))
            for zone, count in zip(ZONES, counts, strict=True):
                share, means = count / total, _MEANS[side][zone]
                figure.add_bar(
                    x=[share],
                    y=[row],
                    orientation="h",
                    name=f"{zone}, {means}",
                    legendgroup=means,
                    showlegend=means not in named,
                    marker={"color": _COLOURS[side][zone]},
                    text=f"{zone}: {percent(share)}" if share >= 3 * _LEAST_WITH_WORDS else percent(share),
                    textposition="inside" if share >= _LEAST_WITH_WORDS else "none",
                    insidetextanchor="middle",
                    textangle=0,
                    insidetextfont={"color": _on(_COLOURS[side][zone])},
                    hovertemplate=(
                        f"{in_lines(row, _HOVER_WIDTH)}<br>"
                        f"{zone} ({means}): {scans(count)}, {percent(share)}<extra></extra>"
                    ),
                )
                named.add(means)
            parts = ", ".join(f"{percent(n / total)} {zone}" for zone, n in zip(ZONES, counts, strict=True))
            told.append(f"{row}: {parts}")
    if not rows:
        return empty_figure("No zones: there are no scans.", title=title)
    height = _ROOM_PX + _ROW_PX * len(rows)
    styled(figure, alt=". ".join(told) + ".", x="Share of its class", y="", title=title, height=height)
    figure.update_layout(barmode="stack", bargap=0.25, uniformtext={"minsize": 10, "mode": "hide"})
    figure.update_layout(legend={"traceorder": "normal"}, margin={"r": _RIGHT_PX})
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(categoryorder="array", categoryarray=rows[::-1], tickvals=rows, ticktext=ticks)
    return figure


def _on(colour: str) -> str:
    """What can be read on a colour with a contrast of at least 4.5:1 (WCAG 2.2, criterion 1.4.3)."""
    return "#FFFFFF" if colour == CELL_COLOURS[MISSED] else "#000000"
