"""Whether a map stays with what it shows when the scan is mirrored or moved a little."""

import math

import numpy as np
from numpy.typing import NDArray

from core.explanation.faithfulness.cells import cells_of
from core.explanation.faithfulness.random_maps import enlarged
from core.models.build import LoadedModel

_SHIFT_SHARE = 1 / 32  # of the side: 3 px of 96, 7 of 224; what augmentation moves scans by, too


def agreement(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Spearman's rank correlation of two maps over their pixels, in [-1, 1]; NaN where one of them is flat.

    Ranks, as only the order of heat is shown and used; equals share their mean rank.
    """
    from scipy.stats import rankdata

    ranks = [rankdata(values, axis=None) for values in (one, other)]
    off = [rank - rank.mean() for rank in ranks]
    size = math.sqrt(float(off[0] @ off[0]) * float(off[1] @ off[1]))
    return float(off[0] @ off[1]) / size if size > 0 else math.nan


def flip_and_shift(
    model: LoadedModel, square: NDArray[np.uint8], cells: NDArray[np.float32], *, target: str, method: str, layer: str
) -> tuple[float, float]:
    """Agreement of a map with that of the mirrored scan, mirrored back, and with that of the moved scan, moved back.

    Where the moved scan has no pixels any more its edge is repeated, and that rim is not compared.

    Args:
        model: a trained network.
        square: as the network takes it, shape (s, s).
        cells: its map at the layer's own size.
        target, method, layer: of the map.

    Returns:
        Two of `agreement`'s values, of the mirrored and of the moved scan.
    """
    side = square.shape[0]
    by = max(1, round(side * _SHIFT_SHARE))
    moved = np.pad(square, ((by, 0), (by, 0)), mode="edge")[:side, :side]  # down and to the right
    both = np.stack([square[:, ::-1], moved])
    (mirrored_cells, moved_cells), _ = cells_of(model, both, target=target, method=method, layer=layer)
    heat = enlarged(cells, side)
    # Enlarged first: a shift is a part of a cell.
    mirrored_back, moved_map = enlarged(mirrored_cells, side)[:, ::-1], enlarged(moved_cells, side)
    return agreement(heat, mirrored_back), agreement(heat[:-by, :-by], moved_map[by:, by:])
