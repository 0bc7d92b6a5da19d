"""The sheet of one case on paper: one A4 page as PDF or PNG, drawn by the same code."""

import io
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import RequestError
from core.review.sheets.lines import FONT, STAND_IN, STAND_IN_SAYS, cut_lines, printable, wrapped
from core.review.sheets.sheet import RESEARCH_ONLY, Sheet, note_heading

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("pdf", "png")
WIDTH_IN, HEIGHT_IN = 8.27, 11.69  # A4
_DPI = 150
_LEFT_IN, _RIGHT_IN, _GAP_IN = 0.6, 7.67, 0.25
_PICTURES_TOP_IN, _PICTURE_IN = 1.55, 3.41
_TEXT_BOTTOM_IN = 10.95
_TEXT_PT, _LINE_IN = 8.5, 0.165
_NAME_IN = 1.25  # of a fact
_OPACITY = 0.6
_INK, _FAINT, _MARK = "#15191f", "#59616d", "#00a6d6"
_drawing = threading.Lock()  # fonts are shared by all figures, and hold the text that was drawn last


def sheet_bytes(sheet: Sheet, kind: str) -> bytes:
    """The sheet as a file.

    Args:
        sheet: what stands on it.
        kind: "pdf" or "png".

    Raises:
        RequestError: another kind.
    """
    if kind not in FORMATS:
        raise RequestError(f"expected a sheet as {' or '.join(FORMATS)}, found {kind!r}")
    with _drawing:
        figure = _drawn(sheet, smooth=kind == "png")
        content = io.BytesIO()
        told = {"Software": "CT Explorer"} if kind == "png" else {"Creator": "CT Explorer", "Title": "One case"}
        figure.savefig(content, format=kind, dpi=_DPI, metadata=told)
    return content.getvalue()


def _drawn(sheet: Sheet, *, smooth: bool) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), facecolor="white")
    page = _Page(figure)
    page.write("CT Explorer: one case", _LEFT_IN, 0.75, size_pt=15, bold=True)
    page.write(RESEARCH_ONLY, _RIGHT_IN, 0.75, size_pt=9.5, bold=True, right=True)
    made = sheet.made.replace("T", " ").replace("+00:00", " UTC")
    origin = f"Run {sheet.run} · data {sheet.data_fingerprint[:16]} · {made}"
    page.write(origin, _LEFT_IN, 1.0, size_pt=8, colour=_FAINT)
    foot_in = _draw_pictures(page, sheet, smooth)
    _write_facts(page, sheet, foot_in + 0.75)
    _write_notes(page, sheet, foot_in + 0.75)
    page.write(RESEARCH_ONLY + ".", _LEFT_IN, 11.3, size_pt=8, bold=True)
    if page.has_stand_ins:
        page.write(STAND_IN_SAYS, _RIGHT_IN, 11.3, size_pt=8, colour=_FAINT, right=True)
    return figure


class _Page:
    """A figure to write on, in inches from its upper left corner."""

    def __init__(self, figure: "Figure") -> None:
        self.figure = figure
        self.has_stand_ins = False

    def write(
        self,
        text: str,
        x_in: float,
        y_in: float,
        *,
        size_pt: float = _TEXT_PT,
        bold: bool = False,
        colour: str = _INK,
        right: bool = False,
    ) -> None:
        """One line of text, its foot at `y_in`."""
        safe = printable(text)
        self.has_stand_ins |= STAND_IN in safe
        self.figure.text(
            x_in / WIDTH_IN,
            1 - y_in / HEIGHT_IN,
            safe,
            fontsize=size_pt,
            fontfamily=FONT,
            fontweight="bold" if bold else "normal",
            color=colour,
            ha="right" if right else "left",
            va="baseline",
            parse_math=False,
            usetex=False,
        )

    def axes(self, x_in: float, top_in: float, width_in: float, height_in: float) -> Any:
        """A frame for a picture."""
        box = (x_in / WIDTH_IN, 1 - (top_in + height_in) / HEIGHT_IN, width_in / WIDTH_IN, height_in / HEIGHT_IN)
        frame = self.figure.add_axes(box)
        frame.set_axis_off()
        return frame


def _draw_pictures(page: _Page, sheet: Sheet, smooth: bool) -> float:
    """Scan and map side by side; gives their foot, in inches from above."""
    from core.explanation.overlay import overlaid

    beside_in = _LEFT_IN + _PICTURE_IN + _GAP_IN
    grey = np.repeat(sheet.scan[:, :, None], 3, axis=2)
    scan = _show(page, grey, _LEFT_IN, smooth)
    _draw_marks(scan, sheet)
    page.write("The scan" + (", with the readers' marks" if _marked(sheet) else ""), _LEFT_IN, 1.45, size_pt=9)
    found, foot_in = sheet.scan_map, _PICTURES_TOP_IN + _PICTURE_IN * sheet.scan.shape[0] / max(sheet.scan.shape)
    if found is None:
        page.write("No map", beside_in, 1.45, size_pt=9)
        for row, line in enumerate(wrapped(printable(sheet.map_says), size_pt=_TEXT_PT, width_in=_PICTURE_IN)):
            page.write(line, beside_in, _PICTURES_TOP_IN + 0.3 + row * _LINE_IN, colour=_FAINT)
        return max(foot_in, _PICTURES_TOP_IN + 1.0)
    title = wrapped(printable(sheet.map_title), size_pt=9, width_in=_PICTURE_IN)
    page.write(cut_lines(title, 1, says="The map")[0], beside_in, 1.45, size_pt=9)
    _show(page, overlaid(sheet.scan, found, opacity=_OPACITY), beside_in, smooth)
    if sheet.map_says:
        lines = wrapped(printable(sheet.map_says), size_pt=_TEXT_PT, width_in=_PICTURE_IN)
        for row, line in enumerate(lines[:3]):
            page.write(line, beside_in, foot_in + 0.2 + row * _LINE_IN)
        return foot_in
    ramp = np.tile(np.linspace(0, 1, 256, dtype=np.float32), (8, 1))
    bar = overlaid(np.full(ramp.shape, 70, np.uint8), replace(found, heat=ramp), opacity=_OPACITY)
    page.axes(beside_in, foot_in + 0.08, _PICTURE_IN, 0.11).imshow(bar, aspect="auto")
    page.write("none", beside_in, foot_in + 0.34, size_pt=7.5, colour=_FAINT)
    words = f"hottest here; relative: unscaled maximum {found.maximum:.3g}"
    page.write(words, beside_in + _PICTURE_IN, foot_in + 0.34, size_pt=7.5, colour=_FAINT, right=True)
    return foot_in


