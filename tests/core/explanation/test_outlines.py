"""Outlines of masks: where they run, and how many points they may have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.draw import polygon2mask

from core.explanation.outlines import MOST_POINTS, outline


def disc(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return ((y + 0.5) / height - 0.5) ** 2 + ((x + 0.5) / width - 0.4) ** 2 < 0.09


@pytest.mark.parametrize(("height", "width"), [(90, 60), (256, 300), (1400, 900)])
def test_a_filled_outline_is_the_mask_again(height: int, width: int) -> None:
    mask = disc(height, width)
    (polygon,) = outline(mask)
    again = polygon2mask(mask.shape, polygon * mask.shape - 0.5)
    assert (again & mask).sum() * 2 / (again.sum() + mask.sum()) > 0.97


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(2, 40))
def test_no_polygon_has_more_points_than_allowed_or_leaves_the_frame(seed: int, height: int, width: int) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < 0.5
    for polygon in outline(mask, most_points=12):
        assert 4 < len(polygon) <= 12
        assert ((polygon >= 0) & (polygon <= 1)).all()
        assert (polygon[0] == polygon[-1]).all()


def test_a_ragged_mask_keeps_to_the_usual_number_of_points() -> None:
    ragged = np.zeros((400, 400), bool)
    ragged[50:350, 50:350] = True
    ragged[50:350:4, 350:380] = True
    assert len(outline(ragged)[0]) <= MOST_POINTS


def test_a_mask_that_fills_the_frame_is_outlined_along_it() -> None:
    (polygon,) = outline(np.ones((30, 50), bool))
    assert (polygon.min(), polygon.max()) == (0, 1)


def test_nothing_has_no_outline() -> None:
    assert outline(np.zeros((20, 20), bool)) == []


def test_what_is_no_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        outline(np.ones((2, 2, 2), bool))
    with pytest.raises(ValueError, match="at least 8"):
        outline(np.ones((20, 20), bool), most_points=3)
