"""A scan made small, for a page that shows many."""

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE_PX = 180
_JPEG_QUALITY = 85


def thumbnail_jpeg(pixels: NDArray[np.uint8], side_px: int = SIDE_PX) -> bytes:
    """The whole scan inside a black square, its proportions kept, as JPEG.

    Squares of one size line up; a scan smaller than the square is enlarged to fill it.

    Args:
        pixels: grey bytes, shape (h, w), not empty.
        side_px: of the square, at least 1.

    Raises:
        ValueError: `pixels` is not a non-empty (h, w), or `side_px` is below 1.
    """
    if side_px < 1:
        raise ValueError(f"side_px must be at least 1, got {side_px}")
    if pixels.ndim != 2 or pixels.size == 0:
        raise ValueError(f"pixels must have the shape (h, w), got {pixels.shape}")
    height, width = pixels.shape
    scale = side_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(pixels, size, interpolation=way)
    square = np.zeros((side_px, side_px), np.uint8)
    top, left = (side_px - size[1]) // 2, (side_px - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    done, encoded = cv2.imencode(".jpg", square, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise ValueError(f"a square of {side_px} px cannot be written as JPEG")
    return encoded.tobytes()
