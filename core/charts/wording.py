"""Numbers and names in words, alike in axes, hover texts, legends and alternative texts."""

from __future__ import annotations

import math
import textwrap

from core.evaluation.confusion import FALSE_ALARM
from core.evaluation.intervals import Estimate


def percent(share: float) -> str:
    """A share with one decimal: `3.0%`; `unknown` for NaN."""
    return "unknown" if math.isnan(share) else f"{share:.1%}"


def number(value: float, digits: int = 3) -> str:
    """A plain number; `unknown` for NaN."""
    return "unknown" if math.isnan(value) else f"{value:.{digits}f}"


def scans(count: int, unit: str = "scan") -> str:
    """A count of scans, or of another `unit` that has a score each: `1 scan`, `1,200 scans`, `25 patients`."""
    return f"{count:,} {unit}" if count == 1 else f"{count:,} {unit}s"


def in_cell(count: int, cell: str) -> str:
    """A count of scans in a cell: `3 missed`, `1 false alarm`, `2 false alarms`."""
    return f"{count:,} {cell}s" if cell == FALSE_ALARM and count != 1 else f"{count:,} {cell}"


def with_interval(value: Estimate | float, digits: int = 3) -> str:
    """A value and, where there is one, its interval: `0.912 (0.880 to 0.941)`."""
    if not isinstance(value, Estimate):
        return number(value, digits)
    if math.isnan(value.low):
        return number(value.value, digits)
    return f"{value.value:.{digits}f} ({value.low:.{digits}f} to {value.high:.{digits}f})"


def shortened(name: str, most: int) -> str:
    """A name of at most so many characters, cut in the middle: names of one kind differ at either end."""
    tail = (most - 1) // 2
    return name if len(name) <= most else f"{name[: most - 1 - tail]}…{name[-tail:]}"


def in_lines(text: str, width: int) -> str:
    """Plain text in lines of at most so many characters, as plotly breaks them.

    Signs in angle brackets are no markup in it.
    """
    return "<br>".join(textwrap.wrap(text.replace("<", "‹").replace(">", "›"), width))
