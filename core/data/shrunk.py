"""Pictures and maps no larger than a screen needs."""

from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value", bound="np.integer[Any] | np.floating[Any]")


def no_larger(values: NDArray[Value], longest_px: int) -> NDArray[Value]:
    """The values by area averages where a side is longer than `longest_px`, else themselves; same kind of number.

    Args:
        values: shape (h, w).
        longest_px: longest side, at least 1.
    """
    height, width = values.shape
    scale = longest_px / max(height, width)
    if scale >= 1:
        return values
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), values.dtype)
