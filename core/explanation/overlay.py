"""A map over its scan, as a picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.explanation.maps import ScanMap


def overlaid(scan: NDArray[np.uint8], scan_map: ScanMap, *, opacity: float) -> NDArray[np.uint8]:
    """The scan with the heat over it, RGB bytes (h, w, 3).

    Heat fades in with its strength, so what the network did not look at stays as it was. The colours (inferno) grow
    brighter with the heat and are told apart by the colour-blind too. An empty map leaves the scan alone.

    Args:
        scan: grey bytes (h, w).
        scan_map: a map of the same height and width.
        opacity: of the hottest place, in [0, 1].
    """
    grey = np.repeat(scan[:, :, None], 3, axis=2)
    if scan_map.is_empty or opacity == 0:
        return grey
    heat = scan_map.heat[:, :, None]
    colours = cv2.applyColorMap((scan_map.heat * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[:, :, ::-1]
    weight = opacity * np.sqrt(heat)
    return (grey * (1 - weight) + colours * weight).round().astype(np.uint8)
