"""What the scans of a cell have in common: their mean, and the mean of their maps over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from core.charts.layout import styled
from core.charts.wording import percent, scans

_HEIGHT_PX = 250
_OPACITY = 0.55
_ROWS, _COLUMNS = ("upper", "middle", "lower"), ("left", "middle", "right")


@dataclass(frozen=True, eq=False)
class CellPicture:
    """Mean scan uint8 (s, s) and mean map float32 (s, s) in [0, 1] of `scans` scans."""

    scans: int
    scan: NDArray[np.uint8]
    heat: NDArray[np.float32]


def mean_map_figure(cell: str, picture: CellPicture, *, hottest: float) -> go.Figure:
    """The mean scan of a cell, and beside it the mean map over it.

    Where the map does not say where the heat is, as without any or the same everywhere, the scan stands alone.

    Args:
        cell: its name.
        picture: of at least a scan.
        hottest: mean heat at the bright end of the scale, above 0; the same for all cells that are compared.

    Raises:
        ValueError: there is no scan, or `hottest` is not above 0.
    """
    if not picture.scans or not hottest > 0:
        raise ValueError(f"expected scans and a scale above 0, found {picture.scans} and {hottest:g}")
    has_places = bool(np.ptp(picture.heat) > 0)
    titles = ["mean scan", "mean map over it"][: 1 + has_places]
    figure = make_subplots(rows=1, cols=len(titles), subplot_titles=titles, horizontal_spacing=0.03)
    for column in range(1, len(titles) + 1):
        figure.add_heatmap(
            z=picture.scan, zmin=0, zmax=255, colorscale="gray", showscale=False, hoverinfo="skip", row=1, col=column
        )
    if has_places:
        figure.add_heatmap(
            z=picture.heat.round(3), zmin=0, zmax=hottest, colorscale="Inferno", opacity=_OPACITY,
            hovertemplate="mean heat %{z:.2f}<extra></extra>", colorbar={"thickness": 10, "tickformat": ".1f"},
            row=1, col=2,
        )  # fmt: skip
    alt = f"Mean scan and mean map of {cell}: {scans(picture.scans)}, {_place(picture.heat)}."
    styled(figure, alt=alt, x="", y="", height=_HEIGHT_PX)
    figure.update_xaxes(visible=False, constrain="domain")
    # Squares stay squares, however wide the page is, and the first row of a picture is its top.
    figure.update_yaxes(visible=False, autorange="reversed", constrain="domain")
    for axis in ("", "2")[: len(titles)]:
        figure.layout[f"yaxis{axis}"].scaleanchor = f"x{axis}"
    return figure


def _place(heat: NDArray[np.float32]) -> str:
    if np.ptp(heat) == 0:
        return "no place of heat"
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    down, across = _ROWS[int(3 * row / heat.shape[0])], _COLUMNS[int(3 * column / heat.shape[1])]
    where = "in the middle" if down == across else f"in the {down} {across}"
    return f"hottest {where} of the picture, {percent(float(heat.max()))} of the most possible"
