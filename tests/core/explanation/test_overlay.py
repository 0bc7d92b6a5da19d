"""The overlay shows heat where it is, and nothing where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from core.explanation.maps import ScanMap
from core.explanation.overlay import SHOWN, contoured, drawn, masked, overlaid, reduced

SHAPE = (6, 9)


def map_of(heat: NDArray[np.float32], maximum: float = 2.0) -> ScanMap:
    return ScanMap(heat.astype(np.float32), maximum, "COVID", 0.7, "gradcam", "layer4", (2, 2))


def scans() -> st.SearchStrategy[NDArray[np.uint8]]:
    return arrays(np.uint8, SHAPE)


def heats() -> st.SearchStrategy[NDArray[np.float32]]:
    return arrays(np.float32, SHAPE, elements=st.floats(0, 1, width=32))


@given(scans(), heats(), st.floats(0, 1))
def test_the_picture_is_rgb_bytes_of_the_scans_size(scan, heat, opacity) -> None:
    picture = overlaid(scan, map_of(heat), opacity=opacity)
    assert picture.shape == (*SHAPE, 3)
    assert picture.dtype == np.uint8


@given(scans(), heats())
def test_at_opacity_0_the_scan_is_shown_as_it_is(scan, heat) -> None:
    picture = overlaid(scan, map_of(heat), opacity=0.0)
    assert (picture == scan[:, :, None]).all()


@given(scans(), heats(), st.floats(0, 1))
def test_an_empty_map_leaves_the_scan_alone(scan, heat, opacity) -> None:
    picture = overlaid(scan, map_of(heat, maximum=0.0), opacity=opacity)
    assert (picture == scan[:, :, None]).all()


@given(scans(), heats(), st.floats(0, 1))
def test_cold_places_stay_as_they_are(scan, heat, opacity) -> None:
    heat[:3] = 0.0
    picture = overlaid(scan, map_of(heat), opacity=opacity)
    assert (picture[:3] == scan[:3, :, None]).all()


def test_at_full_opacity_the_hottest_place_has_the_hottest_colour_whatever_lies_below() -> None:
    heat = np.ones(SHAPE, np.float32)
    over_black = overlaid(np.zeros(SHAPE, np.uint8), map_of(heat), opacity=1.0)
    over_white = overlaid(np.full(SHAPE, 255, np.uint8), map_of(heat), opacity=1.0)
    assert (over_black == over_white).all()
    assert over_black[0, 0, 0] > 200  # inferno ends in a bright yellow: more red than blue
    assert over_black[0, 0, 0] > over_black[0, 0, 2]


def test_more_heat_is_brighter_on_a_dark_scan() -> None:
    heat = np.linspace(0, 1, 9, dtype=np.float32)[None].repeat(6, axis=0)
    picture = overlaid(np.zeros(SHAPE, np.uint8), map_of(heat), opacity=1.0).astype(int).sum(axis=2)
    assert (np.diff(picture[0]) > 0).all()


def test_neither_scan_nor_map_is_changed() -> None:
    scan, heat = np.full(SHAPE, 9, np.uint8), np.full(SHAPE, 0.5, np.float32)
    scan.flags.writeable = heat.flags.writeable = False
    overlaid(scan, map_of(heat), opacity=0.5)
    assert (scan == 9).all()


@pytest.mark.parametrize(("height", "width"), [(100, 40), (40, 100), (64, 64), (1, 200)])
def test_reduced_keeps_proportions_and_the_maps_figures(height: int, width: int) -> None:
    scan = np.full((height, width), 100, np.uint8)
    found = replace(map_of(np.full((height, width), 0.25)), maximum=3.5)
    small, small_map = reduced(scan, found, longest_px=50)
    assert max(small.shape) == 50
    assert small.shape == small_map.heat.shape
    assert small.shape[0] / small.shape[1] == pytest.approx(height / width, rel=0.05) or min(small.shape) == 1
    assert (small == 100).all()
    assert small_map.heat == pytest.approx(0.25)
    assert (small_map.maximum, small_map.target_score) == (3.5, found.target_score)


def test_reduced_leaves_what_is_small_enough() -> None:
    scan, found = np.zeros((30, 50), np.uint8), map_of(np.zeros((30, 50)))
    assert reduced(scan, found, longest_px=50) == (scan, found)


@pytest.mark.parametrize("show", SHOWN)
def test_every_way_to_show_gives_rgb_bytes_of_the_scans_size(show: str) -> None:
    rng = np.random.default_rng(0)
    scan, found = rng.integers(0, 256, SHAPE, dtype=np.uint8), map_of(rng.random(SHAPE))
    picture = drawn(scan, found, show=show, opacity=0.6)
    assert (picture.shape, picture.dtype) == ((*SHAPE, 3), np.uint8)
    assert not (picture == scan[:, :, None]).all()


@given(scans(), heats())
def test_where_it_was_looked_at_most_the_masked_scan_is_as_it_is_and_elsewhere_darker(scan, heat) -> None:
    heat[0, 0] = 1.0
    picture = masked(scan, map_of(heat))
    assert (picture[0, 0] == scan[0, 0]).all()
    assert (picture <= scan[:, :, None]).all()


def test_contours_run_around_what_is_hot_and_leave_the_rest_alone() -> None:
    scan, heat = np.full((40, 40), 90, np.uint8), np.zeros((40, 40), np.float32)
    heat[10:30, 10:30] = 1.0
    picture = contoured(scan, map_of(heat))
    changed = (picture != 90).any(axis=2)
    assert changed[10, 10:30].all()
    assert changed[10:30, 29].all()
    assert not changed[12:28, 12:28].any()
    assert not changed[:9].any()
    assert (contoured(scan, map_of(heat * 0, maximum=0.0)) == 90).all()
