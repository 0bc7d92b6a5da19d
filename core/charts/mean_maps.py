"""What the scans of each cell have in common: their mean, and the mean of their maps over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from core.charts.layout import empty_figure, styled
from core.charts.wording import percent, scans

_PICTURE_PX, _ROOM_PX = 190, 130
_OPACITY = 0.55
_ROWS, _COLUMNS = ("upper", "middle", "lower"), ("left", "middle", "right")


@dataclass(frozen=True, eq=False)
class CellPicture:
    """Mean scan uint8 (s, s) and mean map float32 (s, s) in [0, 1] of `scans` scans, `without_heat` of them empty."""

    scans: int
    without_heat: int
    scan: NDArray[np.uint8]
    heat: NDArray[np.float32]


def mean_maps_figure(cells: Mapping[str, CellPicture]) -> go.Figure:
    """Two rows of pictures, a column a cell: the mean scan, and the mean map over it, on one scale for all cells.

    Where no map says where the heat is, as without any or the same everywhere, there is only the row of scans.

    Args:
        cells: by name, from the left; those without scans are left out.
    """
    shown = {cell: picture for cell, picture in cells.items() if picture.scans}
    if not shown:
        return empty_figure("No mean pictures: there are no scans.")
    has_places = any(bool(np.ptp(picture.heat) > 0) for picture in shown.values())
    count = 2 if has_places else 1
    titles = [f"{cell}<br>{scans(picture.scans)}" for cell, picture in shown.items()]
    figure = make_subplots(
        rows=count, cols=len(shown), subplot_titles=titles, horizontal_spacing=0.02, vertical_spacing=0.03
    )
    hottest = max(float(picture.heat.max()) for picture in shown.values()) or 1.0
    for column, picture in enumerate(shown.values(), start=1):
        for row in range(1, count + 1):
            figure.add_heatmap(
                z=picture.scan, zmin=0, zmax=255, colorscale="gray", showscale=False, hoverinfo="skip",
                row=row, col=column,
            )  # fmt: skip
        if not has_places:
            continue
        figure.add_heatmap(
            z=picture.heat.round(3), zmin=0, zmax=hottest, colorscale="Inferno", opacity=_OPACITY,
            showscale=column == len(shown), hovertemplate="mean heat %{z:.2f}<extra></extra>",
            colorbar={"title": {"text": "mean heat"}, "len": 0.5, "y": 0.22, "thickness": 12},
            row=2, col=column,
        )  # fmt: skip
    alt = "Mean scan, and mean map over it, of each cell. " + " ".join(
        f"{cell}: {scans(picture.scans)}, {_place(picture.heat)}." for cell, picture in shown.items()
    )
    styled(figure, alt=alt, x="", y="", height=count * _PICTURE_PX + _ROOM_PX)
    figure.update_xaxes(visible=False, constrain="domain")
    # Squares stay squares, however wide the page is, and the first row of a picture is its top.
    figure.update_yaxes(visible=False, autorange="reversed", constrain="domain")
    for number in range(1, count * len(shown) + 1):
        axis = "" if number == 1 else str(number)
        figure.layout[f"yaxis{axis}"].scaleanchor = f"x{axis}"
    return figure


def _place(heat: NDArray[np.float32]) -> str:
    if np.ptp(heat) == 0:
        return "no place of heat"
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    down, across = _ROWS[int(3 * row / heat.shape[0])], _COLUMNS[int(3 * column / heat.shape[1])]
    where = "in the middle" if down == across else f"in the {down} {across}"
    return f"hottest {where} of the picture, {percent(float(heat.max()))} of the most possible"