def _show(page: _Page, picture: NDArray[np.uint8], x_in: float, smooth: bool) -> Any:
    """A picture as large as fits, at the top of its place."""
    height, width = picture.shape[:2]
    scale = _PICTURE_IN / max(height, width)
    frame = page.axes(x_in, _PICTURES_TOP_IN, width * scale, height * scale)
    # In a PDF the picture's own pixels are kept: whoever enlarges it sees all there is.
    frame.imshow(picture, aspect="auto", interpolation="antialiased" if smooth else "none")
    return frame


def _marked(sheet: Sheet) -> list[tuple[int, Any]]:
    return [(number, note.mark) for number, note in enumerate(sheet.notes, start=1) if note.mark is not None]


def _draw_marks(frame: Any, sheet: Sheet) -> None:
    """Each mark with the number of its note."""
    from matplotlib.patches import Circle, Rectangle

    height, width = sheet.scan.shape
    for number, mark in _marked(sheet):
        x, y = mark.x0 * width - 0.5, mark.y0 * height - 0.5
        across, down = (mark.x1 - mark.x0) * width, (mark.y1 - mark.y0) * height
        radius = max(height, width) / 60
        is_point = not (across or down)
        shape = Circle((x, y), radius) if is_point else Rectangle((x, y), across, down)
        shape.set(fill=False, edgecolor=_MARK, linewidth=1.4)
        frame.add_patch(shape)
        x, y = (x + radius, y - radius) if is_point else (x, y)
        where = (min(max(x, width * 0.01), width * 0.92), min(max(y, height * 0.06), height * 0.99))
        frame.text(*where, str(number), color=_MARK, fontsize=9, fontweight="bold", fontfamily=FONT, va="bottom")


def _write_facts(page: _Page, sheet: Sheet, y_in: float) -> None:
    value_in = _PICTURE_IN - _NAME_IN
    page.write("Numbers", _LEFT_IN, y_in, size_pt=10, bold=True)
    y_in += 0.24
    for name, value in sheet.facts:
        names = wrapped(printable(name), size_pt=_TEXT_PT, width_in=_NAME_IN - 0.1)
        values = wrapped(printable(value), size_pt=_TEXT_PT, width_in=value_in)
        names, values = cut_lines(names, 2, says="…"), cut_lines(values, 4, says="…")
        rows = max(len(names), len(values))
        if y_in + (rows - 1) * _LINE_IN > _TEXT_BOTTOM_IN:
            page.write("More numbers are in the app.", _LEFT_IN, _TEXT_BOTTOM_IN + _LINE_IN, colour=_FAINT)
            return
        for row, line in enumerate(names):
            page.write(line, _LEFT_IN, y_in + row * _LINE_IN, colour=_FAINT)
        for row, line in enumerate(values):
            page.write(line, _LEFT_IN + _NAME_IN, y_in + row * _LINE_IN)
        y_in += rows * _LINE_IN + 0.03


def _write_notes(page: _Page, sheet: Sheet, y_in: float) -> None:
    x_in = _LEFT_IN + _PICTURE_IN + _GAP_IN
    page.write("Notes", x_in, y_in, size_pt=10, bold=True)
    y_in += 0.24
    if not sheet.notes:
        page.write("No note about this scan.", x_in, y_in, colour=_FAINT)
        return
    lines: list[tuple[str, bool]] = []
    for number, note in enumerate(sheet.notes, start=1):
        heading = wrapped(
            printable(f"{number}. {note_heading(note)}"), size_pt=_TEXT_PT, width_in=_PICTURE_IN, bold=True
        )
        lines += [(line, True) for line in heading]
        if note.text:
            lines += [(line, False) for line in wrapped(printable(note.text), size_pt=_TEXT_PT, width_in=_PICTURE_IN)]
        lines.append(("", False))
    most = int((_TEXT_BOTTOM_IN - y_in) / _LINE_IN) + 1
    left = len(lines) - 1 - most
    if left > 0:
        lines = [*lines[: most - 1], (f"{left + 1} more lines are in the app.", False)]
    for row, (line, bold) in enumerate(lines):
        page.write(line, x_in, y_in + row * _LINE_IN, bold=bold)
