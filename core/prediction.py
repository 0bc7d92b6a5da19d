"""What a trained network says about scans: probabilities, and the features its head looks at."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from core.data.images import read_scan, resize_scan
from core.data.pixels import DecodedScans
from core.errors import ExplorerError
from core.evaluation.decision.zones import zone_of
from core.evaluation.predicted import predicted_labels
from core.evaluation.temperature import Temperature
from core.models.build import LoadedModel
from core.models.heads import features_of
from core.models.outputs import class_scores

_BATCH = 64


def predict_pixels(
    model: LoadedModel, pixels: NDArray[np.uint8] | DecodedScans
) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
    """Probabilities and penultimate features of scans at the model's size.

    With `test_flip` the probabilities are the mean of those of the scan and of its mirror image; the features are
    always those of the scan itself.

    Args:
        model: a trained network; its lock is held for a batch at a time.
        pixels: grey bytes, shape (n, image_size, image_size), in memory or on disk.

    Returns:
        Probabilities (n, classes) float32, rows summing to 1; features (n, d) float16, of a head that takes whole
        maps their mean over the places.
    """
    probabilities, features = [], []
    for start in range(0, len(pixels), _BATCH):
        batch = torch.from_numpy(np.ascontiguousarray(pixels[start : start + _BATCH]))
        with model.lock, torch.inference_mode():
            inputs = model.input.of(batch, model.device)
            maps = model.network.forward_features(inputs)  # type: ignore[operator]
            taken = model.network.forward_head(maps, pre_logits=True)  # type: ignore[operator]
            scores = class_scores(model.network.forward_head(maps), model.loss)  # type: ignore[operator]
            if model.test_flip:
                scores = (scores + class_scores(model.network(inputs.flip(-1)), model.loss)) / 2
            pooled = features_of(model.network, taken).flatten(1)
        probabilities.append(scores.cpu().numpy())
        features.append(pooled.float().clamp(-6e4, 6e4).cpu().numpy().astype(np.float16))
    return np.concatenate(probabilities), np.concatenate(features)


def predict_files(
    model: LoadedModel,
    paths: list[Path],
    *,
    threshold: float,
    upper: float | None = None,
    temperature: Temperature | None = None,
) -> pd.DataFrame:
    """A row a file: `scan`, `score`, `decision`, one probability column a class, and `problem`.

    A file that cannot be read gets a problem and no figures; the others are not held up by it. With a temperature the
    figures are calibrated, and the threshold is one for such scores. With an upper threshold a row says its `zone`, and
    both thresholds as `threshold` and `upper`.
    """
    rows = [predict_scan(model, path, threshold=threshold, upper=upper, temperature=temperature) for path in paths]
    zones = [] if upper is None else ["zone", "threshold", "upper"]
    table = pd.DataFrame(rows, columns=["scan", "score", "decision", *zones, *model.classes, "problem"])
    return table if upper is None else table.assign(zone=table["zone"].fillna(""), threshold=threshold, upper=upper)


def predict_scan(
    model: LoadedModel,
    path: Path,
    *,
    threshold: float,
    upper: float | None = None,
    temperature: Temperature | None = None,
) -> dict[str, object]:
    """One row of `predict_files`."""
    try:
        pixels = resize_scan(read_scan(path, window=model.window), model.image_size)
    except ExplorerError as error:
        return {"scan": str(path), "decision": "", "problem": str(error)}
    probabilities = calibrated(model, predict_pixels(model, pixels[None])[0], temperature)[0]
    return {"scan": str(path), "problem": "", **decided(model, probabilities, threshold=threshold, upper=upper)}


def calibrated(
    model: LoadedModel, probabilities: NDArray[np.floating], temperature: Temperature | None
) -> NDArray[np.floating]:
    """Probabilities (n, classes) as they are shown: calibrated where there is a temperature, else as they are."""
    if temperature is None:
        return probabilities
    return temperature.applied(probabilities, positive=model.classes.index(model.positive))


def decided(
    model: LoadedModel, probabilities: NDArray[np.floating], *, threshold: float, upper: float | None = None
) -> dict[str, object]:
    """Score, decision and probabilities of one scan, by name; with an upper threshold its `zone` too.

    The decision is the positive class if its score reaches the threshold, else the likeliest of the others. So of two
    thresholds it is the positive class for all that is not ruled out.
    """
    by_class = {name: float(p) for name, p in zip(model.classes, probabilities, strict=True)}
    (decision,) = predicted_labels(
        probabilities[None], classes=model.classes, positive=model.positive, threshold=threshold
    )
    score = by_class[model.positive]
    zone = {} if upper is None else {"zone": zone_of(score, threshold, upper)}
    return {"score": score, "decision": str(decision), **zone, **by_class}
