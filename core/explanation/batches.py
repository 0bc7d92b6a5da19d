"""Maps of many scans, a batch at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.data.pixels import DecodedScans
from core.errors import RequestError
from core.evaluation.temperature import Temperature
from core.explanation.evidence import live_evidence
from core.explanation.maps import BACKGROUND_METHODS, METHODS
from core.explanation.slow_evidence import evidence_slowly
from core.explanation.stages import stage_named
from core.explanation.targets import target_named
from core.models.build import LoadedModel
from core.models.outputs import class_scores

BATCH_SIZE = 16


@dataclass(frozen=True, eq=False)
class MapBatch:
    """The maps of some scans that follow each other.

    Attributes:
        heats: float32 (b, h, w) at the layer's own size, in [0, 1], each scaled by its own maximum; all 0 where it
            is 0. A map that is the same everywhere is all 1, and cannot say where.
        maxima: the unscaled maxima, float32 (b,); 0 says that nothing speaks for the class.
        scores: probabilities of the class asked about (the positive one's for a difference), float32 (b,), of the
            scans as they are.
    """

    heats: NDArray[np.float32]
    maxima: NDArray[np.float32]
    scores: NDArray[np.float32]


def maps_of(
    model: LoadedModel,
    squares: NDArray[np.uint8] | DecodedScans,
    *,
    target: str | None = None,
    method: str = "gradcam",
    layer: str = "",
    batch_size: int = BATCH_SIZE,
    temperature: Temperature | None = None,
) -> Iterator[MapBatch]:
    """The maps that `maps.explain` gives, for many scans, in their order.

    Args:
        model: a trained network; its lock is held for a batch at a time.
        squares: scans as the network takes them, (n, image_size, image_size), in memory or on disk.
        target, method, layer, temperature: as for `maps.explain`.
        batch_size: scans at once, at least 1.

    Raises:
        RequestError: as `maps.explain`, before the first batch.
    """
    asked, layer = target_named(model, target), stage_named(model, layer)
    if method not in METHODS:
        raise RequestError(f"expected a method among {', '.join(METHODS)}, found {method!r}")

    def batches() -> Iterator[MapBatch]:
        for start in range(0, len(squares), batch_size):
            batch = np.asarray(squares[start : start + batch_size])
            if method in BACKGROUND_METHODS:
                pairs = [evidence_slowly(model, square, asked, method, layer) for square in batch]
                evidence = np.stack([pair[0] for pair in pairs])
                outputs = torch.cat([pair[1] for pair in pairs])
            else:
                evidence, outputs = live_evidence(model, batch, asked, method, layer)
            scores = class_scores(outputs, model.loss).cpu().numpy()  # (b, classes)
            if temperature is not None:
                scores = temperature.applied(scores, positive=model.classes.index(model.positive))
            maxima = evidence.max(axis=(1, 2))
            scales = np.where(maxima > 0, maxima, np.float32(1))[:, None, None]
            yield MapBatch(
                np.asarray(evidence / scales, np.float32), maxima, np.asarray(scores[:, asked.column], np.float32)
            )

    return batches()
