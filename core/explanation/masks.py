"""What is done to masks, bool (h, w), wherever bodies and lungs are looked for."""

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def hull(mask: Mask) -> Mask:
    """The convex hull of all that is true."""
    drawn = np.zeros(mask.shape, np.uint8)
    borders, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if borders:
        cv2.fillConvexPoly(drawn, cv2.convexHull(np.concatenate(borders)), (1,))
    return drawn.astype(np.bool_)


def holes_filled(mask: Mask) -> Mask:
    """The mask with all that it encloses."""
    framed = np.pad(mask, 1).astype(np.uint8)
    cv2.floodFill(framed, None, (0, 0), 2)
    return np.asarray(framed[1:-1, 1:-1] != 2)


def grown(mask: Mask, radius_px: int) -> Mask:
    """The mask and all within a radius of it."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _disc(radius_px)) > 0)


def shrunk(mask: Mask, radius_px: int) -> Mask:
    """The mask without what lies within a radius of its border; the frame is no border."""
    return np.asarray(cv2.erode(mask.astype(np.uint8), _disc(radius_px)) > 0)


def opened(mask: Mask, radius_px: int) -> Mask:
    """The mask without what is narrower than a disc."""
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _disc(radius_px)) > 0)


def closed(mask: Mask, radius_px: int) -> Mask:
    """The mask with gaps and bays that are narrower than a disc."""
    margin = radius_px + 1  # else a bay at the frame would be closed by the frame
    framed = np.pad(mask, margin).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(framed, cv2.MORPH_CLOSE, _disc(radius_px)) > 0)[margin:-margin, margin:-margin]


def _disc(radius_px: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1,) * 2), np.uint8)
