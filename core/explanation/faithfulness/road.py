"""Removing pixels so that nothing tells where they were: each becomes the mean of its neighbours, plus a little noise.

Cut to a constant, the shape of what is removed would itself be information for the network. Source: Y. Rong, T.
Leemann, V. Borisov, G. Kasneci and E. Kasneci, "A consistent and efficient evaluation strategy for attribution
methods", ICML 2022, arXiv:2202.00449: noisy linear imputation, section 4.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.linalg import cg

from core.errors import WorkError

_DIRECT, _DIAGONAL = 1 / 6, 1 / 12  # weights of the eight neighbours, as in the paper
NOISE = 0.01  # standard deviation of the noise, of a range of 1
_TOLERANCE = 3e-4  # of the residual, from a start that is near: about a grey level of 256
_START_SHARE = 0.05  # of the side: how far the first guess looks for pixels that remain
_MOST_STEPS = 2000


def imputed(square: NDArray[np.floating], removed: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float32]:
    """The scan with the removed pixels filled in from those that remain, float32 (h, w) in [0, 1].

    Args:
        square: in [0, 1], shape (h, w).
        removed: shape (h, w); not all of them.
        rng: draws the noise.

    Raises:
        ValueError: every pixel is removed: nothing could be filled in from.
        WorkError: the equations could not be solved.
    """
    gone = removed.ravel()
    if gone.all():
        raise ValueError("expected some pixels to remain, found every one removed")
    filled = square.astype(np.float64).ravel()
    if gone.any():
        rows = _equations(*square.shape)[gone]
        known = filled[~gone]
        # Symmetric and positive definite, as every removed pixel hangs on a known one: conjugate gradients.
        found, failed = cg(
            rows[:, gone],
            -(rows[:, ~gone] @ known),
            x0=_first_guess(square, removed)[gone],
            rtol=_TOLERANCE,
            maxiter=_MOST_STEPS,
        )
        if failed:
            raise WorkError("removed pixels could not be filled in: the equations did not converge; try another scan")
        filled[gone] = found + NOISE * rng.standard_normal(found.size)
    return filled.reshape(square.shape).clip(0.0, 1.0).astype(np.float32)


def _first_guess(square: NDArray[np.floating], removed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean of what remains nearby, by a Gaussian; of all that remains where nothing is near. Shape (h * w,)."""
    kept = (~removed).astype(np.float64)
    width = _START_SHARE * max(square.shape)
    weights = cv2.GaussianBlur(kept, (0, 0), width)
    sums = cv2.GaussianBlur(kept * square, (0, 0), width)
    mean = float((kept * square).sum() / kept.sum())
    return np.asarray((sums + 1e-3 * mean) / (weights + 1e-3), np.float64).ravel()


@lru_cache(maxsize=4)
def _equations(height: int, width: int) -> csr_array:
    """Row i: the weights of pixel i's neighbours, summed, times pixel i, minus the weighted neighbours; equals 0."""
    numbers = np.arange(height * width).reshape(height, width)
    pairs = (
        (numbers[:, :-1], numbers[:, 1:], _DIRECT),
        (numbers[:-1], numbers[1:], _DIRECT),
        (numbers[:-1, :-1], numbers[1:, 1:], _DIAGONAL),
        (numbers[:-1, 1:], numbers[1:, :-1], _DIAGONAL),
    )
    one = np.concatenate([a.ravel() for a, _, _ in pairs])
    other = np.concatenate([b.ravel() for _, b, _ in pairs])
    weights = np.concatenate([np.full(a.size, weight) for a, _, weight in pairs])
    beside = coo_array(
        (np.tile(weights, 2), (np.concatenate([one, other]), np.concatenate([other, one]))),
        shape=(numbers.size, numbers.size),
    ).tocsr()
    return csr_array(diags_array(beside.sum(axis=1)) - beside)
