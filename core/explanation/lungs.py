"""Where the body and the lungs are in a slice of a chest, by grey values and shape alone.

Lungs hold air: in any window they are dark areas with crisp edges inside one bright body. A few thresholds are tried
and the one that parts dark from bright best is kept. Diseased tissue is as bright as the body, and it is what a reader
asks about; so holes are filled, and bays of the outline that face the ribs (`core.explanation.lung_filling`). What does
not look like a cross-section of a chest, such as an X-ray, a narrow crop or something else, is refused with the reason.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_multiotsu, threshold_otsu

from core.explanation.lung_filling import MIDDLE, filled
from core.explanation.margins import inner_frame
from core.explanation.masks import Mask, closed, grown, holes_filled, hull, opened, shrunk

WORKED_PX = 256  # longest side that the masks are made at
SHORTEST_PX = 40  # below, there is too little to see
LEAST_CRISP = 0.445  # of `_edge` and 0.35 of the variance explained: X-rays end below, slices begin above
LEAST_SHARE, MOST_SHARE = 0.06, 0.80  # of the body that lungs cover
LEAST_BALANCE = 0.08  # smaller side to larger side
LEAST_ASPECT, MOST_ASPECT = 0.75, 4.0  # of both lungs together, width to height

_BLACK = 6
_HAZE = 0.72  # of the way from the grey of air to that of tissue
_MOST_HAZE = 1.5  # lungs with haze to lungs without
_LEAST_PIECE = 0.002  # of the frame
_LEAST_PART = 0.08  # of the largest lung; smaller dark parts are airways and gas
_MOST_MIDDLE_AIR = 0.6  # of the innermost part of that strip


@dataclass(frozen=True, eq=False)
class Anatomy:
    """What of a scan is body and lungs.

    Attributes:
        body: bool (h, w).
        lungs: bool (h, w), within the body; all false where refused.
        refused: why it does not look like a cross-section of a chest, in words; empty where it does.
    """

    body: Mask
    lungs: Mask
    refused: str


@dataclass(frozen=True, eq=False)
class _Parted:
    """One threshold's answer: masks at the size worked at.

    `explained` is the share of the body's variance in grey that air and tissue explain: Otsu's measure of separability.
    """

    body: Mask
    air: Mask
    explained: float
    problem: str


def find_lungs(scan: NDArray[np.uint8]) -> Anatomy:
    """Body and lungs of a slice in any window and orientation.

    Args:
        scan: grey bytes, shape (h, w); air darker than tissue.

    Raises:
        ValueError: the scan is not a non-empty (h, w).

    Source of the threshold: N. Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on
    Systems, Man, and Cybernetics 9 (1979), 62-66; for three classes P.-S. Liao, T.-S. Chen, P.-C. Chung, "A fast
    algorithm for multilevel thresholding", Journal of Information Science and Engineering 17 (2001), 713-727.
    """
    if scan.ndim != 2 or scan.size == 0:
        raise ValueError(f"scan must have the shape (h, w), found {scan.shape}")
    if min(scan.shape) < SHORTEST_PX:
        return _refused(scan.shape, f"the scan is smaller than {SHORTEST_PX} pixels")
    small = _resized(scan)
    top, bottom, left, right = inner_frame(small, least_px=SHORTEST_PX)
    grey = np.asarray(cv2.medianBlur(np.ascontiguousarray(small[top:bottom, left:right]), 3), np.uint8)
    if min(grey.shape) < SHORTEST_PX or np.ptp(grey) < 8:
        return _refused(scan.shape, "there is next to nothing in the scan")
    found = _best(grey)
    body, lungs = np.zeros(small.shape, np.bool_), np.zeros(small.shape, np.bool_)
    body[top:bottom, left:right] = found.body
    if not found.problem:
        lungs[top:bottom, left:right] = filled(found.air) & found.body
    return Anatomy(_enlarged(body, scan.shape), _enlarged(lungs, scan.shape), found.problem)


def _refused(shape: tuple[int, ...], problem: str) -> Anatomy:
    return Anatomy(np.zeros(shape, np.bool_), np.zeros(shape, np.bool_), problem)


def _best(grey: NDArray[np.uint8]) -> _Parted:
    found = max((_parted(grey, threshold) for threshold in _thresholds(grey)), key=_goodness)
    if (grey <= _BLACK).mean() > LEAST_SHARE:
        # A window for soft tissue: air is black, fat nearly so, and the best threshold takes fat at the lungs for air.
        black = _parted(grey, _BLACK, beside_air=0.2)
        is_all = black.air.sum() >= 0.7 * found.air.sum()
        return black if not black.problem and (found.problem or is_all) else found
    if found.problem:
        return found
    # Haze is nearer to tissue than to air. Fat is nearer still, at 0.84 of the way in Hounsfield units.
    tissue = found.body & ~grown(found.air, 3)
    if not tissue.any():
        return found
    air_grey, tissue_grey = float(np.median(grey[found.air])), float(np.median(grey[tissue]))
    hazy = _parted(grey, air_grey + _HAZE * (tissue_grey - air_grey))
    return hazy if not hazy.problem and 1 <= hazy.air.sum() / found.air.sum() <= _MOST_HAZE else found


def _goodness(parted: _Parted) -> tuple[bool, float]:
    return not parted.problem, parted.explained


def _resized(scan: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Always enlarged too: how crisp an edge is can only be compared at one size."""
    height, width = scan.shape
    scale = WORKED_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(scan, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.uint8)


