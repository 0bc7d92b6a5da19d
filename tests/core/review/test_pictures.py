"""What the viewer is sent says exactly what the scan and its map hold."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from core.data.dicom.levels import Levels
from core.errors import RequestError
from core.explanation.maps import ScanMap
from core.review.notes.marks import Mark
from core.review.pictures import LONGEST_HEAT_PX, LONGEST_PX, heat_colours, heat_of, picture_of
from core.review.slices import in_order

SHAPES = array_shapes(min_dims=2, max_dims=2, max_side=12)


def unpacked(picture):
    kind = {8: np.uint8, 16: "<i2"}[picture.bits]
    return np.frombuffer(zlib.decompress(picture.packed), kind).reshape(picture.height_px, picture.width_px)


def map_with(heat, maximum=2.0):
    return ScanMap(np.asarray(heat, np.float32), maximum, "sick", 0.7, "gradcam", "layer4", (2, 2))


@given(arrays(np.uint8, SHAPES))
def test_grey_arrives_as_it_is(scan):
    picture = picture_of(scan, None)
    assert np.array_equal(unpacked(picture), scan)
    assert (picture.full_width_px, picture.full_height_px) == scan.shape[::-1]


@given(arrays(np.int16, SHAPES), st.booleans())
def test_levels_arrive_as_they_are(values, in_hu):
    levels = Levels(values, 3, -600.0, 1500.0, in_hu, is_inverted=False)
    picture = picture_of(np.zeros(values.shape, np.uint8), levels)
    assert np.array_equal(unpacked(picture), values)
    assert (picture.offset, picture.centre, picture.width, picture.unit) == (3, -600.0, 1500.0, "HU" if in_hu else "")


def test_a_huge_scan_is_made_smaller_and_says_how_large_it_is():
    picture = picture_of(np.zeros((2 * LONGEST_PX, 10), np.uint8), None)
    assert (picture.height_px, picture.full_height_px) == (LONGEST_PX, 2 * LONGEST_PX)


@given(arrays(np.float32, SHAPES, elements=st.floats(0, 1, width=32)))
def test_heat_arrives_to_half_a_byte(heat):
    sent = heat_of(map_with(heat))
    grid = np.frombuffer(zlib.decompress(sent.packed), np.uint8).reshape(sent.height_px, sent.width_px)
    assert np.abs(grid / 255 - heat).max() <= 0.5 / 255 + 1e-6


def test_a_fine_map_is_no_larger_than_the_browser_needs():
    sent = heat_of(map_with(np.random.default_rng(0).random((512, 256))))
    assert (sent.height_px, sent.width_px) == (LONGEST_HEAT_PX, LONGEST_HEAT_PX // 2)


@pytest.mark.parametrize(("heat", "maximum", "words"), [(0.0, 0.0, "no positive evidence"), (1.0, 2.0, "cannot say")])
def test_a_map_without_places_says_so_and_is_not_drawn(heat, maximum, words):
    sent = heat_of(map_with(np.full((4, 4), heat), maximum))
    assert not sent.has_places
    assert words in sent.says


def test_heat_has_256_colours_that_grow_brighter():
    colours = np.frombuffer(heat_colours(), np.uint8).reshape(256, 3).astype(float)
    brightness = colours @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) > -1).all()


def test_slices_are_in_the_order_that_people_count():
    assert in_order(["a10.png", "a9.png", "a1.png"]) == ("a1.png", "a9.png", "a10.png")
    assert in_order(["x.dcm#10", "x.dcm#2"]) == ("x.dcm#2", "x.dcm#10")


@given(st.lists(st.text(alphabet="a1₂٣/#.", max_size=6), max_size=8))
def test_any_names_can_be_put_in_order(names):
    assert sorted(in_order(names)) == sorted(names)


@given(st.tuples(*[st.floats(0, 1)] * 4))
def test_a_mark_is_the_same_after_it_was_written_down(corners):
    x0, x1 = sorted(corners[:2])
    y0, y1 = sorted(corners[2:])
    mark = Mark("rectangle", x0, y0, x1, y1)
    assert Mark.from_dict(mark.to_dict()) == mark


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"kind": "circle", "x0": 0, "y0": 0, "x1": 0, "y1": 0},
        {"kind": "point", "x0": 0, "y0": 0, "x1": 1, "y1": 0},
        {"kind": "rectangle", "x0": 0.5, "y0": 0, "x1": 0.2, "y1": 0},
        {"kind": "rectangle", "x0": float("nan"), "y0": 0, "x1": 0.2, "y1": 0},
        {"kind": "rectangle", "x0": -0.1, "y0": 0, "x1": 0.2, "y1": 0},
        {"kind": "point", "x0": [], "y0": 0, "x1": 0, "y1": 0},
    ],
)
def test_what_is_no_mark_is_refused(content):
    with pytest.raises(RequestError):
        Mark.from_dict(content)
