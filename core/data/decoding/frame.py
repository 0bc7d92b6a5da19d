"""One frame of DICOM pixel data, decoded."""

from typing import Any

import gdcm
import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, JPEGBaseline8Bit, JPEGExtended12Bit

# GDCM comes first elsewhere; here it aborts the process on damage that Pillow reports.
_SAFER_BY_PILLOW = (JPEGBaseline8Bit, JPEGExtended12Bit)
OPTIONS = (
    *("rows", "columns", "samples_per_pixel", "photometric_interpretation", "planar_configuration"),
    *("bits_allocated", "bits_stored", "pixel_representation"),
)


def decoded_frame(content: bytes, job: dict[str, Any]) -> NDArray[np.generic]:
    """Stored values, shape (rows, columns) or (rows, columns, samples); YBR comes back as RGB.

    Args:
        content: the frame as it stands in the file, without DICOM's items around it.
        job: `syntax` (the transfer syntax's UID) and `OPTIONS`, as in DICOM's Image Pixel module.

    Raises:
        Exception: of any kind, where the content is damaged.
    """
    syntax = UID(job["syntax"])
    options: dict[str, Any] = {name: job[name] for name in OPTIONS}
    if syntax == JPEGExtended12Bit and options["bits_stored"] != 8:
        return _twelve_bits(content, options)
    options |= {"number_of_frames": 1, "pixel_keyword": "PixelData"}
    if syntax in _SAFER_BY_PILLOW:
        options["decoding_plugin"] = "pillow"
    pixels, _ = get_decoder(syntax).as_array(encapsulate([content], has_bot=False), index=0, **options)
    return pixels


def _twelve_bits(content: bytes, options: dict[str, Any]) -> NDArray[np.generic]:
    """JPEG with 12 bits a sample: GDCM reads it, pydicom's way to it does not."""
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(content)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((options["columns"], options["rows"], 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(JPEGExtended12Bit))))
    bits = options["bits_stored"]
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, bits, bits - 1, options["pixel_representation"]))
    content = image.GetBuffer().encode("utf-8", "surrogateescape")
    kind = "<i2" if options["pixel_representation"] else "<u2"
    return np.frombuffer(content, kind).reshape(options["rows"], options["columns"])
