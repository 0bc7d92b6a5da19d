"""Where the body and the lungs are in a slice of a chest, by grey values and shape alone.

Lungs hold air: in any window they are dark areas with crisp edges inside one bright body. A few thresholds are tried
and the one that parts dark from bright best is kept. Diseased tissue is as bright as the body, and it is what a reader
asks about; so holes are filled, and bays of the outline that face the ribs (`_filled`). What does not look like a
cross-section of a chest, such as an X-ray, a narrow crop or a picture of something else, is refused with the reason.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import grey_closing
from skimage.filters import threshold_multiotsu, threshold_otsu

Mask = NDArray[np.bool_]

WORKED_PX = 256  # longest side that the masks are made at
SHORTEST_PX = 40  # below, there is too little to see
LEAST_CRISP = 0.445  # of `_edge` and 0.35 of the variance explained: X-rays end below, slices begin above
LEAST_SHARE, MOST_SHARE = 0.06, 0.80  # of the body that lungs cover
LEAST_BALANCE = 0.08  # smaller side to larger side
LEAST_ASPECT, MOST_ASPECT = 0.75, 3.5  # of both lungs together, width to height

_BLACK = 6
_HAZE = 0.72  # of the way from the grey of air to that of tissue
_MOST_HAZE = 1.5  # lungs with haze to lungs without
_LEAST_PIECE = 0.002  # of the frame
_LEAST_PART = 0.08  # of the largest lung; smaller dark parts are airways and gas
_RIM_PX = 3
_LARGEST_HOLE = 0.12  # of the lungs; a larger one is the dome of the liver or the heart
_LARGEST_BAY = 0.35  # of its lung
_LEAST_MOUTH = 1.0  # of a bay: its border with the ribs, to the root of its area
_MIDDLE = 0.13  # half width of the strip where spine and sternum are, of both lungs' width
_DIRECTIONS, _DENT_DIRECTIONS = 120, 13  # of the whole turn, and of a dent: 39 degrees
_DEEPEST_DENT = 0.3  # of the way from the middle
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
    top, bottom, left, right = _without_margins(small)
    grey = cv2.medianBlur(np.ascontiguousarray(small[top:bottom, left:right]), 3)
    if min(grey.shape) < SHORTEST_PX or np.ptp(grey) < 8:
        return _refused(scan.shape, "there is next to nothing in the scan")
    found = _best(grey)
    body, lungs = np.zeros(small.shape, np.bool_), np.zeros(small.shape, np.bool_)
    body[top:bottom, left:right] = found.body
    if not found.problem:
        lungs[top:bottom, left:right] = _filled(found.air) & found.body
    return Anatomy(_enlarged(body, scan.shape), _enlarged(lungs, scan.shape), found.problem)


def _refused(shape: tuple[int, ...], problem: str) -> Anatomy:
    return Anatomy(np.zeros(shape, np.bool_), np.zeros(shape, np.bool_), problem)


def _best(grey: NDArray[np.uint8]) -> _Parted:
    found = max((_parted(grey, threshold) for threshold in _thresholds(grey)), key=_goodness)
    if (grey <= _BLACK).mean() > LEAST_SHARE:
        # A window for soft tissue: air is black, fat nearly so, and the best parting takes fat at the lungs for air.
        black = _parted(grey, _BLACK, beside_air=0.2)
        is_all = black.air.sum() >= 0.7 * found.air.sum()
        return black if not black.problem and (found.problem or is_all) else found
    if found.problem:
        return found
    # Haze is nearer to tissue than to air. Fat is nearer still, at 0.84 of the way in Hounsfield units.
    tissue = found.body & ~cv2.dilate(found.air.astype(np.uint8), _disc(3)).astype(np.bool_)
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


def _without_margins(grey: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Top, bottom, left, right of what is left without rows and columns of one grey at the frame."""
    top, bottom, left, right = 0, grey.shape[0], 0, grey.shape[1]
    while True:
        kept = grey[top:bottom, left:right]
        if min(kept.shape) < SHORTEST_PX:
            return top, bottom, left, right
        if _is_plain(kept[0]):
            top += 1
        elif _is_plain(kept[-1]):
            bottom -= 1
        elif _is_plain(kept[:, 0]):
            left += 1
        elif _is_plain(kept[:, -1]):
            right -= 1
        else:
            return top, bottom, left, right


