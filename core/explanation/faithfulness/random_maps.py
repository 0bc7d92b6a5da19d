"""Maps that know nothing of the scan, to compare a map with: its own cells, put elsewhere, as smooth as they were.

A random map that were rougher or smoother than the map, or had other shares of equal heat, would be better or worse for
that alone. So each random map holds exactly the map's own values on the map's own grid, ordered by white noise that
is smoothed until neighbouring cells agree as much as the map's do, and is enlarged in the same way.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

_MOST_SMOOTH_SHARE = 0.25  # of the grid's side: noise smoothed further is one slope over the whole scan


def random_maps(cells: NDArray[np.floating], count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Maps with the values and about the smoothness of `cells`, at places that are drawn, shape (count, h, w).

    Args:
        cells: a map at its layer's own size, shape (h, w).
        count: how many.
        rng: draws them.
    """
    height, width = cells.shape
    sigma = smoothing_of(cells)
    noise = rng.standard_normal((count, height, width))
    if sigma > 0:
        # Wrapped at the edges, so that every place is as likely to be hot as any other.
        noise = np.stack([_smoothed(one, sigma) for one in noise])
    ranks = noise.reshape(count, -1).argsort(axis=1).argsort(axis=1)
    values = np.sort(cells.astype(np.float32), axis=None)
    return values[ranks].reshape(count, height, width)


def smoothing_of(cells: NDArray[np.floating]) -> float:
    """Width (standard deviation, in cells) of the Gaussian that makes white noise as smooth as `cells`; 0 for none.

    White noise smoothed by a Gaussian of width s correlates by exp(-1 / (4 s^2)) with itself one cell further: the
    Gaussian convolved with itself. Solved for s at the correlation of neighbouring cells of the map.
    """
    off = cells - cells.mean()
    square = float((off**2).mean())
    if square == 0:
        return 0.0
    beside = [(off[1:] * off[:-1]).ravel(), (off[:, 1:] * off[:, :-1]).ravel()]
    products = np.concatenate(beside)
    alike = float(products.mean()) / square if products.size else 0.0
    most = _MOST_SMOOTH_SHARE * min(cells.shape)
    if alike <= 0:
        return 0.0
    return most if alike >= 1 else min(1 / (2 * math.sqrt(-math.log(alike))), most)


def enlarged(cells: NDArray[np.floating], side_px: int) -> NDArray[np.float32]:
    """A map over the square that the network sees, shape (side_px, side_px): enlarged as maps are shown."""
    large = cv2.resize(cells.astype(np.float32), (side_px, side_px), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.float32)


def _smoothed(noise: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(noise, sigma, mode="wrap"), np.float64)
