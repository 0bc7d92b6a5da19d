"""Where the scores lie: positives upwards, the others downwards."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import CELL_COLOURS
from core.charts.wording import in_lines, scans, shortened
from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED
from core.evaluation.scored import Scored

BINS = 40
BIN_EDGES = np.linspace(0, 1, BINS + 1)  # the last bin holds 1 too
_NAME_LONGEST, _X_WIDTH = 28, 34  # characters, so that the title does not outgrow its axis on a phone


def score_histogram_figure(scored: Scored, *, positive: str, negative_name: str, title: str | None = None) -> go.Figure:
    """Scores in bins of 1/40, mirrored by class, each in the colour that its scans have below the threshold.

    What lies above it is drawn over these bars by whoever moves it, in the colours that the legend holds ready.

    Args:
        scored: scores and truth of one split.
        positive: name of the positive class, drawn upwards.
        negative_name: what to call the rest, drawn downwards.
        title: of the chart.
    """
    if not scored.n:
        return empty_figure("No scores: there are no scans in this split.", title=title)
    figure, tallest = go.Figure(), 1
    for below, above, of_class, sign in (
        (MISSED, FOUND, scored.labels, 1),
        (CLEARED, FALSE_ALARM, ~scored.labels, -1),
    ):
        counts, _ = np.histogram(scored.scores[of_class], bins=BIN_EDGES)
        tallest = max(tallest, int(counts.max()))
        for cell, heights in ((above, np.zeros_like(counts)), (below, counts)):
            figure.add_bar(
                x=((BIN_EDGES[:-1] + BIN_EDGES[1:]) / 2).tolist(),
                y=(sign * heights).tolist(),
                width=0.92 / BINS,
                name=cell,
                marker={"color": CELL_COLOURS[cell], "line": {"width": 0}},
            )
    alt = (
        f"Scores of {scans(scored.n)} in {BINS} bins: {scored.positives:,} {positive} upwards{_median(scored, True)}, "
        f"{scored.negatives:,} {negative_name} downwards{_median(scored, False)}."
    )
    x = in_lines(f"Score (probability of {shortened(positive, _NAME_LONGEST)})", _X_WIDTH)
    styled(figure, alt=alt, x=x, y="Scans", title=title)
    ticks = _ticks(tallest)
    figure.update_layout(barmode="relative", bargap=0)
    figure.update_xaxes(range=[-0.01, 1.01])
    # Downwards is a direction, not a negative number of scans.
    figure.update_yaxes(
        range=[-1.06 * tallest, 1.06 * tallest],
        tickvals=ticks,
        ticktext=[f"{abs(tick):,}" for tick in ticks],
        zeroline=True,
        zerolinewidth=1,
    )
    return figure


def _median(scored: Scored, positive: bool) -> str:
    scores = scored.scores[scored.labels == positive]
    return f" (half of them above {np.median(scores):.3f})" if scores.size else ""


def _ticks(tallest: int) -> list[int]:
    """Whole numbers of scans in steps of 1, 2 or 5 times a power of ten, both ways from zero."""
    power = 10 ** math.floor(math.log10(max(1.0, tallest / 4)))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power * 4 >= tallest)
    upwards = list(range(0, tallest + 1, step))
    return [-tick for tick in upwards[:0:-1]] + upwards
