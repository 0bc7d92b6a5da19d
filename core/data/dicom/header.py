"""What a DICOM file says about its pixels: a named list of attributes, nothing else is kept."""

import io
import struct
from dataclasses import dataclass
from typing import Any

import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID

from core.data.dicom.start import Start, dicom_start
from core.data.refusals import UnusableError, check_size, unquoted

MAX_FRAMES = 10_000
MAX_TOTAL_MEGAPIXELS = 2048

_KEYWORDS = (
    *("SpecificCharacterSet", "SOPClassUID", "Modality", "PatientID", "IssuerOfPatientID", "KVP", "SliceThickness"),
    *("PixelSpacing", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows"),
    *("Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue"),
    *("PixelPaddingRangeLimit", "WindowCenter", "WindowWidth", "VOILUTFunction", "RescaleIntercept", "RescaleSlope"),
    *("RescaleType", "ModalityLUTSequence", "VOILUTSequence", "PixelPresentation"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *(f"{colour}PaletteColorLookupTableDescriptor" for colour in ("Red", "Green", "Blue")),
    *(f"{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue")),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue")),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths"),
)
_TAGS: list[Any] = [tag_for_keyword(keyword) for keyword in _KEYWORDS]
_PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_PIXEL_DATA = 0x7FE00010
_UNDEFINED = 0xFFFFFFFF
# Each element takes a few reads of some microseconds: this is about a second, and far more than any scanner writes.
_MAX_READS = 1_000_000
_LONGEST_VALUE_MIB = 4
_PHOTOMETRICS = (
    *("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB"),
    *("YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT"),
)

# Values that break the rules are read as far as they can be: what matters is checked below.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE


@dataclass(frozen=True)
class Header:
    """The Image Pixel module (PS3.3, C.7.6.3) checked, and where the pixels are.

    `pixels_at` is the offset of the pixel data's value in `start.content`, `pixels_bytes` its length, None for the
    items of compressed frames, `pixels_vr` its value representation (OB or OW). `attributes` has the rest of what is
    read; nothing in it names anybody but PatientID and IssuerOfPatientID.
    """

    start: Start
    attributes: Dataset
    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    planar: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    pixels_at: int
    pixels_bytes: int | None
    pixels_vr: str

    @property
    def is_grey(self) -> bool:
        """Whether a pixel is one brightness."""
        return self.photometric.startswith("MONOCHROME")


def read_header(content: bytes) -> Header:
    """The header of a file; no pixel is decoded.

    Raises:
        UnusableError: there are no pixels, not such as are read, or not as many as it says.
    """
    with unquoted("damaged or cut off: its DICOM header cannot be read"):
        return _read_header(content)


def _read_header(content: bytes) -> Header:
    start = dicom_start(content)
    if not start.syntax.is_transfer_syntax or start.syntax.is_private:
        raise UnusableError("DICOM in a transfer syntax that is not read; export it uncompressed")
    file = _Metered(start.content)
    file.seek(start.offset)
    attributes = read_dataset(
        file,
        start.syntax.is_implicit_VR,
        start.syntax.is_little_endian,
        stop_when=lambda tag, _vr, _length: tag in _PIXEL_TAGS,
        specific_tags=_TAGS,
    )
    if any(len(value) > _LONGEST_VALUE_MIB * 2**20 for value in _raw_values(attributes)):
        raise UnusableError(f"too large: its DICOM header has values of more than {_LONGEST_VALUE_MIB} MiB")
    tag, vr, length = _pixel_element(file, start.syntax, attributes)
    if tag != _PIXEL_DATA:
        _refuse_without_pixels(start, attributes, tag)
    if "Rows" not in attributes:
        raise UnusableError(_no_pixels(start, attributes))
    header = _checked(start, attributes, file.tell(), vr, length)
    _check_length(header, len(start.content))
    return header


class _Metered(io.BytesIO):
    """A file in memory that can be read only so often: a header of millions of tiny elements must not hang us."""

    _left = _MAX_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise UnusableError("too large: its DICOM header has more elements than are read")
        return super().read(size)


def _raw_values(attributes: Dataset) -> list[bytes]:
    return [value for element in attributes._dict.values() if isinstance(value := element.value, bytes)]


