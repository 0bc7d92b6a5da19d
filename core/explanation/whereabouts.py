"""Where the heat of a map lies: in the lungs, in the body, at the border of the picture."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.explanation.lungs import Anatomy

OUTSIDE_BELOW = 0.5
"""Share of the heat in the lungs below which the model looked outside them."""
BORDER = 0.08
"""Width of the border, as a share of the picture's height and width: where markers and the frame of a crop are."""

IN_LUNGS, IN_BODY, OUTSIDE = "lungs", "body", "outside the body"


@dataclass(frozen=True)
class Whereabouts:
    """Where a map is hot; NaN and empty where that cannot be said.

    Attributes:
        in_lungs: share of the heat in the lungs, in [0, 1]; NaN where no lungs were found.
        in_body: share in the body, lungs included; NaN where no body was found.
        in_border: share in the outermost `BORDER` of the picture.
        lung_area: share of the picture that lungs cover: what `in_lungs` would be by chance.
        peak_y, peak_x: the hottest place, in [0, 1] of height and width.
        peak_in: lungs, body (outside the lungs, or where no lungs were found) or outside the body.

    All but `lung_area` is unknown for a map without heat, and for one that is the same everywhere: it says nothing of
    places.
    """

    in_lungs: float
    in_body: float
    in_border: float
    lung_area: float
    peak_y: float
    peak_x: float
    peak_in: str

    @property
    def is_outside(self) -> bool:
        """Whether the model looked outside the lungs; false where that is not known."""
        return self.in_lungs < OUTSIDE_BELOW


def whereabouts(heat: NDArray[np.float32], anatomy: Anatomy) -> Whereabouts:
    """Where the heat of one map lies.

    Args:
        heat: at least 0, shape (h, w): over the same picture as the masks. At another size, such as that of the
            network's layer, it is made as large as they are, linear between its cells, as maps are shown.
        anatomy: of the scan.

    Raises:
        ValueError: the heat is not two-dimensional, or is negative or no number somewhere.
    """
    if heat.ndim != 2 or heat.size == 0:
        raise ValueError(f"heat must have the shape (h, w), found {heat.shape}")
    if not bool((heat >= 0).all()) or not np.isfinite(heat).all():
        raise ValueError("heat must be at least 0 and finite everywhere")
    height, width = anatomy.body.shape
    lung_area = math.nan if anatomy.refused else float(anatomy.lungs.mean())
    if heat.shape != (height, width):
        heat = np.asarray(cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR))
    total = float(heat.sum(dtype=np.float64))
    if np.ptp(heat) == 0 or total <= 0:
        return Whereabouts(*(math.nan,) * 3, lung_area, math.nan, math.nan, "")
    peak_y, peak_x, peak_in = _peak(heat, anatomy)
    return Whereabouts(
        in_lungs=math.nan if anatomy.refused else _share(heat, anatomy.lungs, total),
        in_body=_share(heat, anatomy.body, total) if anatomy.body.any() else math.nan,
        in_border=_share(heat, border(height, width), total),
        lung_area=lung_area,
        peak_y=peak_y,
        peak_x=peak_x,
        peak_in=peak_in,
    )


def border(height: int, width: int) -> NDArray[np.bool_]:
    """The outermost `BORDER` of a picture's height and width, bool (h, w); at least a pixel on each side."""
    rows, columns = max(1, round(BORDER * height)), max(1, round(BORDER * width))
    outer = np.ones((height, width), np.bool_)
    outer[rows : height - rows, columns : width - columns] = False
    return outer


def _share(heat: NDArray[np.float32], mask: NDArray[np.bool_], total: float) -> float:
    return min(float(heat[mask].sum(dtype=np.float64)) / total, 1.0)


def _peak(heat: NDArray[np.float32], anatomy: Anatomy) -> tuple[float, float, str]:
    rows, columns = np.nonzero(heat == heat.max())  # a hot cell of a coarse map is a plateau: its middle
    nearest = int(np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2))
    row, column = int(rows[nearest]), int(columns[nearest])
    place = IN_LUNGS if anatomy.lungs[row, column] else IN_BODY if anatomy.body[row, column] else OUTSIDE
    if not anatomy.body.any():
        place = ""
    return (row + 0.5) / heat.shape[0], (column + 0.5) / heat.shape[1], place
