"""DICOM files made for tests, and those that pydicom brings along."""

import io
from pathlib import Path

import numpy as np
import pydicom
from pydicom.data import get_testdata_file
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    generate_uid,
)

RNG = np.random.default_rng(0)
SLICE = RNG.integers(-1024, 1500, (24, 32)).astype(np.int16)  # HU, (h, w)


def ct(hu=SLICE, **attributes):
    """A CT slice, or several frames (n, h, w), 16 bits signed; keyword arguments set or (None) remove attributes."""
    scan = image(hu.astype(np.int16) + 1024, Modality="CT", RescaleIntercept=-1024, RescaleSlope=1, RescaleType="HU")
    return with_attributes(scan, attributes)


def image(values, **attributes):
    """Grey (h, w) or (n, h, w), or colours (h, w, 3), stored as they are."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, generate_uid(entropy_srcs=["t"])
    meta.TransferSyntaxUID, meta.ImplementationClassUID = ExplicitVRLittleEndian, generate_uid(entropy_srcs=["i"])
    scan = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    scan.SOPClassUID, scan.SOPInstanceUID, scan.Modality = CTImageStorage, meta.MediaStorageSOPInstanceUID, "OT"
    coloured = values.ndim == 3 and values.shape[-1] == 3
    scan.SamplesPerPixel, scan.PhotometricInterpretation = (3, "RGB") if coloured else (1, "MONOCHROME2")
    if coloured:
        scan.PlanarConfiguration = 0
    elif values.ndim == 3:
        scan.NumberOfFrames = len(values)
    scan.Rows, scan.Columns = values.shape[:2] if coloured else values.shape[-2:]
    bits = 8 * values.itemsize
    scan.BitsAllocated, scan.BitsStored, scan.HighBit = bits, bits, bits - 1
    scan.PixelRepresentation = int(values.dtype.kind == "i")
    scan.PixelData = values.astype(values.dtype.newbyteorder("<")).tobytes()
    scan["PixelData"].VR = "OW" if bits == 16 else "OB"
    return with_attributes(scan, attributes)


def with_attributes(scan, attributes):
    for keyword, value in attributes.items():
        if value is None:
            if keyword in scan:
                delattr(scan, keyword)
        else:
            setattr(scan, keyword, value)
    return scan


def content_of(scan, syntax=ExplicitVRLittleEndian):
    """The file's bytes; big endian swaps 16-bit pixels."""
    scan.file_meta.TransferSyntaxUID = UID(syntax)
    if syntax == ExplicitVRBigEndian and scan.BitsAllocated == 16:
        scan.PixelData = np.frombuffer(scan.PixelData, "<u2").astype(">u2").tobytes()
    file = io.BytesIO()
    pydicom.dcmwrite(file, scan, enforce_file_format=True)
    return file.getvalue()


def compressed(scan, syntax, frames):
    """The file's bytes with pixels that are compressed already."""
    scan.PixelData = encapsulate(frames)
    scan["PixelData"].is_undefined_length = True
    scan["PixelData"].VR = "OB"
    return content_of(scan, syntax)


def put(path, content):
    Path(path).write_bytes(content)
    return path


def brought(name):
    """A file that comes with pydicom: nothing is downloaded."""
    path = get_testdata_file(name, download=False)
    assert path, name
    return Path(path)
