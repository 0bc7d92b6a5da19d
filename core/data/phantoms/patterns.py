"""How a diagnosis lays density out in a phantom's lungs. It moves density about and adds none.

Every patient's lungs, the normal ones' too, hold the same haze and the same airless tissue by chance; the diagnosis
says which of them lies in patches, and what is left sinks to the back, as it does when somebody breathes in too little.
So no histogram of a slice tells the diagnosis: only where the density lies does.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.phantoms.lesions import Opacity, opacity_image
from core.data.phantoms.options import CONSOLIDATION, CRAZY_PAVING, GROUND_GLASS, LESION, NORMAL
from core.data.phantoms.scanner import Canvas, Image

PATTERNS = (GROUND_GLASS, CONSOLIDATION, CRAZY_PAVING, LESION, NORMAL)  # a lesion: both haze and airless patches
AIRLESS_HU, MOST_HU = 20.0, 35.0
MASK_LEAST_HU, MASK_SHARE = 30.0, 0.35  # a lesion's pixels: lifted by more than either
MORE_THAN_ANY_HU = 1500.0
LUNG_SHARE = 0.9  # of a pixel, for density to be laid there
LOBULE_MM, SEPTUM_MM = 15.0, 2.6  # septa between secondary lobules, thickened
NET_LEAST_SHARE = 0.45  # of a patch's depth, for septa to show
_FINER = 2


def lay_out(
    pattern: str, tissue: Image, lifted: tuple[Image, Image], sinking: Image, septa: Image, inside: Image
) -> Image:
    """The lungs' HU (h, w) with the patient's haze and airless tissue where the pattern has them.

    The values inside the lungs are the same for every pattern, to the last one; only their places differ.

    Args:
        tissue: aerated lung, HU.
        lifted: what patches of haze, and airless patches, add to it where they lie, HU.
        sinking: where loose density goes first, high before low.
        septa: thickened ones, in [0, 1]; only crazy paving shows them.
        inside: share of each pixel that is lung.
    """
    lung = inside > LUNG_SHARE
    haze, airless = lifted
    both = np.maximum(haze, airless)
    if pattern == LESION:
        wanted = both
    elif pattern == GROUND_GLASS:
        wanted = np.maximum(haze, _sunken(airless, sinking, lung))
    elif pattern == CONSOLIDATION:
        wanted = np.maximum(airless, _sunken(haze, sinking, lung))
    elif pattern == CRAZY_PAVING:  # the septa take airless tissue first, and what they leave sinks
        patch = haze / max(float(haze.max()), 1.0)
        raised = MORE_THAN_ANY_HU * septa * patch * (patch > NET_LEAST_SHARE)
        wanted = np.maximum(haze + raised, _sunken(airless, sinking, lung))
    else:
        wanted = _sunken(both, sinking, lung)
    laid = tissue.copy()
    laid[lung] = _in_order_of((tissue + wanted + sinking)[lung], (tissue + both)[lung])
    return _fill_edge(laid, lung)


def patch_mask(lifted: Image, inside: Image) -> NDArray[np.bool_]:
    """Which pixels (h, w) patches of one kind lift, HU of what they add given."""
    mask = lifted > max(MASK_LEAST_HU, MASK_SHARE * float((lifted * inside).max()))
    return np.asarray(mask & (inside > 0.5))


def shown_mask(pattern: str, haze: NDArray[np.bool_], airless: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pixels (h, w) the patches that the pattern shows take up; none in normal lungs."""
    shows = {NORMAL: (False, False), CONSOLIDATION: (False, True), LESION: (True, True)}.get(pattern, (True, False))
    return haze & shows[0] | airless & shows[1]


def lifted_hu(tissue: Image, spots: tuple[Opacity, ...], canvas: Canvas, noise: tuple[Image, Image, Image]) -> Image:
    """What opacities add to aerated lung, HU (h, w); where two meet, the denser counts."""
    _, middle, fine = noise
    added = np.zeros_like(tissue)
    for spot in spots:
        share = opacity_image(spot, canvas, noise)
        denser = tissue + share * spot.added_hu * (1 + 0.18 * middle + 0.12 * fine)
        denser += np.clip((share - 0.5) / 0.3, 0, 1) * spot.airless * (AIRLESS_HU - denser)
        added = np.maximum(added, np.minimum(denser, MOST_HU) - tissue)
    return added


def septal_net(points_mm: NDArray[np.float64], canvas: Canvas) -> Image:
    """Walls between the cells around points (n, 2) of the standard chest, (h, w) in [0, 1]."""
    height, width = canvas.hu.shape
    column, row = np.rint((canvas.pixels(points_mm) + 0.5) * _FINER).astype(int).T
    seen = (column >= 0) & (column < width * _FINER) & (row >= 0) & (row < height * _FINER)
    away = np.ones((height * _FINER, width * _FINER), np.uint8)
    away[row[seen], column[seen]] = 0
    _, nearest = cv2.distanceTransformWithLabels(away, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    wall = np.zeros(away.shape, np.uint8)
    wall[:, 1:] |= nearest[:, 1:] != nearest[:, :-1]
    wall[1:] |= nearest[1:] != nearest[:-1]
    thick = max(1, round(SEPTUM_MM / canvas.mm_per_px * _FINER))
    thickened = cv2.dilate(wall, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thick, thick)))
    share = cv2.resize(thickened * 255, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(share, np.float32) / np.float32(255)


def _sunken(added: Image, sinking: Image, lung: NDArray[np.bool_]) -> Image:
    laid = np.zeros_like(added)
    laid[lung] = _in_order_of(sinking[lung], added[lung])
    return laid


def _in_order_of(order: Image, values: Image) -> Image:
    """The `values` (n,) put in such places that they rise as `order` (n,) does."""
    laid = np.empty_like(values)
    laid[np.argsort(order, kind="stable")] = np.sort(values)
    return laid


def _fill_edge(laid: Image, lung: NDArray[np.bool_]) -> Image:
    """Pixels that are only partly lung get the mean of the lung beside them: density has no gap before the pleura."""
    share = cv2.blur(lung.astype(np.float32), (3, 3))
    beside = cv2.blur(np.where(lung, laid, np.float32(0)), (3, 3)) / np.maximum(share, np.float32(0.01))
    return np.where(lung | (share < 0.05), laid, beside)
