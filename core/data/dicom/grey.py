"""A DICOM frame as grey: Hounsfield units through a window, all else as its file wants to be shown (PS3.4, N.2)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi

from core.data.dicom.header import Header
from core.data.dicom.stored import stored_values
from core.data.refusals import unquoted
from core.data.windows import Window

NOT_HU = "no Hounsfield units"


@dataclass(frozen=True)
class GreyFrame:
    """`pixels` (h, w), 0 black to 255 white; `remark` says how it was made where that is not as asked, else empty."""

    pixels: NDArray[np.uint8]
    remark: str = ""


def grey_frame(header: Header, frame: int, window: Window) -> GreyFrame:
    """One frame, counted from 1, as grey.

    Only CT has Hounsfield units: there `window` is applied. X-rays and captured screens are shown in the window that is
    stored in the file, or from their lowest to their highest value.

    Raises:
        UnusableError: the pixels are damaged.
    """
    values = stored_values(header, frame)
    with unquoted("damaged: DICOM's tables or windows cannot be applied"), np.errstate(all="ignore"):
        if not header.is_grey:
            return GreyFrame(_of_colours(header, values))
        return _of_brightness(header, frame, values, window)


def has_hounsfield_units(header: Header, frame: int = 1) -> bool:
    """Whether rescaled values are HU: CT with a rescale intercept, not in other units than HU."""
    rescale = _functional(header, frame, "PixelValueTransformationSequence", "RescaleIntercept")
    if str(header.attributes.get("Modality", "")).strip() != "CT" or _number(rescale, "RescaleIntercept") is None:
        return False
    return str(rescale.get("RescaleType", "HU") or "HU").strip().upper() in ("HU", "US")


def _of_brightness(header: Header, frame: int, stored: NDArray[np.integer], window: Window) -> GreyFrame:
    padding = padding_of(header, stored)
    values = rescaled(header, frame, stored)
    is_hu = has_hounsfield_units(header, frame)
    remark = ""
    if is_hu and not window.is_as_stored:
        shares = (values - (window.centre_hu - window.width_hu / 2)) / window.width_hu
    else:
        shares, how = _as_the_file_wants(header, frame, values, padding)
        remark = "" if is_hu else f"{NOT_HU}: shown {how}"
    grey = np.rint(np.clip(np.nan_to_num(shares), 0, 1) * 255).astype(np.uint8)
    if header.photometric == "MONOCHROME1":
        grey = 255 - grey
    if padding is not None:
        grey[padding] = 0
    return GreyFrame(grey, remark)


def rescaled(header: Header, frame: int, stored: NDArray[np.integer]) -> NDArray[np.float32]:
    """Stored values in the file's own units (of CT, Hounsfield units), shape (h, w)."""
    if header.attributes.get("ModalityLUTSequence"):
        return apply_modality_lut(stored, header.attributes).astype(np.float32)
    rescale = _functional(header, frame, "PixelValueTransformationSequence", "RescaleIntercept")
    slope, intercept = _number(rescale, "RescaleSlope"), _number(rescale, "RescaleIntercept")
    # A slope of 0 would leave nothing to see, and no writer means it.
    return stored.astype(np.float32) * np.float32(slope or 1.0) + np.float32(intercept or 0.0)


def _as_the_file_wants(
    header: Header, frame: int, values: NDArray[np.float32], padding: NDArray[np.bool_] | None
) -> tuple[NDArray[np.floating], str]:
    """Shares of white, not clipped yet, and how they were made."""
    stored = _functional(header, frame, "FrameVOILUTSequence", "WindowCenter")
    centre, width = _number(stored, "WindowCenter"), _number(stored, "WindowWidth")
    if centre is not None and width is not None and width >= 1:
        return _windowed(values, centre, width, str(stored.get("VOILUTFunction", "")).strip().upper()), (
            "in the window stored in the file"
        )
    tables = header.attributes.get("VOILUTSequence")
    if tables:
        bits = int(tables[0].LUTDescriptor[2])
        shown = apply_voi(values.astype(np.int32), header.attributes)
        return shown.astype(np.float32) / (2**bits - 1), "by the table stored in the file"
    seen = values if padding is None else values[~padding]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)
    return (values - low) / ((high - low) or 1.0), "from its lowest to its highest value"


