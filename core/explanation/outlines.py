"""The outline of a mask as polygons, for whoever draws it."""

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.measure import find_contours

MOST_POINTS = 100
_TRACED_PX = 512  # a finer outline than this no screen shows, and no hand drew


def outline(mask: NDArray[np.bool_], *, most_points: int = MOST_POINTS) -> list[NDArray[np.float64]]:
    """The borders of a mask's parts and of their holes, the longest first.

    Simplified by the rule of Ramer, Douglas and Peucker, as finely as the number of points allows: D. Douglas,
    T. Peucker, "Algorithms for the reduction of the number of points required to represent a digitized line or its
    caricature", Cartographica 10 (1973), 112-122.

    Args:
        mask: shape (h, w).
        most_points: of each polygon, at least 8.

    Returns:
        Closed polygons, float64 (k, 2): y and x in [0, 1] of height and width, the first point again at the end. Specks
        of a pixel or two are left out; an empty mask has none.

    Raises:
        ValueError: the mask is not two-dimensional, or `most_points` is below 8.
    """
    if mask.ndim != 2:
        raise ValueError(f"mask must have the shape (h, w), found {mask.shape}")
    if most_points < 8:
        raise ValueError(f"most_points must be at least 8, found {most_points}")
    step = max(1, -(-max(mask.shape, default=0) // _TRACED_PX))
    coarse = mask[step // 2 :: step, step // 2 :: step]
    if not coarse.any():
        return []
    # Framed by nothing, so that a mask that touches the frame is closed too.
    traced = sorted(find_contours(np.pad(coarse, 1).astype(np.float64), 0.5), key=len, reverse=True)
    polygons = [_simplified(border, most_points) for border in traced]
    scale = step / np.array(mask.shape, np.float64)
    return [np.clip((polygon - 0.5) * scale, 0.0, 1.0) for polygon in polygons if len(polygon) > 4]


def _simplified(border: NDArray[np.float64], most_points: int) -> NDArray[np.float64]:
    tolerance_px = 0.5
    points = border[:-1].astype(np.float32)[:, None]
    while len(polygon := cv2.approxPolyDP(points, tolerance_px, True)) >= most_points:
        tolerance_px *= 1.4
    return np.concatenate([polygon[:, 0], polygon[:1, 0]]).astype(np.float64)
