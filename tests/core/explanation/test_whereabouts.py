"""Where the heat lies: shares that are shares, and what cannot be said."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.explanation.lungs import Anatomy
from core.explanation.whereabouts import BORDER, border, whereabouts

SEEDS = st.integers(0, 2**32 - 1)


def scene(seed: int) -> tuple[np.ndarray, Anatomy]:
    """Heat at a size of its own or at that of the masks, and a body with lungs in it."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(13, 60, 2)
    body = rng.random((height, width)) < 0.8
    lungs = body & (rng.random((height, width)) < 0.5)
    shape = (height, width) if rng.random() < 0.5 else tuple(rng.integers(2, 9, 2))
    return rng.random(shape).astype(np.float32), Anatomy(body, lungs, "")


def flipped(anatomy: Anatomy) -> Anatomy:
    return Anatomy(anatomy.body[:, ::-1].copy(), anatomy.lungs[:, ::-1].copy(), anatomy.refused)


@given(SEEDS)
@settings(deadline=None)
def test_shares_are_shares_and_lungs_are_part_of_the_body(seed: int) -> None:
    heat, anatomy = scene(seed)
    found = whereabouts(heat, anatomy)
    assert 0 <= found.in_lungs <= found.in_body + 1e-6 <= 1 + 2e-6
    assert 0 <= found.in_border <= 1
    assert 0 <= found.lung_area <= 1


@given(SEEDS)
@settings(deadline=None)
def test_the_mirror_image_has_its_heat_in_the_same_organs(seed: int) -> None:
    heat, anatomy = scene(seed)
    found, mirrored = whereabouts(heat, anatomy), whereabouts(heat[:, ::-1].copy(), flipped(anatomy))
    for name in ("in_lungs", "in_body", "in_border", "lung_area"):
        assert getattr(found, name) == pytest.approx(getattr(mirrored, name), abs=1e-5)


@given(SEEDS, st.floats(0.01, 1000))
@settings(deadline=None)
def test_how_strong_the_heat_is_does_not_move_it(seed: int, factor: float) -> None:
    heat, anatomy = scene(seed)
    found, stronger = whereabouts(heat, anatomy), whereabouts(heat * np.float32(factor), anatomy)
    assert found.in_lungs == pytest.approx(stronger.in_lungs, abs=1e-5, nan_ok=True)


def test_shares_are_those_of_a_plain_loop() -> None:
    heat, anatomy = scene(3)
    heat = np.random.default_rng(0).random(anatomy.body.shape).astype(np.float32)
    lungs = edge = 0.0
    rows, columns = heat.shape
    for y in range(rows):
        for x in range(columns):
            lungs += float(heat[y, x]) * bool(anatomy.lungs[y, x])
            near = min(y, rows - 1 - y) < round(BORDER * rows) or min(x, columns - 1 - x) < round(BORDER * columns)
            edge += float(heat[y, x]) * near
    found = whereabouts(heat, anatomy)
    assert found.in_lungs == pytest.approx(lungs / heat.sum(), rel=1e-5)
    assert found.in_border == pytest.approx(edge / heat.sum(), rel=1e-5)


def test_where_all_is_lung_all_heat_is_in_it() -> None:
    everything = np.ones((40, 30), bool)
    found = whereabouts(np.random.default_rng(0).random((7, 7)).astype(np.float32), Anatomy(everything, everything, ""))
    assert (found.in_lungs, found.in_body, found.lung_area) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("level", [0, 1])
def test_a_map_without_heat_or_the_same_everywhere_is_nowhere(level: int) -> None:
    _, anatomy = scene(1)
    for shape in ((1, 1), (5, 5), anatomy.body.shape):
        found = whereabouts(np.full(shape, level, np.float32), anatomy)
        assert np.isnan([found.in_lungs, found.in_body, found.in_border, found.peak_y, found.peak_x]).all()
        assert found.peak_in == ""
        assert found.lung_area == anatomy.lungs.mean()
        assert not found.is_outside


def test_the_peak_is_the_hottest_place_and_what_lies_there() -> None:
    body, lungs = np.zeros((20, 40), bool), np.zeros((20, 40), bool)
    body[2:18, 4:36] = True
    lungs[5:10, 8:16] = True
    for (row, column), place in {(6, 10): "lungs", (15, 30): "body", (0, 0): "outside the body"}.items():
        heat = np.full((20, 40), 0.1, np.float32)
        heat[row, column] = 1
        found = whereabouts(heat, Anatomy(body, lungs, ""))
        assert (found.peak_y, found.peak_x, found.peak_in) == ((row + 0.5) / 20, (column + 0.5) / 40, place)


def test_refused_scans_have_shares_of_body_and_border_alone() -> None:
    heat, anatomy = scene(2)
    found = whereabouts(heat, Anatomy(anatomy.body, np.zeros_like(anatomy.lungs), "an X-ray"))
    assert math.isnan(found.in_lungs)
    assert math.isnan(found.lung_area)
    assert 0 < found.in_body < 1
    assert not found.is_outside


def test_the_border_is_all_around_and_never_empty() -> None:
    assert border(5, 3).sum() == 12
    assert border(100, 50)[:8].all()
    assert not border(100, 50)[8:-8, 4:-4].any()


@pytest.mark.parametrize("heat", [np.ones(3, np.float32), -np.ones((3, 3), np.float32), np.full((3, 3), np.nan)])
def test_what_is_no_heat_is_refused(heat: np.ndarray) -> None:
    with pytest.raises(ValueError, match="heat must"):
        whereabouts(heat, scene(0)[1])
