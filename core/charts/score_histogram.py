"""Where the scores lie: positives upwards, the others downwards, cut by the threshold."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from core.charts.layout import empty_figure, mark_threshold, styled
from core.charts.palette import CELL_COLOURS
from core.charts.wording import in_cell, number, scans
from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED, cell_of
from core.evaluation.scored import Scored

BINS = 40


def score_histogram_figure(
    scored: Scored, *, threshold: float, positive: str, negative_name: str, title: str | None = None
) -> go.Figure:
    """Scores in bins of 1/40, mirrored by class, each scan in the colour of its cell.

    A bin the threshold runs through is split between its two cells.

    Args:
        scored: scores and truth of one split.
        threshold: positive if score >= threshold.
        positive: name of the positive class, drawn upwards.
        negative_name: what to call the rest, drawn downwards.
        title: of the chart.
    """
    if not scored.n:
        return empty_figure("No scores: there are no scans in this split.", title=title)
    cells = cell_of(scored.labels, scored.scores, threshold)
    edges = np.linspace(0, 1, BINS + 1)
    figure, totals, tallest = go.Figure(), {}, 1
    for cell in (FOUND, MISSED, CLEARED, FALSE_ALARM):
        name, sign = (positive, 1) if cell in (FOUND, MISSED) else (negative_name, -1)
        counts, _ = np.histogram(scored.scores[cells == cell], bins=edges)
        totals[cell] = int(counts.sum())
        tallest = max(tallest, int(counts.max()))
        figure.add_bar(
            x=(edges[:-1] + 1 / (2 * BINS)).tolist(),
            y=(sign * counts).tolist(),
            width=0.92 / BINS,
            name=f"{name}: {in_cell(totals[cell], cell)}",
            customdata=[
                [int(count), f"{low:.3f} to {high:.3f}"]
                for count, low, high in zip(counts, edges, edges[1:], strict=False)
            ],
            hovertemplate=f"%{{customdata[0]}} {cell} ({name})<br>score %{{customdata[1]}}<extra></extra>",
            marker={"color": CELL_COLOURS[cell], "line": {"width": 0}},
        )
    mark_threshold(figure, threshold)
    alt = (
        f"Scores of {scans(scored.n)} at threshold {number(threshold)}. {positive}: {totals[FOUND]:,} found, "
        f"{totals[MISSED]:,} missed. {negative_name}: {totals[CLEARED]:,} cleared, "
        f"{in_cell(totals[FALSE_ALARM], FALSE_ALARM)}."
    )
    styled(figure, alt=alt, x=f"Score (probability of {positive})", y="Scans", title=title)
    ticks = _ticks(tallest)
    figure.update_layout(barmode="relative", bargap=0)
    figure.update_xaxes(range=[-0.01, 1.01])
    # Downwards is a direction, not a negative number of scans.
    figure.update_yaxes(tickvals=ticks, ticktext=[f"{abs(tick):,}" for tick in ticks], zeroline=True, zerolinewidth=1)
    return figure


def _ticks(tallest: int) -> list[int]:
    """Whole numbers of scans in steps of 1, 2 or 5 times a power of ten, both ways from zero."""
    power = 10 ** math.floor(math.log10(max(1.0, tallest / 4)))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power * 4 >= tallest)
    upwards = list(range(0, tallest + 1, step))
    return [-tick for tick in upwards[:0:-1]] + upwards