def _enlarged(mask: Mask, shape: tuple[int, ...]) -> Mask:
    height, width = shape
    soft = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(soft >= 0.5)


def _thresholds(grey: NDArray[np.uint8]) -> list[float]:
    """Greys that may part air from tissue; also of the square root, for windows that leave tissue dark."""
    found = [float(threshold_otsu(grey))]
    rooted = np.sqrt(grey.astype(np.float32) * 255).astype(np.uint8)
    for picture, back in ((grey, lambda t: t), (rooted, lambda t: t * t / 255)):
        try:
            found += [float(back(float(t))) for t in threshold_multiotsu(picture, 3)]
        except ValueError:  # fewer greys than classes
            continue
    return sorted({round(threshold) for threshold in found if threshold >= 1}) or [1]  # black and one other grey


def _parted(grey: NDArray[np.uint8], threshold: float, *, beside_air: float = 0.5) -> _Parted:
    """Body and lungs where `threshold` parts dark from bright; `beside_air` is the quantile of tissue next to air."""
    dark = grey <= threshold
    bright = opened(~dark, 2)
    tissue, at_frame = _tissue(bright)
    found, is_torn = _within(grey, dark, tissue, beside_air)
    if found.problem or is_torn:
        found = max(found, _within(grey, dark, tissue | at_frame, beside_air)[0], key=_goodness)
    return found


def _within(grey: NDArray[np.uint8], dark: Mask, tissue: Mask, beside_air: float) -> tuple[_Parted, bool]:
    """Body and lungs where this is the tissue, and whether its hull cuts dark parts in two."""
    around = hull(tissue)
    air, is_torn = _inner_parts(dark, around)
    if not air.any():
        return _Parted(around, air, 0.0, "there are no dark areas inside a bright body"), is_torn
    body = closed(holes_filled(tissue | air), 7)
    explained, problem = _looks_wrong(grey, body, air, beside_air)
    return _Parted(body, air, explained, problem), is_torn


