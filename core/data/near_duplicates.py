"""Scans that show nearly the same: re-saved, rescaled, re-windowed, a little cropped, or the very next slice.

Two steps: a perceptual hash finds candidates among all pairs, quickly; the pixels confirm them, strictly. The limits
were chosen where the truth is known (LOG.md has the tables): with them, 95 to 100 % of the pairs found are of one
patient or one neighbourhood of slices, and every re-saved, halved or re-windowed copy of a scan is found.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.parallel import each_in_threads

SQUARE_PX = 128
MAX_BITS = 10  # of the 64 of the hash
MIN_CORRELATION = 0.95
_COMPARED_PX = 64
_BLUR_PX = 0.8  # so that noise and the artefacts of re-saving do not count
_ROWS = 512  # hashes compared with as many others at a time: what comes of it fits into a core's cache
_PAIRS = 1024  # pairs whose pixels are compared at a time

Pairs = NDArray[np.int64]  # (m, 2) row numbers, the smaller first, sorted


class Squares(Protocol):
    """Grey scans (n, side, side), in memory or on disk: one is read at a time."""

    def __len__(self) -> int:
        """How many scans."""

    def __getitem__(self, row: int, /) -> NDArray[np.uint8]:
        """One scan (side, side)."""


@dataclass(frozen=True, eq=False)
class NearPairs:
    """Pairs of scans that show nearly the same.

    Attributes:
        rows: shape (m, 2).
        correlations: how alike the two are, shape (m,), at most 1.
    """

    rows: Pairs
    correlations: NDArray[np.float32]


def near_duplicates(squares: Squares, *, progress: Callable[[int, int], None] | None = None) -> Pairs:
    """All pairs of scans that show nearly the same, also of different classes; as `near_pairs`."""
    return near_pairs(squares, progress=progress).rows


def near_pairs(
    squares: Squares,
    *,
    max_bits: int = MAX_BITS,
    min_correlation: float = MIN_CORRELATION,
    progress: Callable[[int, int], None] | None = None,
) -> NearPairs:
    """All pairs of scans that show nearly the same, also of different classes, and how alike they are.

    Args:
        squares: grey scans, shape (n, side, side).
        max_bits: candidates differ in at most so many bits of their perceptual hash, 0 to 64.
        min_correlation: of the pixels of a pair, blurred and at 64 x 64 px (Pearson's), in [-1, 1]. A scan of one
            grey correlates with nothing.
        progress: called with (done, total) after each scan has been hashed.
    """
    candidates = near_hashes(perceptual_hashes(squares, progress=progress), max_bits)
    correlations = _correlations(squares, candidates)
    alike = correlations >= min_correlation
    return NearPairs(candidates[alike], correlations[alike])


def perceptual_hashes(squares: Squares, *, progress: Callable[[int, int], None] | None = None) -> NDArray[np.uint64]:
    """ImageHash's perceptual hash of each scan, 64 bits from its lowest frequencies, shape (n,)."""
    import imagehash  # with it comes SciPy's FFT: not where a page only opens
    from PIL import Image

    def bits(row: int) -> NDArray[np.bool_]:
        return np.asarray(imagehash.phash(Image.fromarray(squares[row])).hash).ravel()

    found = list(each_in_threads(bits, range(len(squares)), progress=progress))
    return np.packbits(np.array(found, bool).reshape(-1, 64), axis=1).view(np.uint64).ravel()


def near_hashes(hashes: NDArray[np.uint64], max_bits: int) -> Pairs:
    """All pairs of hashes that differ in at most `max_bits` bits; every pair is compared, in blocks, on all cores.

    Args:
        hashes: shape (n,).
        max_bits: 0 to 64.

    Raises:
        ValueError: `max_bits` is out of range.
    """
    if not 0 <= max_bits <= 64:
        raise ValueError(f"max_bits must be 0 to 64, got {max_bits}")
    starts = range(0, len(hashes), _ROWS)

    def compare(start: int) -> Pairs:
        return np.concatenate([_near_in_blocks(hashes, start, other, max_bits) for other in starts if other >= start])

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(compare, starts))
    pairs = np.concatenate(found) if found else np.empty((0, 2), np.int64)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def clusters(count: int, pairs: Pairs) -> NDArray[np.int64]:
    """A number for each of `count` scans, the same for all that pairs link, also by way of others; shape (count,)."""
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    if not len(pairs):  # as in most datasets: SciPy need not be loaded
        return np.arange(count)
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    links = coo_matrix((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)


def _near_in_blocks(hashes: NDArray[np.uint64], start: int, other: int, max_bits: int) -> Pairs:
    block, against = hashes[start : start + _ROWS], hashes[other : other + _ROWS]
    near = np.bitwise_count(block[:, None] ^ against[None, :]) <= max_bits  # (rows, rows)
    if start == other:
        near = np.triu(near, 1)
    first, second = np.divmod(np.flatnonzero(near), len(against))
    return np.stack([first + start, second + other], axis=1)


def _correlations(squares: Squares, pairs: Pairs) -> NDArray[np.float32]:
    """Pearson's correlation of the two scans of each pair, shape (m,)."""
    rows, places = np.unique(pairs, return_inverse=True)
    # As bytes: a hundred thousand scans would not fit as floats.
    looks = np.empty((len(rows), _COMPARED_PX**2), np.uint8)
    for place, row in enumerate(rows.tolist()):
        small = cv2.resize(squares[row], (_COMPARED_PX, _COMPARED_PX), interpolation=cv2.INTER_AREA)
        looks[place] = cv2.GaussianBlur(small, (0, 0), _BLUR_PX).ravel()
    means, lengths = looks.mean(axis=1, dtype=np.float32), looks.std(axis=1, dtype=np.float32)
    found = np.zeros(len(pairs), np.float32)
    for start in range(0, len(pairs), _PAIRS):
        first, second = places.reshape(-1, 2)[start : start + _PAIRS].T
        products = (looks[first] - means[first, None]) * (looks[second] - means[second, None])
        scales = lengths[first] * lengths[second]
        np.divide(products.mean(axis=1), scales, out=found[start : start + _PAIRS], where=scales > 0)
    return found
