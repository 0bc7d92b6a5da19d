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
_MEASURED_PT = 100.0
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
    most_em = width_in * 72 / size_pt
    lines = []
    for paragraph in text.split("\n"):
        line, length_em = "", 0.0
        for word in paragraph.split(" "):
            for part in _parts(f" {word}" if line else word, most_em, bold):
                part_em = sum(_advance_em(letter, bold) for letter in part)
                if line and length_em + part_em > most_em:
                    lines.append(line)
                    line, length_em = "", 0.0
                    part = part.lstrip(" ")
                    part_em = sum(_advance_em(letter, bold) for letter in part)
                line, length_em = line + part, length_em + part_em
        lines.append(line)
    return lines


def cut_lines(lines: Sequence[str], most: int, *, says: str) -> list[str]:
    """At most so many lines; where some are left out, `says` is the last one, with `{left}` for their number."""
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], says.format(left=len(lines) - most + 1)] if most else []


def width_of(text: str, *, size_pt: float, bold: bool = False) -> float:
    """How wide a line of text is, in inches: the sum of its letters, which pairs may only bring closer together."""
    return sum(_advance_em(letter, bold) for letter in text) * size_pt / 72


def _parts(word: str, most_em: float, bold: bool) -> list[str]:
    """A word as it is, or in parts that each fit into a line; one letter a part at least."""
    parts, part, length_em = [], "", 0.0
    for letter in word:
        letter_em = _advance_em(letter, bold)
        if part.strip(" ") and length_em + letter_em > most_em:
            parts.append(part)
            part, length_em = "", 0.0
        part, length_em = part + letter, length_em + letter_em
    return [*parts, part]


@cache
def _has(letter: str) -> bool:
    return bool(_font(False).get_char_index(ord(letter)))


@cache
def _advance_em(letter: str, bold: bool) -> float:
    """How far a letter moves on, in sizes of the font."""
    return float(_font(bold).load_char(ord(letter)).linearHoriAdvance) / 65536 / _MEASURED_PT


@cache
def _font(bold: bool) -> Any:
    """The font itself, for this module alone."""
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    font = FT2Font(findfont(FontProperties(family=FONT, weight="bold" if bold else "normal")))
    font.set_size(_MEASURED_PT, 72)
    return font