def _is_plain(line: NDArray[np.uint8]) -> bool:
    low, high = np.partition(line, (len(line) // 50, -1 - len(line) // 50))[[len(line) // 50, -1 - len(line) // 50]]
    return int(high) - int(low) < 8


def _thresholds(grey: NDArray[np.uint8]) -> list[float]:
    """Greys that may part air from tissue; also of the square root, for windows that leave tissue dark."""
    found = [float(threshold_otsu(grey))]
    rooted = np.sqrt(grey.astype(np.float32) * 255).astype(np.uint8)
    for picture, back in ((grey, lambda t: t), (rooted, lambda t: t * t / 255)):
        try:
            found += [float(back(float(t))) for t in threshold_multiotsu(picture, 3)]
        except ValueError:  # fewer greys than classes
            continue
    return sorted({round(threshold) for threshold in found if threshold >= 1})


def _parted(grey: NDArray[np.uint8], threshold: float, *, beside_air: float = 0.5) -> _Parted:
    """Body and lungs where `threshold` parts dark from bright; `beside_air` is the quantile of tissue next to air."""
    dark = grey <= threshold
    bright = cv2.morphologyEx((~dark).astype(np.uint8), cv2.MORPH_OPEN, _disc(2)).astype(np.bool_)
    tissue, at_frame = _tissue(bright)
    found, is_torn = _within(grey, dark, tissue, beside_air)
    if found.problem or is_torn:
        found = max(found, _within(grey, dark, tissue | at_frame, beside_air)[0], key=_goodness)
    return found


def _within(grey: NDArray[np.uint8], dark: Mask, tissue: Mask, beside_air: float) -> tuple[_Parted, bool]:
    """Body and lungs where this is the tissue, and whether its hull cuts dark parts in two."""
    around = _hull(tissue)
    air, is_torn = _inner_parts(dark, around)
    if not air.any():
        return _Parted(around, air, 0.0, "there are no dark areas inside a bright body"), is_torn
    body = _holes_filled(tissue | air)
    body = cv2.morphologyEx(np.pad(body, 8).astype(np.uint8), cv2.MORPH_CLOSE, _disc(7))[8:-8, 8:-8].astype(np.bool_)
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
        is_part[part] = _holes_filled(labels == part).sum() < 1.5 * inside[part]
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
    centre, reach = (columns.min() + columns.max()) // 2, int(0.4 * _MIDDLE * np.ptp(columns))
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
    border = air & ~cv2.erode(air.astype(np.uint8), _disc(1)).astype(np.bool_)
    border[:2] = border[-2:] = border[:, :2] = border[:, -2:] = False
    tissue = body & ~cv2.dilate(air.astype(np.uint8), _disc(3)).astype(np.bool_)
    if not border.any() or not tissue.any():
        return 0.0
    step = float(np.quantile(grey[tissue], beside_air)) - float(np.median(grey[air]))
    return float(np.median(slope[border])) / max(step, 1.0)


def _filled(air: Mask) -> Mask:
    """The lungs around their air: with vessels, and with tissue that disease has made as bright as the body.

    Narrow bays and gaps are closed, holes filled that are smaller than a heart. Each lung's bays are filled up to its
    convex hull where they face the ribs, for there the lungs' outline bulges outwards in everyone; not where spine and
    sternum are, and not towards the heart, where it bends inwards in health too.
    """
    closed = cv2.morphologyEx(np.pad(air, 12).astype(np.uint8), cv2.MORPH_CLOSE, _disc(6))[12:-12, 12:-12]
    lungs = _small_holes_filled(closed.astype(np.bool_))
    both = _hull(lungs)
    columns = np.nonzero(lungs)[1]
    middle, width = (columns.min() + columns.max()) / 2, np.ptp(columns) + 1
    at_side = np.abs(np.arange(lungs.shape[1]) - middle) > _MIDDLE * width
    beside_middle = np.abs(np.arange(lungs.shape[1]) - middle) > 2 * _MIDDLE * width
    rim = both & ~cv2.erode(np.pad(both, 1).astype(np.uint8), _disc(_RIM_PX))[1:-1, 1:-1].astype(np.bool_)
    result = lungs.copy()
    for side in (np.arange(lungs.shape[1]) < middle, np.arange(lungs.shape[1]) >= middle):
        lung = lungs & side
        bays = _hull(lung) & ~lungs & at_side & side
        count, labels, stats, _ = cv2.connectedComponentsWithStats(bays.astype(np.uint8), connectivity=4)
        area = stats[:, cv2.CC_STAT_AREA]
        faces_ribs = np.bincount(labels[rim], minlength=count) / _RIM_PX >= _LEAST_MOUTH * np.sqrt(area)
        is_small = area <= _LARGEST_BAY * lung.sum()
        is_filled = faces_ribs & is_small
        is_filled[0] = False
        result |= is_filled[labels]
    return _small_holes_filled(result | _dents(result) & beside_middle)


def _dents(lungs: Mask) -> Mask:
    """What is missing of the lungs' outer curve over a narrow angle and to no great depth.

    Seen from the middle of both lungs, the outermost lung in each direction gives a distance, in shares of their width
    and height; a narrow dip of it is filled up to the level beside it.
    """
    rows, columns = np.nonzero(lungs)
    centre = (float(columns.min() + columns.max()) / 2, float(rows.min() + rows.max()) / 2)
    y, x = np.ogrid[: lungs.shape[0], : lungs.shape[1]]
    across = (x - centre[0]) / (np.ptp(columns) + 1)
    down = (y - centre[1]) / (np.ptp(rows) + 1)
    distance = np.hypot(across, down)  # of an ellipse the same everywhere
    turn = ((np.arctan2(down, across) / (2 * np.pi) + 0.5) * _DIRECTIONS).astype(np.intp) % _DIRECTIONS
    outermost = np.zeros(_DIRECTIONS)
    np.maximum.at(outermost, turn[lungs], distance[lungs])
    level = grey_closing(outermost, size=_DENT_DIRECTIONS, mode="wrap")
    is_dent = level - outermost < _DEEPEST_DENT * level
    return np.asarray((distance <= level[turn]) & (distance > outermost[turn]) & is_dent[turn])


def _small_holes_filled(mask: Mask) -> Mask:
    holes = _holes_filled(mask) & ~mask
    _, labels, stats, _ = cv2.connectedComponentsWithStats(holes.astype(np.uint8), connectivity=4)
    is_small = stats[:, cv2.CC_STAT_AREA] <= _LARGEST_HOLE * mask.sum()
    is_small[0] = False
    return np.asarray(mask | is_small[labels])


def _holes_filled(mask: Mask) -> Mask:
    framed = np.pad(mask, 1).astype(np.uint8)
    cv2.floodFill(framed, None, (0, 0), 2)
    return np.asarray(framed[1:-1, 1:-1] != 2)


def _hull(mask: Mask) -> Mask:
    hull = np.zeros(mask.shape, np.uint8)
    borders, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if borders:
        cv2.fillConvexPoly(hull, cv2.convexHull(np.concatenate(borders)), (1,))
    return hull.astype(np.bool_)


def _disc(radius_px: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1,) * 2), np.uint8)
