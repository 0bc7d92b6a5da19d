"""All scans as points, near each other where the network sees them alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import ACCENT, CELL_COLOURS, NEGATIVE, NEUTRAL, POSITIVE, SEQUENCE, class_colours, faded
from core.charts.wording import in_cell, scans
from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED

MOST_DRAWN = 10_000
MOST_COLOURS = len(SEQUENCE)
HEIGHT_PX = 620
SCORE = "score"
UNKNOWN, OTHERS = "not known", "others"
_ERRORS = (FALSE_ALARM, MISSED)  # missed patients come last, above all else
_ERROR_MARKS = {MISSED: ("diamond", 10), FALSE_ALARM: ("square", 7)}  # symbol, and size in px
_SVG_UP_TO = 2000  # points; more are drawn by the graphics card
_HOVER = "%{customdata[1]}<extra></extra>"


def scan_map_figure(
    places: pd.DataFrame,
    *,
    by: str,
    colours: Mapping[str, str] | None = None,
    axes: tuple[str, str],
    positive: str,
    corners: Sequence[tuple[float, float]] = (),
) -> go.Figure:
    """Each scan where the map has it; missed scans and false alarms lie on top and are never thinned out.

    Args:
        places: a row a scan: x, y in [-1, 1] (NaN: not on this map), path, label, predicted, cell, score and split,
            and the column `by`.
        by: what colours tell apart: a column, of which `score` is a scale; of others the values are names.
        colours: by name; by default the palette's, of the most frequent names.
        axes: titles.
        positive: name of the positive class.
        corners: of an area to draw over the scans.
    """
    there = places[places["x"].notna() & places["y"].notna()].reset_index(drop=True)
    if there.empty:
        return empty_figure("No scan has a place on this map.", height=HEIGHT_PX)
    drawn = drawn_rows(there)
    figure = go.Figure()
    if by == SCORE:
        _add_scores(figure, drawn, positive)
        shown = f"coloured by the score for {positive}"
    else:
        all_names = named(there[by])
        names, counts = all_names.loc[drawn.index], all_names.value_counts()
        colours = dict(colours or _named_colours(all_names))
        order = [name for name in colours if name in counts.index]
        for name in (*(name for name in order if name not in _ERRORS), *(n for n in _ERRORS if n in order)):
            shown = f"{_plain(name)} ({int(counts[name]):,})"
            _add(figure, drawn[names == name], shown, colours[name], *_ERROR_MARKS.get(name, ("circle", 6)))
        shown = f"coloured by {by}: " + ", ".join(f"{name} {int(counts[name]):,}" for name in order)
    if by != "cell":
        _add_errors(figure, drawn)
    thin = f", of which {len(drawn):,} are drawn" if len(drawn) < len(there) else ""
    cells = there["cell"].value_counts()
    wrong = " and ".join(in_cell(int(cells.get(cell, 0)), cell) for cell in reversed(_ERRORS))
    alt = (
        f"Map of {scans(len(there))}{thin}, {shown}; {wrong} drawn on top. "
        "Scans near each other look alike to the network."
    )
    styled(figure, alt=alt, x=axes[0], y=axes[1], height=HEIGHT_PX)
    figure.update_layout(dragmode="lasso", legend={"itemsizing": "constant"}, uirevision="scan-map")
    figure.update_xaxes(range=[-1.05, 1.05], showticklabels=False)
    figure.update_yaxes(range=[-1.05, 1.05], showticklabels=False)
    if len(corners) > 2:
        path = "M" + "L".join(f"{x:.3f},{y:.3f}" for x, y in corners) + "Z"
        figure.add_shape(type="path", path=path, line={"color": ACCENT, "width": 2}, fillcolor=faded(ACCENT, 0.12))
    return figure


def drawn_rows(places: pd.DataFrame, most: int = MOST_DRAWN) -> pd.DataFrame:
    """All wrong calls, and evenly spread as many of the others as `most` leaves room for; rows stay in their order."""
    if len(places) <= most:
        return places
    wrong = places["cell"].isin(_ERRORS).to_numpy()
    keep = _evenly(np.flatnonzero(wrong), most)
    keep = np.concatenate([keep, _evenly(np.flatnonzero(~wrong), most - len(keep))])
    return places.iloc[np.sort(keep)]


def named(values: pd.Series) -> pd.Series:
    """Values as names: the most frequent as they are, the rest as `OTHERS`, missing ones as `UNKNOWN`."""
    names = values.astype(object).where(values.notna(), UNKNOWN).map(str)
    names = names.where(names != "", UNKNOWN)
    counts = names.value_counts()
    if len(counts) <= MOST_COLOURS:
        return names
    kept = counts.sort_index(kind="stable").sort_values(ascending=False, kind="stable").index[: MOST_COLOURS - 1]
    return names.where(names.isin(kept), OTHERS)


def colours_of(by: str, names: Sequence[str], positive: str) -> dict[str, str] | None:
    """The colours that cells and classes have on every chart; None for other columns."""
    if by == "cell":
        return {cell: CELL_COLOURS[cell] for cell in (CLEARED, FOUND, FALSE_ALARM, MISSED)}
    return class_colours(names, positive) if by == "label" else None


def _evenly(rows: np.ndarray, most: int) -> np.ndarray:
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, max(most, 0)).round().astype(int)]


def _named_colours(names: pd.Series) -> dict[str, str]:
    order = sorted(set(names), key=lambda name: (name in (OTHERS, UNKNOWN), name))
    free = iter(SEQUENCE)
    return {name: NEUTRAL if name in (OTHERS, UNKNOWN) else next(free) for name in order}


def _add(figure: go.Figure, rows: pd.DataFrame, name: str, colour: str, symbol: str, size_px: int) -> None:
    marker = {"color": colour, "size": size_px, "symbol": symbol, "opacity": 0.65 if symbol == "circle" else 0.95}
    _scatter(figure, rows, name=name, marker=marker)


def _add_scores(figure: go.Figure, rows: pd.DataFrame, positive: str) -> None:
    bar = {"title": {"text": f"Score for {positive}", "side": "right"}, "thickness": 12, "outlinewidth": 0}
    scale = [[0, NEGATIVE], [0.5, NEUTRAL], [1, POSITIVE]]
    marker = {"color": rows["score"].to_numpy(np.float32), "colorscale": scale, "cmin": 0, "cmax": 1}
    _scatter(figure, rows, name="scans", marker={**marker, "size": 6, "opacity": 0.75, "colorbar": bar})


def _add_errors(figure: go.Figure, rows: pd.DataFrame) -> None:
    """As rings around the points, so that the colour inside still tells."""
    for cell in _ERRORS:
        of_cell = rows[rows["cell"] == cell]
        if len(of_cell):
            line = {"color": CELL_COLOURS[cell], "width": 2}
            marker = {"color": CELL_COLOURS[cell], "size": 11, "symbol": f"{_ERROR_MARKS[cell][0]}-open", "line": line}
            _scatter(figure, of_cell, name=in_cell(len(of_cell), cell), marker=marker)


def _scatter(figure: go.Figure, rows: pd.DataFrame, *, name: str, marker: Mapping[str, object]) -> None:
    kind = go.Scattergl if len(rows) > _SVG_UP_TO else go.Scatter
    figure.add_trace(
        kind(
            x=rows["x"].to_numpy(np.float32),
            y=rows["y"].to_numpy(np.float32),
            mode="markers",
            name=name,
            marker=marker,
            # An array of objects: of nested lists plotly would copy every single one.
            customdata=np.stack([rows["path"].to_numpy(object), np.array(_hover_words(rows), object)], axis=1),
            hovertemplate=_HOVER,
        )
    )


def _hover_words(rows: pd.DataFrame) -> list[str]:
    columns = (rows[name].tolist() for name in ("path", "label", "predicted", "score", "split"))
    return [
        f"{_plain(path)}<br>{_plain(label)}, called {_plain(called)}<br>score {score:.3f}, {split}"
        for path, label, called, score, split in zip(*columns, strict=True)
    ]


def _plain(text: object) -> str:
    """Names from outside as they are: plotly takes a few tags for its own."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
