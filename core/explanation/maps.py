"""Class activation maps: where in a scan the evidence for a class was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.data.images import resize_scan
from core.errors import RequestError
from core.evaluation.temperature import Temperature
from core.models.build import LoadedModel
from core.models.heads import has_channels_last
from core.models.outputs import class_scores

METHODS: Mapping[str, str] = {
    "gradcam": "Grad-CAM",
    "gradcam++": "Grad-CAM++",
    "hirescam": "HiResCAM",
    "layercam": "LayerCAM",
    "xgradcam": "XGradCAM",
}
"""Methods that answer in about a forward pass, and what they are called."""


@dataclass(frozen=True, eq=False)
class ScanMap:
    """A map over one scan.

    Attributes:
        heat: float32 (h, w) of the scan, in [0, 1], scaled by its own maximum.
        maximum: the unscaled maximum. Two maps look alike however different their evidence; this tells them apart.
            0 says that nothing in the scan speaks for the class, and `heat` is all zero.
        target: the class asked about.
        target_score: its probability, in [0, 1], in the scan as it is, never in its mirror image; calibrated where a
            temperature was given.
        method: a key of `METHODS`.
        layer: the module whose output was looked at.
        side: height and width of that output: how coarse the map really is.
    """

    heat: NDArray[np.float32]
    maximum: float
    target: str
    target_score: float
    method: str
    layer: str
    side: tuple[int, int]

    @property
    def is_empty(self) -> bool:
        """Whether there is no positive evidence for the class at all."""
        return self.maximum <= 0.0

    @property
    def is_flat(self) -> bool:
        """Whether there is evidence but no place for it: the map is the same everywhere, as where `side` is 1 x 1."""
        return not self.is_empty and bool(np.ptp(self.heat) == 0.0)

    @property
    def says(self) -> str:
        """What the picture does not tell, in a sentence; empty where it tells all."""
        if self.is_empty:
            return f"no positive evidence for {self.target}"
        if self.is_flat:
            height, width = self.side
            return f"evidence for {self.target}, but the same over all {height} x {width} cells: it cannot say where"
        return ""


def explain(
    model: LoadedModel,
    scan: NDArray[np.uint8],
    *,
    target: str | None = None,
    method: str = "gradcam",
    square: NDArray[np.uint8] | None = None,
    temperature: Temperature | None = None,
) -> ScanMap:
    """Map the evidence for a class in one scan.

    The map, and the score with it, are of the scan as it is, also where the model's scores are means over the scan
    and its mirror image (`test_flip`).

    Args:
        model: a trained network; its lock is held meanwhile, for the library hooks the network itself.
        scan: grey bytes at any size, shape (h, w).
        target: a class; the positive one unless said.
        method: a key of `METHODS`.
        square: the scan as the network takes it, shape (image_size, image_size), where it is at hand.
        temperature: makes the score a calibrated one; the map stays what it is.

    Raises:
        RequestError: unknown class or method, or a backbone without feature maps in two dimensions.

    Source: Selvaraju et al., Grad-CAM, 2017, arXiv:1610.02391; the others as in pytorch-grad-cam.
    """
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    target = model.positive if target is None else target
    if target not in model.classes:
        raise RequestError(f"expected a class among {', '.join(model.classes)}, found {target!r}")
    if method not in METHODS:
        raise RequestError(f"expected a method among {', '.join(METHODS)}, found {method!r}")
    layer = last_stage(model)
    module = model.network.get_submodule(layer)
    square = resize_scan(scan, model.image_size) if square is None else square
    small = torch.from_numpy(np.array(square))[None]
    inputs = model.input.of(small, model.device)  # (1, channels, s, s)
    with model.lock, torch.enable_grad():
        # Gradients are needed from this layer on, not before it: half the work, and no parameter gets a gradient.
        starts_gradient = module.register_forward_hook(_with_gradient)
        turned = _channels_first if has_channels_last(model.network) else None
        cam = _library_class(method)(model=model.network, target_layers=[module], reshape_transform=turned)
        kept = _keeping_raw(cam)
        try:
            heat = cam(inputs, [ClassifierOutputTarget(model.classes.index(target))])[0]
            raw, logits = kept[0], cam.outputs.detach()
        finally:
            cam.activations_and_grads.release()
            starts_gradient.remove()
    maximum = max(float(raw.max()), 0.0)
    height, width = scan.shape
    heat = cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR).clip(0.0, 1.0)
    if maximum <= 0.0:
        heat = np.zeros_like(heat)
    scores = class_scores(logits, model.loss).cpu().numpy()  # (1, classes)
    if temperature is not None:
        scores = temperature.applied(scores, positive=model.classes.index(model.positive))
    return ScanMap(
        heat=heat.astype(np.float32),
        maximum=maximum,
        target=target,
        target_score=float(scores[0, model.classes.index(target)]),
        method=method,
        layer=layer,
        side=(int(raw.shape[0]), int(raw.shape[1])),
    )


def last_stage(model: LoadedModel) -> str:
    """Name of the module that gives the last feature maps.

    Raises:
        RequestError: the backbone has none in two dimensions (a transformer, say).
    """
    stages: Any = getattr(model.network, "feature_info", None)
    if not stages:
        raise RequestError("this backbone has no stages of feature maps; train a ResNet to see class activation maps")
    return str(list(stages)[-1]["module"])


def _library_class(method: str) -> Any:
    import pytorch_grad_cam

    return {
        "gradcam": pytorch_grad_cam.GradCAM,
        "gradcam++": pytorch_grad_cam.GradCAMPlusPlus,
        "hirescam": pytorch_grad_cam.HiResCAM,
        "layercam": pytorch_grad_cam.LayerCAM,
        "xgradcam": pytorch_grad_cam.XGradCAM,
    }[method]


def _keeping_raw(cam: Any) -> list[NDArray[np.float32]]:
    """Have the library's object keep each map as it was before scaling; gives the list it keeps them in."""
    kept: list[NDArray[np.float32]] = []
    compute = cam.get_cam_image

    def computed_and_kept(*args: Any, **kwargs: Any) -> NDArray[np.float32]:
        maps = compute(*args, **kwargs)
        kept.append(maps[0])
        return maps

    cam.get_cam_image = computed_and_kept
    return kept


def _channels_first(maps: torch.Tensor) -> torch.Tensor:
    return maps.permute(0, 3, 1, 2)


def _with_gradient(_module: torch.nn.Module, _inputs: Any, output: Any) -> torch.Tensor:
    if not isinstance(output, torch.Tensor) or output.ndim != 4:
        raise RequestError("this backbone's features are not maps in two dimensions; train a ResNet to see maps")
    return output.detach().requires_grad_()
