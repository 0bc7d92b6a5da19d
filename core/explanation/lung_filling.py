"""From the air that is seen to the lungs that hold it, with vessels and what disease has made as bright as the body."""

import cv2
import numpy as np
from scipy.ndimage import grey_closing

from core.explanation.masks import Mask, closed, holes_filled, hull, shrunk

MIDDLE = 0.13
"""Half width of the strip where spine and sternum are, as a share of both lungs' width."""

_RIM_PX = 3
_LARGEST_HOLE = 0.12  # of the lungs; a larger one is the dome of the liver or the heart
_LARGEST_BAY = 0.35  # of its lung
_LEAST_MOUTH = 1.0  # of a bay: its border with the ribs, to the root of its area
_DIRECTIONS, _DENT_DIRECTIONS = 120, 13  # of the whole turn, and of a dent: 39 degrees
_DEEPEST_DENT = 0.3  # of the way from the middle


def filled(air: Mask) -> Mask:
    """The lungs around their air: with vessels, and with tissue that disease has made as bright as the body.

    Narrow bays and gaps are closed, holes filled that are smaller than a heart. Each lung's bays are filled up to its
    convex hull where they face the ribs, for there the lungs' outline bulges outwards in everyone; not where spine and
    sternum are, and not towards the heart, where it bends inwards in health too.
    """
    lungs = _small_holes_filled(closed(air, 6))
    both = hull(lungs)
    columns = np.nonzero(lungs)[1]
    middle, width = (columns.min() + columns.max()) / 2, np.ptp(columns) + 1
    at_side = np.abs(np.arange(lungs.shape[1]) - middle) > MIDDLE * width
    beside_middle = np.abs(np.arange(lungs.shape[1]) - middle) > 2 * MIDDLE * width
    rim = both & ~shrunk(np.pad(both, 1), _RIM_PX)[1:-1, 1:-1]
    result = lungs.copy()
    for side in (np.arange(lungs.shape[1]) < middle, np.arange(lungs.shape[1]) >= middle):
        lung = lungs & side
        bays = hull(lung) & ~lungs & at_side & side
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
    holes = holes_filled(mask) & ~mask
    _, labels, stats, _ = cv2.connectedComponentsWithStats(holes.astype(np.uint8), connectivity=4)
    is_small = stats[:, cv2.CC_STAT_AREA] <= _LARGEST_HOLE * mask.sum()
    is_small[0] = False
    return np.asarray(mask | is_small[labels])
