"""How bright a scan is as the network gets it: a shortcut where the disease does not explain it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.data.pixels import DecodedScans

BRIGHTNESS = "brightness"  # the column of a run's predictions
_AT_ONCE = 256


def mean_brightness(squares: NDArray[np.uint8] | DecodedScans) -> NDArray[np.float32]:
    """Mean grey of each scan, shape (n,): 0 is black, 1 white.

    Args:
        squares: grey bytes, shape (n, size, size), in memory or on disk.
    """
    means: Sequence[NDArray[np.float32]] = [
        (squares[start : start + _AT_ONCE].mean(axis=(1, 2)) / 255).astype(np.float32)
        for start in range(0, len(squares), _AT_ONCE)
    ]
    return np.concatenate([np.zeros(0, np.float32), *means])
