"""A map over its scan, as a picture."""

from dataclasses import replace

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
    # The map's darkest third is left out: over bright tissue it would look like shade, not like heat.
    shade = ((0.33 + 0.67 * scan_map.heat) * 255).round().astype(np.uint8)
    colours = cv2.applyColorMap(shade, cv2.COLORMAP_INFERNO)[:, :, ::-1]
    weight = opacity * heat
    return (grey * (1 - weight) + colours * weight).round().astype(np.uint8)


def reduced(scan: NDArray[np.uint8], scan_map: ScanMap, *, longest_px: int) -> tuple[NDArray[np.uint8], ScanMap]:
    """Scan and map for a screen: both made smaller where a side is longer than `longest_px`, else as they are.

    The map's figures stay those of the whole scan.

    Args:
        scan: grey bytes (h, w).
        scan_map: a map of the same height and width.
        longest_px: longest side, at least 1.
    """
    height, width = scan.shape
    scale = longest_px / max(height, width)
    if scale >= 1:
        return scan, scan_map
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    heat = cv2.resize(scan_map.heat, size, interpolation=cv2.INTER_AREA).clip(0.0, 1.0)
    small = np.asarray(cv2.resize(scan, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small, replace(scan_map, heat=heat.astype(np.float32))
