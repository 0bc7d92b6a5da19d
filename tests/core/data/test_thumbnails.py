"""A thumbnail is the whole scan in a black square."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.thumbnails import thumbnail_jpeg


def decoded(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(8, 64))
def test_every_thumbnail_is_a_square_of_the_side_asked_for(height: int, width: int, side_px: int) -> None:
    assert decoded(thumbnail_jpeg(np.zeros((height, width), np.uint8), side_px)).shape == (side_px, side_px)


@pytest.mark.parametrize(("shape", "rows", "columns"), [((100, 200), 45, 90), ((200, 100), 90, 45), ((20, 10), 90, 45)])
def test_proportions_are_kept_and_the_rest_is_black(shape: tuple[int, int], rows: int, columns: int) -> None:
    white = decoded(thumbnail_jpeg(np.full(shape, 255, np.uint8), 90)) > 128
    assert abs(white.any(axis=1).sum() - rows) <= 1
    assert abs(white.any(axis=0).sum() - columns) <= 1
    assert white[45, 45]


@pytest.mark.parametrize("pixels", [np.zeros((0, 5), np.uint8), np.zeros((5, 5, 3), np.uint8)])
def test_what_is_no_grey_picture_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"^pixels must have the shape \(h, w\)"):
        thumbnail_jpeg(pixels)


def test_a_square_without_a_side_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^side_px must be at least 1, got 0$"):
        thumbnail_jpeg(np.zeros((4, 4), np.uint8), 0)
