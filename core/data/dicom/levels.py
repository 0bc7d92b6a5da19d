"""A DICOM frame as it was measured: values that a viewer can window, not the grey of one window (PS3.3, C.11.2)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.dicom import grey
from core.data.dicom.header import Header
from core.data.dicom.stored import stored_values
from core.data.refusals import unquoted
from core.data.windows import Window

_LOWEST, _HIGHEST = -32768, 32767  # int16
_FEWEST_LEVELS = 256  # less than bytes can tell apart is shown as bytes


@dataclass(frozen=True, eq=False)
class Levels:
    """Brightness before any window: shown is (value - (centre - width / 2)) / width, black below 0, white above 1.

    Attributes:
        values: int16 (h, w); each stands for itself plus `offset`.
        offset: what was taken away so that 16 bits hold all values.
        centre, width: the window to begin with, in the units of values plus `offset`; the width is above 0.
        in_hu: whether these are Hounsfield units.
        is_inverted: whether high values are dark (MONOCHROME1).
    """

    values: NDArray[np.int16]
    offset: int
    centre: float
    width: float
    in_hu: bool
    is_inverted: bool


def frame_levels(header: Header, frame: int, window: Window) -> Levels | None:
    """One frame, counted from 1; its first window is the one that `grey_frame` applies.

    None where no straight line leads from values to grey: colours, tables and sigmoids stored in the file, fewer levels
    than bytes hold, or more than 16 bits hold. Such a frame is shown as `grey_frame` gives it.

    Raises:
        UnusableError: the pixels are damaged.
    """
    if not header.is_grey:
        return None
    stored = stored_values(header, frame)
    with unquoted("damaged: DICOM's tables or windows cannot be applied"), np.errstate(all="ignore"):
        padding = grey.padding_of(header, stored)
        values = grey.rescaled(header, frame, stored)
        in_hu = grey.has_hounsfield_units(header, frame)
        if in_hu and not window.is_as_stored:
            first: tuple[float, float] | None = (window.centre_hu, window.width_hu)
        else:
            first = grey.straight_window(header, frame, values, padding)
        if first is None or not np.isfinite(values).all():
            return None
        return _in_16_bits(values, padding, first, in_hu, header.photometric == "MONOCHROME1")


def _in_16_bits(
    values: NDArray[np.float32],
    padding: NDArray[np.bool_] | None,
    window: tuple[float, float],
    in_hu: bool,
    is_inverted: bool,
) -> Levels | None:
    whole = np.rint(values)
    seen = whole if padding is None else whole[~padding]
    low, high = int(seen.min()), int(seen.max())
    if high - low > _HIGHEST - _LOWEST or (not in_hu and high - low < _FEWEST_LEVELS):
        return None
    offset = 0 if low >= _LOWEST and high <= _HIGHEST else low - _LOWEST
    kept = np.clip(whole - offset, _LOWEST, _HIGHEST).astype(np.int16)
    if padding is not None:
        kept[padding] = _HIGHEST if is_inverted else _LOWEST  # dark in every window
    return Levels(kept, offset, window[0], window[1], in_hu, is_inverted)