def straight_window(
    header: Header, frame: int, values: NDArray[np.float32], padding: NDArray[np.bool_] | None
) -> tuple[float, float] | None:
    """Centre and width (above 0) of the straight line from values to grey that the file asks for; None if it is none.

    Shown is (value - (centre - width / 2)) / width, as `grey_frame` does it.
    """
    stored = _functional(header, frame, "FrameVOILUTSequence", "WindowCenter")
    centre, width = _number(stored, "WindowCenter"), _number(stored, "WindowWidth")
    if centre is not None and width is not None and width >= 1:
        function = str(stored.get("VOILUTFunction", "")).strip().upper()
        if function == "SIGMOID":
            return None
        return (centre, width) if function == "LINEAR_EXACT" or width == 1 else (centre - 0.5, width - 1)
    if header.attributes.get("VOILUTSequence"):
        return None
    seen = values if padding is None else values[~padding]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)
    reach = (high - low) or 1.0
    return low + reach / 2, reach


def _windowed(values: NDArray[np.float32], centre: float, width: float, function: str) -> NDArray[np.floating]:
    """DICOM PS3.3, C.11.2.1.2 and C.11.2.1.3."""
    if function == "SIGMOID":
        return 1 / (1 + np.exp(-4 * (values - centre) / width))
    if function == "LINEAR_EXACT" or width == 1:
        return (values - centre) / width + 0.5
    return (values - (centre - 0.5)) / (width - 1) + 0.5


def padding_of(header: Header, stored: NDArray[np.integer]) -> NDArray[np.bool_] | None:
    """Where there is no image, but what fills the square around it (PS3.3, C.7.5.1.1.2); None if there is no such."""
    first = _padding_value(header, "PixelPaddingValue")
    if first is None:
        return None
    last = _padding_value(header, "PixelPaddingRangeLimit")
    low, high = sorted((first, first if last is None else last))
    found = (stored >= low) & (stored <= high)
    return found if found.any() and not found.all() else None


def _padding_value(header: Header, keyword: str) -> int | None:
    value = header.attributes.get(keyword)
    if not isinstance(value, int):
        return None
    # Some writers store the number as if it had the other sign.
    unsigned = value % 2**header.bits_stored
    return unsigned - 2**header.bits_stored if header.signed and unsigned >> (header.bits_stored - 1) else unsigned


def _of_colours(header: Header, values: NDArray[np.integer]) -> NDArray[np.uint8]:
    if header.photometric == "PALETTE COLOR":
        bits = int(header.attributes.RedPaletteColorLookupTableDescriptor[2])
        colours = apply_color_lut(values, header.attributes)
        bits = min(bits, 8 * colours.dtype.itemsize)
    else:
        colours, bits = values, header.bits_stored
    if bits > 8:
        colours = colours >> (bits - 8)
    # Pillow's weights (ITU-R 601-2), so that a colour has the same grey in every format.
    return np.array(Image.fromarray(np.ascontiguousarray(colours[..., :3].astype(np.uint8))).convert("L"))


def _functional(header: Header, frame: int, group: str, keyword: str) -> Dataset:
    """Where this frame's attributes are: at the top, or in the functional groups of an enhanced multi-frame file."""
    attributes = header.attributes
    if keyword in attributes:
        return attributes
    per_frame = attributes.get("PerFrameFunctionalGroupsSequence") or ()
    shared = attributes.get("SharedFunctionalGroupsSequence") or ()
    for item in (*per_frame[frame - 1 : frame], *shared[:1]):
        found = item.get(group)
        if found:
            return found[0]
    return attributes


def _number(attributes: Dataset, keyword: str) -> float | None:
    """The first value as a finite number; None where there is none."""
    value = attributes.get(keyword)
    if value is None or value == "":
        return None
    number = float(value[0] if not isinstance(value, int | float | str) else value)
    return number if np.isfinite(number) else None
