"""A scan and its maps as the viewer in the browser takes them: bytes, deflated, with what they mean beside them."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.dicom.levels import Levels
from core.data.shrunk import no_larger
from core.data.windowable import read_windowable
from core.data.windows import LUNG, Window

if TYPE_CHECKING:  # torch comes with it, and no picture needs it
    from core.explanation.maps import ScanMap

LONGEST_PX = 4096  # a browser holds no more of ten of them
LONGEST_HEAT_PX = 224  # finer than any stage whose map is looked at; in between the browser draws straight lines
_QUICKLY = 1  # zlib's level: more takes longer than a local network does


@dataclass(frozen=True, eq=False)
class Picture:
    """A scan to be windowed in the browser: shown is (value + offset - (centre - width / 2)) / width.

    Attributes:
        width_px, height_px: of what is sent.
        full_width_px, full_height_px: of the scan; larger where it was made smaller.
        bits: 8 for bytes, 16 for signed numbers, little endian; row by row.
        packed: the values, deflated.
        offset, centre, width: of the values, and of the window to begin with.
        unit: "HU", or empty where the numbers have none.
        is_inverted: whether high values are dark.
    """

    width_px: int
    height_px: int
    full_width_px: int
    full_height_px: int
    bits: int
    packed: bytes
    offset: int
    centre: float
    width: float
    unit: str
    is_inverted: bool


@dataclass(frozen=True, eq=False)
class Heat:
    """A map for the browser, and its figures as in `ScanMap`.

    Attributes:
        width_px, height_px: of its grid, which is stretched over the scan.
        packed: bytes (height, width) in [0, 255] for heat in [0, 1], deflated.
        has_places: whether some places are hotter than others: else there is nothing to draw, and `says` says so.
        says: what the picture does not tell; empty where it tells all.
    """

    width_px: int
    height_px: int
    packed: bytes
    has_places: bool
    says: str
    maximum: float
    target: str
    target_words: str
    target_score: float
    method: str
    layer: str
    side: tuple[int, int]


def read_picture(path: Path | str, *, window: Window = LUNG, sha256: str = "") -> Picture:
    """A scan's picture.

    Args:
        path: of a file, or of a frame in one.
        window: for scans in Hounsfield units: the one to begin with.
        sha256: as in the index, where the content must be that one.

    Raises:
        DatasetError: as `core.data.images.read_scan`.
    """
    return picture_of(*read_windowable(path, window=window, sha256=sha256))


def picture_of(scan: NDArray[np.uint8], levels: Levels | None) -> Picture:
    """The picture of a scan that has been read: of its levels where it has some, else of its grey.

    Args:
        scan: grey bytes (h, w).
        levels: of the same scan.
    """
    values: NDArray[Any] = scan if levels is None else levels.values
    height, width = values.shape
    values = no_larger(values, LONGEST_PX)
    bits = 8 * values.dtype.itemsize
    return Picture(
        width_px=values.shape[1],
        height_px=values.shape[0],
        full_width_px=width,
        full_height_px=height,
        bits=bits,
        packed=_packed(values.astype(f"<{values.dtype.kind}{bits // 8}")),
        offset=0 if levels is None else levels.offset,
        centre=127.5 if levels is None else levels.centre,
        width=255.0 if levels is None else levels.width,
        unit="HU" if levels is not None and levels.in_hu else "",
        is_inverted=levels is not None and levels.is_inverted,
    )


def heat_of(found: "ScanMap") -> Heat:
    """The map for the browser: coarse where that is all there is, for it is stretched over the scan there."""
    heat = no_larger(found.heat, LONGEST_HEAT_PX)
    grid = np.rint(heat.clip(0.0, 1.0) * 255).astype(np.uint8)
    return Heat(
        width_px=grid.shape[1],
        height_px=grid.shape[0],
        packed=_packed(grid),
        has_places=not (found.is_empty or found.is_flat),
        says=found.says,
        maximum=found.maximum,
        target=found.target,
        target_words=found.target_words,
        target_score=found.target_score,
        method=found.method,
        layer=found.layer,
        side=found.side,
    )


def heat_colours() -> bytes:
    """Red, green and blue of 256 shades, as `core.explanation.overlay` colours heat (inferno), 768 bytes."""
    shades = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_INFERNO)
    return shades[:, 0, ::-1].tobytes()


def _packed(values: NDArray[np.generic]) -> bytes:
    return zlib.compress(np.ascontiguousarray(values).tobytes(), _QUICKLY)
