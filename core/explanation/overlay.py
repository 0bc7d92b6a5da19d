"""A map over its scan, as a picture."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.shrunk import no_larger
from core.explanation.maps import ScanMap

SHOWN = ("heat", "contour", "masked")
"""Ways to show a map: heat over the scan, lines around what is hot, or the scan alone where it was looked at."""

_CONTOUR_LEVELS = (0.25, 0.5, 0.75)
_LEAST_LIGHT = 0.15  # of what was not looked at, in the masked picture: enough to see where one is


def drawn(scan: NDArray[np.uint8], scan_map: ScanMap, *, show: str, opacity: float) -> NDArray[np.uint8]:
    """The scan and its map as one picture, RGB bytes (h, w, 3), in one of the ways of `SHOWN`."""
    if show == "contour":
        return contoured(scan, scan_map)
    return masked(scan, scan_map) if show == "masked" else overlaid(scan, scan_map, opacity=opacity)


def contoured(scan: NDArray[np.uint8], scan_map: ScanMap) -> NDArray[np.uint8]:
    """The scan with lines where the heat is a quarter, half and three quarters of its maximum, RGB bytes (h, w, 3).

    The hotter the brighter, in the colours of `overlaid`. An empty map has no lines.
    """
    picture = np.ascontiguousarray(np.repeat(scan[:, :, None], 3, axis=2))
    width_px = max(1, round(max(scan.shape) / 400))
    for level in _CONTOUR_LEVELS:
        inside = (scan_map.heat >= level).astype(np.uint8)
        lines, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        shade = np.full((1, 1), round((0.33 + 0.67 * level) * 255), np.uint8)
        colour = cv2.applyColorMap(shade, cv2.COLORMAP_INFERNO)[0, 0, ::-1].tolist()
        cv2.drawContours(picture, lines, -1, colour, width_px)
    return picture


def masked(scan: NDArray[np.uint8], scan_map: ScanMap) -> NDArray[np.uint8]:
    """The scan lit by its map, RGB bytes (h, w, 3): as it is where that is hottest, dark where it is cold.

    An empty map leaves nothing lit.
    """
    light = _LEAST_LIGHT + (1 - _LEAST_LIGHT) * scan_map.heat
    return np.repeat((scan * light).round().astype(np.uint8)[:, :, None], 3, axis=2)


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
    small = no_larger(scan, longest_px)
    if small is scan:
        return scan, scan_map
    return small, replace(scan_map, heat=no_larger(scan_map.heat, longest_px).clip(0.0, 1.0))
