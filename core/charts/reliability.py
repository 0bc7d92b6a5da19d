"""Do scores mean what they say: the share of positives there is against the share that was promised."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.charts.layout import empty_figure, styled
from core.charts.palette import ACCENT, GRID, NEUTRAL, faded
from core.charts.wording import in_lines, percent, shortened
from core.evaluation.reliability import Calibration

_HEIGHT_PX = 440
_HISTOGRAM_BINS = 40
_NAME_LONGEST, _X_WIDTH, _Y_WIDTH = 28, 34, 26  # characters, so that no title outgrows its axis on a phone


def reliability_figure(
    calibration: Calibration,
    scores: NDArray[np.float64],
    *,
    positive: str,
    counted: str = "scans",
    title: str | None = None,
) -> go.Figure:
    """Each bin's share of positives with its interval over its mean score; below, how many scans have which score.

    On the diagonal scores keep their word; below it the model is too sure of the positive class, above not sure enough.

    Args:
        calibration: of one split's scores.
        scores: those scores, shape (n,), for the histogram.
        positive: name of the positive class.
        counted: what has a score each, "scans" or "patients".
        title: of the chart.
    """
    bins = calibration.bins
    if not bins:
        return empty_figure("No calibration: there are no scans in this split.", title=title, height=_HEIGHT_PX)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="as promised",
        hoverinfo="skip",
        line={"color": NEUTRAL, "dash": "dot"},
    )
    share = [one.share.value for one in bins]
    known = [one.share.low == one.share.low for one in bins]  # NaN: a bin of a single group has no interval
    figure.add_scatter(
        x=[one.mean_score for one in bins],
        y=share,
        mode="lines+markers",
        name=f"bins of {calibration.binning}",
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [one.share.high - one.share.value if ok else 0 for one, ok in zip(bins, known, strict=True)],
            "arrayminus": [one.share.value - one.share.low if ok else 0 for one, ok in zip(bins, known, strict=True)],
            "color": ACCENT,
            "thickness": 1.5,
            "width": 4,
        },
        customdata=[
            [
                f"{one.low:.3f} to {one.high:.3f}",
                f"{one.n:,} {counted}",
                f"{percent(one.share.low)} to {percent(one.share.high)}" if ok else "no interval",
            ]
            for one, ok in zip(bins, known, strict=True)
        ],
        hovertemplate=(
            "scores %{customdata[0]}, %{customdata[1]}<br>promised %{x:.1%}, found %{y:.1%}<br>"
            "95 %: %{customdata[2]}<extra></extra>"
        ),
        line={"color": ACCENT, "width": 1.5},
        marker={"color": ACCENT, "size": 9},
    )
    counts, edges = np.histogram(scores, bins=np.linspace(0, 1, _HISTOGRAM_BINS + 1))
    figure.add_bar(
        x=((edges[:-1] + edges[1:]) / 2).tolist(),
        y=counts.tolist(),
        width=0.9 / _HISTOGRAM_BINS,
        name=counted,
        yaxis="y2",
        marker={"color": faded(NEUTRAL, 0.75), "line": {"width": 0}},
        hovertemplate=f"%{{y:,}} {counted} at score %{{x:.2f}}<extra></extra>",
        showlegend=False,
    )
    worst = max(bins, key=lambda one: abs(one.share.value - one.mean_score))
    alt = (
        f"Reliability of {calibration.n:,} {counted} in {len(bins)} bins of {calibration.binning}: expected "
        f"calibration error {calibration.ece:.3f}. Furthest from its promise is the bin with mean score "
        f"{worst.mean_score:.2f}, of whose {worst.n:,} {percent(worst.share.value)} are {positive}."
    )
    named = shortened(positive, _NAME_LONGEST)
    styled(
        figure,
        alt=alt,
        x=in_lines(f"Score (promised share of {named})", _X_WIDTH),
        y=in_lines(f"Share of {named} there is", _Y_WIDTH),
        title=title,
        height=_HEIGHT_PX,
    )
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    figure.update_yaxes(range=[-0.03, 1.03], tickformat=".0%", domain=[0.3, 1])
    figure.update_layout(
        yaxis2={
            "domain": [0, 0.2],
            "anchor": "x",
            "title": {"text": counted.capitalize()},
            "rangemode": "tozero",
            "nticks": 3,
            "automargin": True,
            "gridcolor": GRID,
            "zeroline": False,
        },
        xaxis={"anchor": "y2"},
        bargap=0,
    )
    return figure
