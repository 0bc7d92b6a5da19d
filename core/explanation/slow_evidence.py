"""Evidence by trying: what becomes of the outputs when each of a layer's maps is left out, or alone lets light in."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.explanation.evidence import Array, evaluating, replacing_output
from core.explanation.targets import Target
from core.models.build import LoadedModel

Progress = Callable[[int, int], None]

_BATCH = 16  # passes at once: what memory is needed follows from it, not from how many maps a layer gives


def evidence_slowly(
    model: LoadedModel,
    square: NDArray[np.uint8],
    target: Target,
    method: str,
    layer: str,
    progress: Progress | None = None,
) -> tuple[Array, Tensor]:
    """Evidence by a forward pass for each of a layer's maps; nothing in it is drawn at random.

    The lock is held for some passes at a time, so that others get their turn.

    Args:
        model: a trained network.
        square: a scan as the network takes it, shape (image_size, image_size).
        target: what is asked about.
        method: `scorecam` or `ablationcam`.
        layer: name of a stage's module.
        progress: is told how many maps of how many were tried; what it raises stops the work.

    Returns:
        Evidence, float32 (h, w), at least 0, unscaled; and the outputs (1, classes).

    Raises:
        RequestError: the layer does not give maps in two dimensions.
    """
    inputs, maps, outputs = _looked_at(model, square, layer)
    count = maps.shape[1]
    weigh = _score_of_shown if method == "scorecam" else _fall_without
    weights = []
    for start in range(0, count, _BATCH):
        numbers = torch.arange(start, min(start + _BATCH, count), device=maps.device)
        with model.lock, evaluating(model.network), torch.no_grad():
            weights.append(weigh(model.network, inputs, maps, numbers, target, layer))
        if progress:
            progress(start + len(numbers), count)
    weighed = torch.cat(weights)
    if method == "scorecam":
        weighed = weighed.softmax(0)
    evidence = (weighed[:, None, None] * maps[0]).sum(0).clamp(min=0)
    return np.asarray(evidence.cpu().numpy(), np.float32), outputs


def _score_of_shown(
    network: nn.Module, inputs: Tensor, maps: Tensor, numbers: Tensor, target: Target, _layer: str
) -> Tensor:
    """Score-CAM: the target where a map, stretched to [0, 1] over the scan, alone lets light in.

    Source: Wang et al., Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks, CVPR
    Workshops 2020.
    """
    light = functional.interpolate(maps[:, numbers], size=inputs.shape[-2:], mode="bilinear", align_corners=True)[0]
    least, most = light.amin((1, 2), keepdim=True), light.amax((1, 2), keepdim=True)
    light = (light - least) / (most - least + 1e-8)  # (b, s, s)
    return target.score(network(inputs * light[:, None]).float())  # 0 is what a pixel of mean brightness is fed as


def _fall_without(
    network: nn.Module, inputs: Tensor, maps: Tensor, numbers: Tensor, target: Target, layer: str
) -> Tensor:
    """Ablation-CAM: how far the target falls when a map is set to 0.

    Not divided by the target's own output, as in the paper: below 0 that would turn the map round.

    Source: Desai and Ramaswamy, Ablation-CAM: Visual Explanations for Deep Convolutional Network via Gradient-free
    Localization, WACV 2020.
    """
    ablated = maps.repeat(1 + len(numbers), 1, 1, 1)
    rows = torch.arange(len(numbers), device=maps.device)
    ablated[1 + rows, numbers] = 0.0
    # The scan goes in once; from the layer on there is the whole, and one for each map left out.
    with replacing_output(network, layer, lambda _: ablated):
        scores = target.score(network(inputs).float())
    return scores[0] - scores[1:]


def _looked_at(model: LoadedModel, square: NDArray[np.uint8], layer: str) -> tuple[Tensor, Tensor, Tensor]:
    """A scan as it is fed (1, channels, s, s), the layer's maps of it (1, d, h, w), and the outputs (1, classes)."""
    kept: list[Tensor] = []

    def seen(maps: Tensor) -> Tensor:
        kept.append(maps.clone())  # what comes next may write into it
        return maps

    with model.lock, evaluating(model.network), torch.no_grad(), replacing_output(model.network, layer, seen):
        inputs = model.input.of(torch.from_numpy(np.array(square))[None], model.device)
        outputs = model.network(inputs).float()
    return inputs, kept[0], outputs
