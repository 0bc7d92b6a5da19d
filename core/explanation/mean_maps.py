"""The mean scan and the mean map of each cell: what those that it finds, misses and takes for sick look like."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class MeanMap:
    """What the scans of one cell have in common.

    Attributes:
        cell: found, missed, false alarm or cleared; or whatever the scans were told apart by.
        scans: how many there are.
        without_evidence: how many of them have an all-zero map; they count as such in `heat`.
        scan: mean of the squares, uint8 (s, s).
        heat: mean of the maps, each scaled by its own maximum, float32 (s, s), in [0, 1]: 1 only where every scan
            is hottest.
    """

    cell: str
    scans: int
    without_evidence: int
    scan: NDArray[np.uint8]
    heat: NDArray[np.float32]


@dataclass
class _Sum:
    squares: NDArray[np.float64]
    heats: NDArray[np.float64]
    scans: int = field(default=0)
    without_evidence: int = field(default=0)


def mean_maps(
    batches: Iterable[tuple[NDArray[np.uint8], NDArray[np.float32], Sequence[str]]],
) -> Mapping[str, MeanMap]:
    """Mean scan and mean map of each cell, in the order in which the cells first come.

    Only sums are kept, so a split of any size goes through.

    Args:
        batches: squares uint8 (b, s, s), heats float32 (b, h, w) as `batches.maps_of` gives them, and the scans'
            cells (b,).

    Raises:
        ValueError: not as many squares as heats and cells, or another size than before.
    """
    sums: dict[str, _Sum] = {}
    for squares, heats, cells in batches:
        if not len(squares) == len(heats) == len(cells):
            raise ValueError(f"expected as many maps and cells as {len(squares)} scans")
        names = np.asarray(cells)
        for cell in dict.fromkeys(cells):
            of_cell = names == cell
            known = sums.setdefault(cell, _Sum(np.zeros(squares.shape[1:]), np.zeros(heats.shape[1:])))
            known.squares += squares[of_cell].sum(axis=0, dtype=np.float64)
            known.heats += heats[of_cell].sum(axis=0, dtype=np.float64)
            known.scans += int(of_cell.sum())
            known.without_evidence += int((~heats[of_cell].any(axis=(1, 2))).sum())
    return {cell: _mean(cell, known) for cell, known in sums.items()}


def _mean(cell: str, known: _Sum) -> MeanMap:
    heat = (known.heats / known.scans).astype(np.float32)  # (h, w): the mean first, made larger once
    height, width = known.squares.shape
    return MeanMap(
        cell=cell,
        scans=known.scans,
        without_evidence=known.without_evidence,
        scan=(known.squares / known.scans).round().astype(np.uint8),
        heat=cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR).clip(0.0, 1.0),
    )
