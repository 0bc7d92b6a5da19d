"""Maps at their layer's own size, of a few squares at once."""

import numpy as np
from numpy.typing import NDArray

from core.explanation.batches import maps_of
from core.models.build import LoadedModel


def cells_of(
    model: LoadedModel, squares: NDArray[np.uint8], *, target: str, method: str, layer: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Maps in [0, 1], shape (n, h, w), and their unscaled maxima (n,).

    Args:
        model: a trained network.
        squares: as the network takes them, shape (n, image_size, image_size).
        target, method, layer: as for `core.explanation.maps.explain`.

    Raises:
        RequestError: as there.
    """
    batches = list(maps_of(model, squares, target=target, method=method, layer=layer))
    return np.concatenate([batch.heats for batch in batches]), np.concatenate([batch.maxima for batch in batches])
