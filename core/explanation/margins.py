"""Plain margins around a picture: of a figure, of a screen."""

import numpy as np
from numpy.typing import NDArray


def inner_frame(grey: NDArray[np.uint8], *, least_px: int) -> tuple[int, int, int, int]:
    """Top, bottom, left, right of a picture (h, w) without rows and columns of one grey at its frame.

    A fiftieth of a row may differ at each end of its greys, as words do. No side gets shorter than `least_px`.
    """
    top, bottom, left, right = 0, grey.shape[0], 0, grey.shape[1]
    while True:
        kept = grey[top:bottom, left:right]
        if min(kept.shape) <= least_px:
            return top, bottom, left, right
        if _is_plain(kept[0]):
            top += 1
        elif _is_plain(kept[-1]):
            bottom -= 1
        elif _is_plain(kept[:, 0]):
            left += 1
        elif _is_plain(kept[:, -1]):
            right -= 1
        else:
            return top, bottom, left, right


def _is_plain(line: NDArray[np.uint8]) -> bool:
    low, high = np.partition(line, (len(line) // 50, -1 - len(line) // 50))[[len(line) // 50, -1 - len(line) // 50]]
    return int(high) - int(low) < 8
