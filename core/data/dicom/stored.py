"""The stored values of one DICOM frame (PS3.5, 8), decompressed where need be."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder

from core.data.decoding.apart import decoded_apart
from core.data.dicom.header import Header
from core.data.refusals import UnusableError, unquoted


def stored_values(header: Header, frame: int) -> NDArray[np.integer]:
    """Values as stored, shape (rows, columns), or (rows, columns, 3) RGB.

    Args:
        frame: counted from 1, at most `header.frames`.

    Raises:
        UnusableError: the pixels are damaged.
    """
    with unquoted("damaged or cut off: its DICOM pixels cannot be read"):
        values = _compressed(header, frame) if _is_encapsulated(header) else _native(header, frame)
    if values.shape[:2] != (header.rows, header.columns):
        raise UnusableError("damaged: its pixels have another size than DICOM's header says")
    return values


def _is_encapsulated(header: Header) -> bool:
    return header.pixels_bytes is None


def _native(header: Header, frame: int) -> NDArray[np.integer]:
    syntax = header.start.syntax
    if header.is_grey or header.photometric == "PALETTE COLOR":
        order = "<" if syntax.is_little_endian else ">"
        count = header.rows * header.columns
        if header.bits_allocated == 8 and order == "<":
            kind = "u1"
        elif header.bits_allocated == 16:
            kind = f"{order}u2"
        else:
            return _by_pydicom(header, frame)
        at = header.pixels_at + (frame - 1) * count * header.bits_allocated // 8
        raw = np.frombuffer(header.start.content, kind, count, at).reshape(header.rows, header.columns)
        return _without_unused_bits(raw.astype(raw.dtype.newbyteorder("=")), header)
    return _by_pydicom(header, frame)


def _by_pydicom(header: Header, frame: int) -> NDArray[np.integer]:
    """What is rare (colours, bytes swapped in pairs): pydicom knows how."""
    at, length = header.pixels_at, header.pixels_bytes
    content = header.start.content[at : at + (length or 0)]
    options: dict[str, Any] = {**_options(header), "number_of_frames": header.frames}
    options |= {"pixel_keyword": "PixelData", "pixel_vr": header.pixels_vr}
    values, _ = get_decoder(header.start.syntax).as_array(content, index=frame - 1, **options)
    return values


def _compressed(header: Header, frame: int) -> NDArray[np.integer]:
    file = io.BytesIO(header.start.content)
    file.seek(header.pixels_at)
    table = header.attributes.get("ExtendedOffsetTable"), header.attributes.get("ExtendedOffsetTableLengths")
    content = get_frame(file, frame - 1, number_of_frames=header.frames, extended_offsets=table if all(table) else None)
    megapixels = header.rows * header.columns * header.samples / 1e6
    job = {"kind": "dicom", "megapixels": megapixels, "syntax": str(header.start.syntax), **_options(header)}
    values: NDArray[Any] = decoded_apart(job, content)
    if values.dtype.kind not in "iu":
        raise UnusableError("damaged: its DICOM pixels are no whole numbers")
    return values


def _options(header: Header) -> dict[str, str | int]:
    return {
        "rows": header.rows,
        "columns": header.columns,
        "samples_per_pixel": header.samples,
        "photometric_interpretation": header.photometric,
        "planar_configuration": header.planar,
        "bits_allocated": header.bits_allocated,
        "bits_stored": header.bits_stored,
        "pixel_representation": int(header.signed),
    }


def _without_unused_bits(raw: NDArray[np.unsignedinteger], header: Header) -> NDArray[np.integer]:
    """Only the bits that count, with their sign: what is above or below them may be anything (PS3.5, 8.1.1)."""
    above = header.bits_allocated - 1 - header.high_bit
    unused = header.bits_allocated - header.bits_stored
    values = raw.view(f"i{raw.itemsize}") if header.signed else raw
    if unused:
        values = (values << above) >> unused
    return values