def _pixel_element(file: _Metered, syntax: UID, attributes: Dataset) -> tuple[int, str, int]:
    """Tag, VR and length of the element at which reading stopped; the file then stands at its value."""
    order = "<" if syntax.is_little_endian else ">"
    head = file.read(8)
    if len(head) < 8:
        return 0, "", 0
    group, number = struct.unpack_from(f"{order}HH", head)
    # What is said and what is done differ in some files: pydicom has looked.
    vr = "OW" if attributes.original_encoding[0] or head[4:6] != b"OB" else "OB"
    if attributes.original_encoding[0]:
        (length,) = struct.unpack_from(f"{order}I", head, 4)
    elif head[4:6] in (b"OB", b"OW", b"UN", b"OF", b"OD"):
        (length,) = struct.unpack(f"{order}I", file.read(4))
    else:
        (length,) = struct.unpack_from(f"{order}H", head, 6)
    return group << 16 | number, vr, length


def _refuse_without_pixels(start: Start, attributes: Dataset, tag: int) -> None:
    if tag in _PIXEL_TAGS:
        raise UnusableError("DICOM with floating-point pixels; 8 and 16 bits are read")
    raise UnusableError(_no_pixels(start, attributes))


def _no_pixels(start: Start, attributes: Dataset) -> str:
    kind = UID(start.object_kind or str(attributes.get("SOPClassUID", "")))
    # Only the standard's own names, never what the file says: of an unknown UID, the name is itself.
    name = "of unknown kind" if kind.name == kind else kind.name.removesuffix(" Storage")
    return f"DICOM without pixels ({name}): only images are read"


def _checked(start: Start, attributes: Dataset, pixels_at: int, vr: str, length: int) -> Header:
    rows, columns = _whole(attributes, "Rows", 1, 65535), _whole(attributes, "Columns", 1, 65535)
    check_size(columns, rows)
    frames = _whole(attributes, "NumberOfFrames", 0, 2**31, default=1) or 1
    if frames > MAX_FRAMES or frames * rows * columns > MAX_TOTAL_MEGAPIXELS * 1_000_000:
        raise UnusableError(
            f"too large: at most {MAX_FRAMES} frames and {MAX_TOTAL_MEGAPIXELS} megapixels are read of one file"
        )
    allocated = _whole(attributes, "BitsAllocated", 1, 64)
    if allocated not in (8, 16):
        raise UnusableError(f"DICOM with {allocated} bits a pixel; 8 and 16 are read")
    stored = _whole(attributes, "BitsStored", 1, allocated, default=allocated)
    samples = _whole(attributes, "SamplesPerPixel", 1, 4, default=1)
    photometric = str(attributes.get("PhotometricInterpretation", "MONOCHROME2")).strip().upper()
    if photometric not in _PHOTOMETRICS or samples != (3 if photometric[:3] in ("RGB", "YBR") else 1):
        raise UnusableError("DICOM with colours that are not read; expected grey, palette, RGB or YBR")
    return Header(
        start=start,
        attributes=attributes,
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        photometric=photometric,
        planar=_whole(attributes, "PlanarConfiguration", 0, 1, default=0),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=_whole(attributes, "HighBit", stored - 1, allocated - 1, default=stored - 1),
        signed=bool(_whole(attributes, "PixelRepresentation", 0, 1, default=0)),
        pixels_at=pixels_at,
        pixels_bytes=None if length == _UNDEFINED else length,
        pixels_vr=vr,
    )


def _whole(attributes: Dataset, keyword: str, low: int, high: int, *, default: int | None = None) -> int:
    value = attributes.get(keyword)
    if value is None or value == "":
        if default is not None:
            return default
        raise UnusableError(f"damaged or cut off: DICOM without {keyword}")
    number = int(value[0] if isinstance(value, list | tuple) else value)
    if not low <= number <= high:
        raise UnusableError(f"damaged: DICOM with an impossible {keyword}")
    return number


def _check_length(header: Header, content_bytes: int) -> None:
    """Before anything is decoded or even made room for."""
    left = content_bytes - header.pixels_at
    if header.start.syntax.is_compressed and header.start.syntax.is_encapsulated:
        if header.pixels_bytes is not None:
            raise UnusableError("damaged: DICOM says its pixels are compressed, and they are not")
        if left < 16 * header.frames:  # an item and something in it for each
            raise UnusableError("damaged or cut off: fewer frames than DICOM's header says")
        return
    if header.pixels_bytes is None:
        raise UnusableError("damaged: DICOM says its pixels are uncompressed, and they are not")
    subsampled = header.photometric == "YBR_FULL_422"
    samples = 2 if subsampled else header.samples
    needed = header.rows * header.columns * header.frames * samples * header.bits_allocated // 8
    if min(left, header.pixels_bytes) < needed:
        raise UnusableError("damaged or cut off: fewer pixels than DICOM's header says")
