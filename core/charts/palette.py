"""One colour for one meaning, the same on every chart.

Every colour has a contrast of at least 3:1 (WCAG 2.2, criterion 1.4.11) against the dark reading
room and against white, so no chart needs to know which theme it is drawn on. Colours that
share a chart stay apart for people with protanopia or deuteranopia; where they only just do, words,
dashes or symbols say the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED

DARK_BACKGROUND = "#0E1116"
LIGHT_BACKGROUND = "#FFFFFF"

POSITIVE = "#CA22A7"
NEGATIVE = "#5D9F61"
ACCENT = "#6C82F2"  # what is chosen: the operating point, the threshold, the validation curve
NEUTRAL = "#7F8794"  # chance, prevalence, what is only there to compare with

CELL_COLOURS = {MISSED: "#BB3937", FALSE_ALARM: "#D5790B", FOUND: "#3A9590", CLEARED: "#227EB7"}

# Neighbours differ most; after seven classes the colours begin again.
SEQUENCE = ("#227EB7", "#D5790B", "#CA22A7", "#5D9F61", "#BB3937", "#6C82F2", "#3A9590")

GRID = "rgba(127, 135, 148, 0.25)"  # faint on dark and on white
CLEAR = "rgba(0, 0, 0, 0)"


def class_colours(classes: Sequence[str], positive: str | None = None) -> dict[str, str]:
    """A colour for each class by name: the positive one always has its own, and so has its only opposite."""
    others = [name for name in classes if name != positive]
    colours = dict(zip(others, _repeated(len(others), without=POSITIVE if positive in classes else None), strict=True))
    if positive in classes:
        if len(others) == 1:
            colours = {others[0]: NEGATIVE}
        colours[str(positive)] = POSITIVE
    return {name: colours[name] for name in classes}


def curve_colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each curve by name: a curve alone is the accent, several take the sequence."""
    if len(names) == 1:
        return {names[0]: ACCENT}
    return dict(zip(names, _repeated(len(names)), strict=True))


def faded(colour: str, alpha: float) -> str:
    """The colour `#RRGGBB` let through by `alpha` in [0, 1], as CSS."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {alpha:.3f})"


def _repeated(count: int, without: str | None = None) -> list[str]:
    usable = [colour for colour in SEQUENCE if colour != without]
    return [usable[position % len(usable)] for position in range(count)]
