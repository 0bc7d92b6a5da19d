"""Text on paper: measured, wrapped, and without what the sheet's font cannot draw.

The font comes with matplotlib, so a sheet looks the same everywhere and needs nothing from the network.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

FONT = "DejaVu Sans"
STAND_IN = "□"
STAND_IN_SAYS = f"{STAND_IN} stands for a letter that this sheet's font does not have."
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")


def printable(text: str) -> str:
    """The text with line breaks, without what cannot be seen, and with `STAND_IN` for letters the font has not."""
    kept = []
    for letter in unicodedata.normalize("NFC", text.replace("\r\n", "\n").expandtabs(4)):
        kind = unicodedata.category(letter)
        if letter == "\n":
            kept.append(letter)
        elif kind.startswith("Z"):
            kept.append(" ")
        elif kind in _UNSEEN or (kind == "Mn" and not _has(letter)):
            continue
        else:
            kept.append(letter if _has(letter) else STAND_IN)
    return "".join(kept)


def wrapped(text: str, *, size_pt: float, width_in: float, bold: bool = False) -> list[str]:
    """The text in lines no wider than `width_in` inches; a word that is wider by itself is broken."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if width_of(longer, size_pt=size_pt, bold=bold) <= width_in:
                line = longer
                continue
            if line:
                lines.append(line)
            *whole, line = _broken(word, size_pt, width_in, bold)
            lines.extend(whole)
        lines.append(line)
    return lines


def cut_lines(lines: Sequence[str], most: int, *, says: str) -> list[str]:
    """At most so many lines; where some are left out, `says` is the last one, with `{left}` for their number."""
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], says.format(left=len(lines) - most + 1)] if most else []


def width_of(text: str, *, size_pt: float, bold: bool = False) -> float:
    """How wide a line of text is, in inches."""
    font = _font(bold)
    font.set_size(size_pt, 72)
    font.set_text(text, 0.0)
    width, _ = font.get_width_height()
    return float(width) / 64 / 72


def _broken(word: str, size_pt: float, width_in: float, bold: bool) -> list[str]:
    """A word in parts that fit, the last one first to be continued; one letter a part at least."""
    parts, part = [], ""
    for letter in word:
        if part and width_of(part + letter, size_pt=size_pt, bold=bold) > width_in:
            parts.append(part)
            part = ""
        part += letter
    return [*parts, part]


@cache
def _has(letter: str) -> bool:
    return bool(_font(False).get_char_index(ord(letter)))


@cache
def _font(bold: bool) -> Any:
    """The font itself, for this module alone: measuring sets its size and text."""
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    return FT2Font(findfont(FontProperties(family=FONT, weight="bold" if bold else "normal")))
