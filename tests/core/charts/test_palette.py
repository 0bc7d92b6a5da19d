import itertools

import numpy as np
import pytest

from core.charts import palette
from core.charts.confusion import FAINTEST, STRONGEST
from core.charts.palette import CELL_COLOURS, class_colours, curve_colours, faded

DRAWN = {
    palette.POSITIVE,
    palette.NEGATIVE,
    palette.ACCENT,
    palette.NEUTRAL,
    *CELL_COLOURS.values(),
    *palette.SEQUENCE,
}

# Machado, Oliveira and Fernandes (2009): full protanopia and deuteranopia, on linear RGB.
SEEN_BY = {
    "everybody": np.eye(3),
    "protanope": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranope": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def channels(colour):
    return np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])


def linear(rgb):
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2.2 contrast ratio of two sRGB colours, 1 to 21."""
    bright, dark = sorted((float(linear(rgb) @ [0.2126, 0.7152, 0.0722]) for rgb in (one, other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def lab(rgb):
    """CIELAB of linear RGB (sRGB primaries, D65)."""
    to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
    x = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.95047, 1, 1.08883])
    f = np.where(x > 216 / 24389, np.cbrt(x), (24389 / 27 * x + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(one, other, eye):
    seen = [lab(SEEN_BY[eye] @ linear(channels(colour))) for colour in (one, other)]
    return float(np.linalg.norm(seen[0] - seen[1]))


def test_the_referee_knows_the_ends_of_the_scale():
    assert contrast(channels("#000000"), channels("#FFFFFF")) == pytest.approx(21)
    assert apart("#000000", "#FFFFFF", "everybody") == pytest.approx(100, abs=0.1)
    assert apart("#D13B3B", "#6B7A12", "deuteranope") < apart("#D13B3B", "#6B7A12", "everybody") / 2


@pytest.mark.parametrize("colour", sorted(DRAWN))
def test_every_colour_stands_out_on_dark_and_on_white(colour):
    assert contrast(channels(colour), channels(palette.DARK_BACKGROUND)) >= 3
    assert contrast(channels(colour), channels(palette.LIGHT_BACKGROUND)) >= 3


@pytest.mark.parametrize("eye", SEEN_BY)
def test_what_shares_a_chart_stays_apart_for_the_colour_blind(eye):
    cells = list(CELL_COLOURS.values())
    assert apart(palette.POSITIVE, palette.NEGATIVE, eye) > 40
    assert min(apart(a, b, eye) for i, a in enumerate(cells) for b in cells[:i]) > 30
    assert min(apart(a, b, eye) for i, a in enumerate(palette.SEQUENCE) for b in palette.SEQUENCE[:i]) > 15


@pytest.mark.parametrize("alpha", [FAINTEST, STRONGEST])
@pytest.mark.parametrize("colour", [*CELL_COLOURS.values(), palette.NEUTRAL])
@pytest.mark.parametrize(("background", "text"), [("#0E1116", "#FAFAFA"), ("#FFFFFF", "#31333F")])
def test_the_words_in_a_confusion_cell_can_be_read_on_it(colour, alpha, background, text):
    cell = alpha * channels(colour) + (1 - alpha) * channels(background)
    assert contrast(cell, channels(text)) >= 4.5


def test_each_meaning_has_a_colour_of_its_own():
    meanings = [palette.POSITIVE, palette.NEGATIVE, palette.ACCENT, palette.NEUTRAL, *CELL_COLOURS.values()]
    assert len(set(meanings)) == len(meanings)


def test_the_positive_class_always_has_the_same_colour():
    assert class_colours(["COVID", "normal"], "COVID") == {
        "COVID": palette.POSITIVE,
        "normal": palette.NEGATIVE,
    }
    several = class_colours(list("abcdefghij"), "d")
    assert list(several) == list("abcdefghij")
    assert several["d"] == palette.POSITIVE
    assert palette.POSITIVE not in {colour for name, colour in several.items() if name != "d"}
    assert class_colours(["a", "b"]) == dict(zip("ab", palette.SEQUENCE, strict=False))
    assert class_colours(["a"], "absent") == {"a": palette.SEQUENCE[0]}


def test_neighbouring_curves_differ_even_where_the_colours_begin_again():
    colours = list(curve_colours([str(i) for i in range(20)]).values())
    assert all(one != other for one, other in itertools.pairwise(colours))
    assert curve_colours(["val"]) == {"val": palette.ACCENT}


def test_faded_colours_keep_their_hue():
    assert faded("#0A10FF", 0.5) == "rgba(10, 16, 255, 0.500)"
