"""In which order a map gives the pixels of a scan away: by rank of their heat, ties broken by a seeded generator.

Where equal heat is common (the zeros of a rectified map), a cut at a quantile of the heat takes all of it or nothing,
so that "half of the pixels" may be the whole scan. A cut at a rank takes exactly as many pixels as were asked for.
"""

import numpy as np
from numpy.typing import NDArray


def order_of(heat: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.intp]:
    """Numbers of the pixels, hottest first, shape (h * w,), counted row by row.

    Args:
        heat: shape (h, w); only its ranks matter.
        rng: decides among equals.
    """
    flat = heat.ravel()
    return np.lexsort((rng.random(flat.size), -flat))


def first_of(order: NDArray[np.intp], share: float) -> NDArray[np.bool_]:
    """Which pixels are among the first `share` of an order, shape (n,): exactly round(share * n) of them."""
    chosen = np.zeros(order.size, bool)
    chosen[order[: round(share * order.size)]] = True
    return chosen
