"""Width and height of the images: a class with sizes of its own can be told without looking at lungs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import class_colours
from core.charts.wording import scans

# Open, as two classes of the same size lie on top of each other.
_SYMBOLS = (
    "circle-open",
    "diamond-open",
    "square-open",
    "cross-open",
    "triangle-up-open",
    "x-open",
    "star-open",
)
_MOST_MARKERS = 2000  # a browser draws them in a moment; every one more is in the way of the others


def size_scatter_figure(table: pd.DataFrame, *, positive: str | None = None, title: str | None = None) -> go.Figure:
    """A marker for each size that a class has, its area growing with the number of such images.

    Where there are too many sizes to draw, those that lie close together share a marker; the axes say so.

    Args:
        table: a row a scan, columns `width`, `height` (pixels) and `label`; rows without a size are left out.
        positive: the positive class, which then has its own colour.
        title: of the chart.
    """
    sized = table[table["width"].gt(0).fillna(False) & table["height"].gt(0).fillna(False)]
    if not len(sized):
        return empty_figure("No images with a known size.", title=title)
    sizes = sized.assign(label=sized["label"].fillna("").astype(str).replace("", "no label"))
    sizes, step_px = _gathered(sizes)
    largest = int(sizes["scans"].max())
    names = list(dict.fromkeys(sizes["label"]))
    figure, says = go.Figure(), []
    near = f" (to {step_px} px)" if step_px > 1 else ""
    for position, (name, colour) in enumerate(class_colours(names, positive).items()):
        own = sizes[sizes["label"] == name]
        figure.add_scatter(
            x=own["width"].astype(int).tolist(),
            y=own["height"].astype(int).tolist(),
            mode="markers",
            name=name,
            customdata=[[count] for count in own["scans"].tolist()],
            hovertemplate=f"%{{x}} × %{{y}} px: %{{customdata[0]:,}} {name}<extra></extra>",
            marker={
                "color": colour,
                "symbol": _SYMBOLS[position % len(_SYMBOLS)],
                "size": (7 + 21 * np.sqrt(own["scans"] / largest)).tolist(),
                "line": {"width": 2.5},
            },
        )
        says.append(
            f"{name}: {scans(int(own['scans'].sum()))} in {len(own):,} sizes{near}, "
            f"{own['width'].min():.0f} to {own['width'].max():.0f} wide, "
            f"{own['height'].min():.0f} to {own['height'].max():.0f} high"
        )
    return styled(
        figure,
        alt="Image sizes in pixels. " + "; ".join(says) + ".",
        x=f"Width (px){near}",
        y=f"Height (px){near}",
        title=title,
    )


def _gathered(sized: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Images counted by label, width and height, on the finest grid (in px) on which they are few enough to draw."""
    step_px = 1
    while True:
        grid = sized.assign(**{side: (sized[side] / step_px).round() * step_px for side in ("width", "height")})
        counted = grid.groupby(["label", "width", "height"], sort=True).size().rename("scans").reset_index()
        if len(counted) <= _MOST_MARKERS:
            return counted, step_px
        step_px *= 2
