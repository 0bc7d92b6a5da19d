"""What gives the label away without being anatomy: a marker in a corner, or another scanner's hard, noisy look."""

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.data.phantoms.scanner import Acquisition

Grey = TypeVar("Grey", bound=np.integer[Any])

MARKER_SHARE = 0.06  # the letter's of the slice's height
MARKER_MARGIN = 0.01
# Right-angled like the letter L, which people burn in to mark a side.
MARKER_SHAPE = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 1]], bool)


def mark_corner(image: NDArray[Grey], *, black: int, white: int) -> NDArray[Grey]:
    """A copy of a slice (h, w) with a small letter in the upper left corner, white on black to show anywhere."""
    marked = image.copy()
    block = max(2, round(image.shape[0] * MARKER_SHARE / len(MARKER_SHAPE)))
    start = max(1, round(image.shape[0] * MARKER_MARGIN))
    letter = np.kron(np.pad(MARKER_SHAPE, 1), np.ones((block, block), bool))
    marked[start : start + len(letter), start : start + len(letter)] = np.where(letter, white, black)
    return marked


def other_scanner(scanner: Acquisition) -> Acquisition:
    """The same protocol on a scanner with more noise of a finer grain and a hard kernel."""
    return replace(scanner, noise_hu=45 + scanner.noise_hu, grain_px=0.3, blur_px=0.3, sharpening=0.9)
