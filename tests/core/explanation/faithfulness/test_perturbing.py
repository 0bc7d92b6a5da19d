"""Orders of pixels, imputation, and random maps: exact where they can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.explanation.faithfulness import road
from core.explanation.faithfulness.curves import SHARES, Perturber
from core.explanation.faithfulness.orders import first_of, order_of
from core.explanation.faithfulness.random_maps import enlarged, random_maps, smoothing_of


@given(st.integers(2, 12), st.integers(0, 5), st.floats(0, 1), st.integers(0, 99))
def test_a_cut_takes_as_many_pixels_as_asked_and_the_hottest(side: int, levels: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    heat = rng.integers(0, levels + 1, (side, side)).astype(np.float32)
    order = order_of(heat, rng)
    chosen = first_of(order, share)
    assert sorted(order) == list(range(side * side))
    assert chosen.sum() == round(share * side * side)
    if 0 < chosen.sum() < chosen.size:
        assert heat.ravel()[chosen].min() >= heat.ravel()[~chosen].max()


def test_ties_are_broken_by_the_seed_alone() -> None:
    flat = np.zeros((8, 8), np.float32)
    first, again, other = (order_of(flat, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert list(first) != list(range(64))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_imputed_pixels_solve_the_neighbours_equations(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(road, "NOISE", 0.0)
    monkeypatch.setattr(road, "_TOLERANCE", 1e-10)
    rng = np.random.default_rng(3)
    square = rng.random((9, 7))
    removed = first_of(rng.permutation(63), share).reshape(9, 7)
    found = road.imputed(square, removed, rng)
    # Slowly: each removed pixel is the weighted mean of its neighbours.
    left, right = np.eye(63), square.ravel().copy()
    for y, x in np.argwhere(removed):
        row = np.zeros(63)
        for dy, dx in ((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx):
            if 0 <= y + dy < 9 and 0 <= x + dx < 7:
                row[(y + dy) * 7 + x + dx] = 1 / 12 if dy and dx else 1 / 6
        row /= row.sum()
        left[y * 7 + x] -= row
        right[y * 7 + x] = 0.0
    assert found == pytest.approx(np.linalg.solve(left, right).reshape(9, 7), abs=1e-5)


def test_what_remains_stays_and_a_flat_map_never_removes_everything() -> None:
    rng = np.random.default_rng(0)
    square = rng.random((16, 16)).astype(np.float32)
    half = first_of(order_of(np.zeros((16, 16)), rng), 0.5).reshape(16, 16)
    found = road.imputed(square, half, rng)
    assert half.sum() == 128
    assert (found[~half] == square[~half]).all()
    assert (found[half] != square[half]).all()
    assert (road.imputed(square, np.zeros((16, 16), bool), rng) == square).all()
    with pytest.raises(ValueError, match="every one removed"):
        road.imputed(square, np.ones((16, 16), bool), rng)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
def test_random_maps_hold_the_maps_own_values(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = np.maximum(rng.normal(size=(height, width)), 0).astype(np.float32)
    maps = random_maps(cells, 3, rng)
    assert maps.shape == (3, height, width)
    for one in maps:
        assert (np.sort(one, axis=None) == np.sort(cells, axis=None)).all()


def test_random_maps_are_as_smooth_as_the_map() -> None:
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    for sigma in (0.0, 1.0, 2.0):
        noise = rng.standard_normal((400, 24, 24))
        cells = noise if sigma == 0 else np.stack([gaussian_filter(one, sigma, mode="wrap") for one in noise])
        assert np.mean([smoothing_of(one) for one in cells[:60]]) == pytest.approx(sigma, abs=0.3)
    assert smoothing_of(np.ones((4, 4))) == 0.0


def test_random_maps_favour_no_place() -> None:
    rng = np.random.default_rng(1)
    cells = np.outer(np.hanning(9), np.hanning(9))  # hot in its middle
    mean = random_maps(cells, 2000, rng).mean(axis=0)
    assert mean == pytest.approx(np.full((9, 9), cells.mean()), abs=0.03)


def test_curves_begin_and_end_with_the_scan_as_it_is_and_wholly_blurred() -> None:
    square = np.random.default_rng(0).random((24, 24)).astype(np.float32)
    perturber = Perturber(square, lambda squares: squares.astype(np.float64).std(axis=(1, 2)))
    found = perturber.curves(np.random.default_rng(1).permutation(576), np.random.default_rng(2))
    assert found.deletion.shape == found.insertion.shape == (len(SHARES),)
    assert found.deletion[0] == found.insertion[-1] == perturber.score_as_it_is
    assert found.deletion[-1] == found.insertion[0] == perturber.score_blurred
    assert (np.diff(found.deletion) < 0).all()  # the more is blurred, the less the pixels differ


def test_enlarged_maps_keep_their_place() -> None:
    cells = np.zeros((4, 4), np.float32)
    cells[1, 2] = 1.0
    large = enlarged(cells, 32)
    assert np.unravel_index(large.argmax(), large.shape) in {(y, x) for y in (11, 12) for x in (19, 20)}