def _tissue(bright: Mask) -> tuple[Mask, Mask]:
    """The bright part with most pixels away from the frame: no border of a figure, no table; and parts cut off by it.

    Those are parts at one to three sides of the frame: of a chest cropped so closely that its wall is in pieces.
    """
    count, labels = cv2.connectedComponents(bright.astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros_like(bright), np.zeros_like(bright)
    rows, columns = (side // 8 for side in bright.shape)
    inner = np.bincount(labels[rows:-rows, columns:-columns].ravel(), minlength=count)
    sides = sum(
        (np.bincount(line, minlength=count) > 0).astype(int)
        for line in (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    )
    is_piece = (sides > 0) & (sides < 4) & (np.bincount(labels.ravel(), minlength=count) > _LEAST_PIECE * bright.size)
    is_piece[0] = False
    return np.asarray(labels == 1 + int(inner[1:].argmax())), np.asarray(is_piece[labels])


def _inner_parts(dark: Mask, around: Mask) -> tuple[Mask, bool]:
    """The dark parts inside the body that are large enough for a lung; and whether others are partly inside."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=4)
    inside = np.bincount(labels[around], minlength=count)
    share = inside / stats[:, cv2.CC_STAT_AREA]
    is_large = inside > 0.01 * around.sum()
    is_large[0] = False
    is_part = is_large & (share >= 0.7)
    for part in np.flatnonzero(is_part & (stats[:, cv2.CC_STAT_WIDTH] > 0.85 * dark.shape[1])):
        # Air all around the body, between it and the frame of a figure.
        is_part[part] = holes_filled(labels == part).sum() < 1.5 * inside[part]
    is_torn = bool((is_large & (share > 0.15) & (share < 0.97)).any())
    if not is_part.any():
        return np.zeros_like(dark), is_torn
    is_part &= inside >= _LEAST_PART * inside[is_part].max()
    return np.asarray(is_part[labels] & around), is_torn


def _looks_wrong(grey: NDArray[np.uint8], body: Mask, air: Mask, beside_air: float) -> tuple[float, str]:
    """How much of the body's variance the two kinds explain, and why these are not lungs; empty where they may be."""
    values, is_air = grey[body].astype(np.float64), air[body]
    share = float(is_air.mean())
    if not LEAST_SHARE <= share <= MOST_SHARE:
        return 0.0, f"dark areas cover {share:.0%} of the body"
    step = float(values[~is_air].mean() - values[is_air].mean())
    explained = share * (1 - share) * step**2 / max(float(values.var()), 1.0)
    rows, columns = np.nonzero(air)
    left = int((columns < np.nonzero(body)[1].mean()).sum())
    balance = min(left, len(columns) - left) / max(left, len(columns) - left)
    aspect = (np.ptp(columns) + 1) / (np.ptp(rows) + 1)
    centre, reach = (columns.min() + columns.max()) // 2, int(0.4 * MIDDLE * np.ptp(columns))
    middle_air = air[rows.min() : rows.max() + 1, centre - reach : centre + reach + 1].mean()
    if _edge(grey, air, body, beside_air) + 0.35 * explained < LEAST_CRISP:
        return explained, "dark and bright areas have no crisp border, as on an X-ray"
    if middle_air > _MOST_MIDDLE_AIR:
        return explained, "there is air where heart and spine should be"
    if balance < LEAST_BALANCE:
        return explained, "the dark areas lie on one side only"
    if not LEAST_ASPECT <= aspect <= MOST_ASPECT:
        return explained, f"the dark areas together are {aspect:.1f} times as wide as high"
    return explained, ""


def _edge(grey: NDArray[np.uint8], air: Mask, body: Mask, beside_air: float) -> float:
    """Median slope at the border of the air, as a share a pixel of the step from air to tissue."""
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) / 8
    border = air & ~shrunk(air, 1)
    border[:2] = border[-2:] = border[:, :2] = border[:, -2:] = False
    tissue = body & ~grown(air, 3)
    if not border.any() or not tissue.any():
        return 0.0
    step = float(np.quantile(grey[tissue], beside_air)) - float(np.median(grey[air]))
    return float(np.median(slope[border])) / max(step, 1.0)
