"""Class activation maps: where in a scan the evidence for a class was found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.images import resize_scan
from core.errors import RequestError
from core.evaluation.temperature import Temperature
from core.explanation.evidence import live_evidence
from core.explanation.slow_evidence import evidence_slowly
from core.explanation.stages import stage_named
from core.explanation.targets import target_named
from core.models.build import LoadedModel
from core.models.outputs import class_scores

METHODS: Mapping[str, str] = {
    "gradcam": "Grad-CAM",
    "gradcam++": "Grad-CAM++",
    "hirescam": "HiResCAM",
    "layercam": "LayerCAM",
    "xgradcam": "XGradCAM",
    "finercam": "FinerCAM",
    "eigencam": "Eigen-CAM",
    "scorecam": "Score-CAM",
    "ablationcam": "Ablation-CAM",
}
"""All methods, and what they are called."""

BACKGROUND_METHODS = ("scorecam", "ablationcam")
"""Methods that take a forward pass for each map of a layer: seconds to minutes."""

LIVE_METHODS = tuple(method for method in METHODS if method not in BACKGROUND_METHODS)
"""Methods that answer in about a forward pass, Eigen-CAM a little later."""


@dataclass(frozen=True, eq=False)
class ScanMap:
    """A map over one scan.

    Attributes:
        heat: float32 (h, w) of the scan, in [0, 1], scaled by its own maximum; all 0 where the map is empty or flat.
        maximum: the unscaled maximum. Two maps look alike however different their evidence; this tells them apart.
            0 says that nothing in the scan speaks for the class, and `heat` is all zero.
        target: the class asked about, or `targets.DIFFERENCE`.
        target_score: its probability (the positive class's for a difference), in [0, 1], in the scan as it is, never
            in its mirror image; calibrated where a temperature was given.
        method: a key of `METHODS`.
        layer: the module whose output was looked at.
        side: height and width of that output: how coarse the map really is.
        about: the target in words where its name does not say it.
    """

    heat: NDArray[np.float32]
    maximum: float
    target: str
    target_score: float
    method: str
    layer: str
    side: tuple[int, int]
    about: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is no positive evidence for the class at all."""
        return self.maximum <= 0.0

    @property
    def is_flat(self) -> bool:
        """Whether there is evidence but no place for it: the map is the same everywhere, as where `side` is 1 x 1."""
        return not self.is_empty and bool(np.ptp(self.heat) == 0.0)

    @property
    def target_words(self) -> str:
        """The target for people, as "COVID" or "COVID over non-COVID"."""
        return self.about or self.target

    @property
    def says(self) -> str:
        """What the picture does not tell, in a sentence; empty where it tells all."""
        if self.is_empty:
            return f"no positive evidence for {self.target_words}"
        if self.is_flat:
            height, width = self.side
            return (
                f"evidence for {self.target_words}, but the same over all {height} x {width} cells: it cannot say where"
            )
        return ""


def explain(
    model: LoadedModel,
    scan: NDArray[np.uint8],
    *,
    target: str | None = None,
    method: str = "gradcam",
    layer: str = "",
    square: NDArray[np.uint8] | None = None,
    temperature: Temperature | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ScanMap:
    """Map the evidence for a class in one scan.

    The map, and the score with it, are of the scan as it is, also where the model's scores are means over the scan
    and its mirror image (`test_flip`). Eigen-CAM's map is the same for every class: it shows what the layer saw most.

    Args:
        model: a trained network; its lock is held while the network is hooked.
        scan: grey bytes at any size, shape (h, w).
        target: a class, or `targets.DIFFERENCE` of two; the positive one unless said.
        method: a key of `METHODS`.
        layer: a stage's module (`stages.stages`); the last one unless said.
        square: the scan as the network takes it, shape (image_size, image_size), where it is at hand.
        temperature: makes the score a calibrated one; the map stays what it is.
        progress: told by `BACKGROUND_METHODS` how many passes of how many were made; what it raises stops the work.

    Raises:
        RequestError: unknown class, method or layer, or a backbone without feature maps in two dimensions.

    Sources: Selvaraju et al., Grad-CAM, ICCV 2017; Chattopadhay et al., Grad-CAM++, WACV 2018; Draelos and Carin, Use
    HiResCAM instead of Grad-CAM, 2020, arXiv:2011.08891; Jiang et al., LayerCAM, IEEE TIP 2021; Fu et al.,
    Axiom-based Grad-CAM (XGradCAM), BMVC 2020: as in pytorch-grad-cam. The others where they are computed.
    """
    asked, layer = target_named(model, target), stage_named(model, layer)
    if method not in METHODS:
        raise RequestError(f"expected a method among {', '.join(METHODS)}, found {method!r}")
    square = resize_scan(scan, model.image_size) if square is None else square
    if method in BACKGROUND_METHODS:
        evidence, outputs = evidence_slowly(model, square, asked, method, layer, progress)
    else:
        evidences, outputs = live_evidence(model, square[None], asked, method, layer)
        evidence = evidences[0]
    scores = class_scores(outputs, model.loss).cpu().numpy()  # (1, classes)
    if temperature is not None:
        scores = temperature.applied(scores, positive=model.classes.index(model.positive))
    return ScanMap(
        heat=_over_scan(evidence, scan.shape),
        maximum=float(evidence.max()),
        target=asked.name,
        target_score=float(scores[0, asked.column]),
        method=method,
        layer=layer,
        side=(int(evidence.shape[0]), int(evidence.shape[1])),
        about="" if asked.words == asked.name else asked.words,
    )


def _over_scan(evidence: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Evidence in cells as heat over the scan's pixels, in [0, 1]; all 0 where it is the same in all cells."""
    height, width = shape
    if np.ptp(evidence) == 0.0:
        return np.zeros((height, width), np.float32)
    scaled = evidence / evidence.max()  # first, so that the smallest figures survive what follows
    shrinks = height <= evidence.shape[0] and width <= evidence.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    heat = cv2.resize(scaled, (width, height), interpolation=how).clip(0.0, 1.0)
    return np.asarray(heat / heat.max(), np.float32) if heat.any() else heat
