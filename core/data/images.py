"""One scan file: read as grey pixels, or described with the reason why it cannot be read."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import xxhash
from numpy.typing import NDArray
from PIL import UnidentifiedImageError

from core.data import image_metadata, pillow_images
from core.data.dicom.signs import has_dicom_magic, may_be_dicom
from core.data.file_content import content_of, status_of
from core.data.frames import file_and_frame
from core.data.patient_key import PatientKey
from core.data.quiet import quiet_readers
from core.data.refusals import EMPTY, UnusableError, reasons, unquoted
from core.data.windows import LUNG, Window
from core.errors import DatasetError

if TYPE_CHECKING:
    from core.data.dicom.header import Header

_CHANGED = "changed since it was indexed: open the dataset again"
_START_BYTES = 256  # tell DICOM from others


@dataclass(frozen=True)
class ScanFacts:
    """What one scan is. Sizes are those of the upright image; 0 or empty where not known.

    `mode` is Pillow's name for the stored pixels before turning grey (of DICOM its colours, bits and sign), `format`
    Pillow's name for what the content is, or DICOM, `bytes` the file's size, `sha256` of its content (of a frame: of
    that and its number), `problem` one line that says why the scan cannot be used, else empty.
    `pixels` is an XXH3 (128 bits) of the shape and the upright grey pixels (of DICOM in the lung window): the same for
    the same picture, but no proof against forgery as `sha256` is. `metadata` is what else the file's header says that
    is neither anatomy nor identity ("key=value" items joined with "; "), `remark` what is worth saying and no problem,
    `patient` a keyed hash of the patient's id, else empty.
    """

    width: int = 0
    height: int = 0
    mode: str = ""
    format: str = ""
    bytes: int = 0
    sha256: str = ""
    problem: str = ""
    pixels: str = ""
    metadata: str = ""
    remark: str = ""
    patient: str = ""


def read_scan(path: Path | str, *, window: Window = LUNG, sha256: str = "") -> NDArray[np.uint8]:
    """The scan as grey, upright, shape (h, w), 0 black to 255 white.

    What the file is called does not matter, only what it holds. Transparency lies on black. Of several
    frames the first is read, unless the path names another. More than 8 bits are scaled linearly: the image's own
    lowest value to 0, its highest to 255; DICOM is shown as `core.data.dicom.grey` says.

    Args:
        path: of a file, or of a frame in one (`core.data.frames`).
        window: for scans in Hounsfield units.
        sha256: as in the index, where the content must be that one.

    Raises:
        DatasetError: the file cannot be used, or has changed; the text is the path and the problem.
    """
    file, frame = file_and_frame(path)
    try:
        with quiet_readers(), reasons():
            status = status_of(file)
            if frame is not None:
                return _read_frame(file, status, frame, window, sha256)
            content = content_of(file, status)
            if sha256 and hashlib.sha256(content).hexdigest() != sha256:
                raise UnusableError(_CHANGED)
            return _read(content, file.suffix, window)
    except UnusableError as error:
        raise DatasetError(f"{path}: {error}") from None


def read_scan_bytes(content: bytes, name: str, *, window: Window = LUNG) -> NDArray[np.uint8]:
    """As `read_scan`, for a file that is only in memory, such as an upload.

    Args:
        content: all of the file.
        name: what it was called; nothing is opened by that name.
        window: for scans in Hounsfield units.

    Raises:
        DatasetError: the file cannot be used; the text is the problem alone.
    """
    try:
        with quiet_readers(), reasons():
            if not content:
                raise UnusableError(EMPTY)
            return _read(content, Path(name).suffix, window)
    except UnusableError as error:
        raise DatasetError(str(error)) from None


def inspect_scan(path: Path | str, *, patient_key: PatientKey | None = None) -> tuple[ScanFacts, ...]:
    """Hash the file and decode it once, wholly; what is wrong comes back as `problem`, nothing is raised.

    Gives one element for each scan in the file: a DICOM file has as many as it has frames. Without a `patient_key`
    nothing is said of patients.
    """
    path = Path(path)
    known: dict[str, Any] = {}
    try:
        with quiet_readers(), reasons():
            status = status_of(path)
            known["bytes"] = status.st_size
            content = content_of(path, status)
            known["sha256"] = hashlib.sha256(content).hexdigest()
            header = dicom_header(content, path.suffix)
            if header is not None:
                return tuple(_frames(header, known, patient_key))
            with pillow_images.opened(content) as image:
                known |= {"width": image.width, "height": image.height, "mode": image.mode, "format": image.format}
                known["metadata"] = _joined(image_metadata.header_items(image))
                known["remark"] = image_metadata.frames_remark(image)
                # Also turned grey, though nobody looks: what passes here must not fail in `read_scan` later.
                return (ScanFacts(**known | _of_pixels(pillow_images.grey(image, content))),)
    except UnusableError as error:
        return (ScanFacts(**known, problem=str(error)),)


def scan_digest(path: Path | str) -> str:
    """The scan's `sha256`, as `inspect_scan` gives it.

    Raises:
        OSError: it cannot be read.
    """
    file, frame = file_and_frame(path)
    return _scan_digest(hashlib.sha256(file.read_bytes()).hexdigest(), frame)


def resize_scan(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Squash (h, w) to (size, size): area averages where it shrinks, linear in between where it grows.

    Squashed, not padded or cropped: bars beside the scan would show the network its aspect ratio, which often
    tells the hospital or the class; a crop would lose anatomy at the rim.

    Raises:
        ValueError: `size` is below 1, or `pixels` is not a non-empty (h, w).
    """
    if size < 1:
        raise ValueError(f"size must be at least 1 px, got {size}")
    if pixels.ndim != 2 or pixels.size == 0:
        raise ValueError(f"pixels must have the shape (h, w), got {pixels.shape}")
    height, width = pixels.shape
    # In two steps, as OpenCV's area average turns into a plain linear one as soon as one side grows.
    shrunk = (min(width, size), min(height, size))
    if shrunk != (width, height):
        pixels = np.asarray(cv2.resize(pixels, shrunk, interpolation=cv2.INTER_AREA), np.uint8)
    if shrunk != (size, size):
        pixels = np.asarray(cv2.resize(pixels, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)
    return pixels if pixels.flags.writeable else pixels.copy()


def _read(content: bytes, suffix: str, window: Window) -> NDArray[np.uint8]:
    header = dicom_header(content, suffix)
    if header is not None:
        from core.data.dicom.grey import grey_frame

        return grey_frame(header, 1, window).pixels
    with pillow_images.opened(content) as image:
        return pillow_images.grey(image, content)


def _read_frame(file: Path, status: os.stat_result, frame: int, window: Window, sha256: str) -> NDArray[np.uint8]:
    from core.data.dicom.grey import grey_frame
    from core.data.dicom.many_frames import header_and_digest

    with file.open("rb") as opened:
        start = opened.read(_START_BYTES)
    if not has_dicom_magic(start) and not may_be_dicom(start, file.suffix):
        raise UnusableError("not found: only DICOM files have frames with a number")
    header, digest = header_and_digest(file, status, frame)
    if frame > header.frames:
        raise UnusableError(f"not found: the file has {header.frames} frames")
    if sha256 and _scan_digest(digest, frame) != sha256:
        raise UnusableError(_CHANGED)
    return grey_frame(header, frame, window).pixels


def dicom_header(content: bytes, suffix: str) -> "Header | None":
    """The header of a DICOM file; None of any other."""
    if not has_dicom_magic(content):
        if not may_be_dicom(content, suffix):
            return None
        with suppress(UnidentifiedImageError), pillow_images.opened(content):
            return None
    from core.data.dicom.header import read_header

    return read_header(content)


def _frames(header: "Header", known: dict[str, Any], patient_key: PatientKey | None) -> Iterator[ScanFacts]:
    from core.data.dicom import facts as dicom_facts
    from core.data.dicom.grey import grey_frame

    known |= {"width": header.columns, "height": header.rows, "mode": dicom_facts.mode(header), "format": "DICOM"}
    with unquoted("damaged: its DICOM header cannot be read"):
        if patient_key is not None:
            values = (header.attributes.get(keyword) for keyword in ("PatientID", "IssuerOfPatientID"))
            known["patient"] = patient_key.hashed(*(str(value or "") for value in values))
        known["metadata"] = _joined(dicom_facts.header_items(header))
    file_sha256 = known["sha256"]
    for frame in range(1, header.frames + 1):
        known["sha256"] = _scan_digest(file_sha256, frame if header.frames > 1 else None)
        try:
            with reasons():
                shown = grey_frame(header, frame, LUNG)
                yield ScanFacts(**known | _of_pixels(shown.pixels), remark=shown.remark)
        except UnusableError as error:
            yield ScanFacts(**known, problem=str(error))


def _scan_digest(file_sha256: str, frame: int | None) -> str:
    return file_sha256 if frame is None else hashlib.sha256(f"{file_sha256}#{frame}".encode()).hexdigest()


def _of_pixels(grey: NDArray[np.uint8]) -> dict[str, Any]:
    height, width = grey.shape
    # Only ever compared with one another; a SHA-256 takes a fifteenth of the time that indexing takes.
    digest = xxhash.xxh3_128(f"{height}x{width}".encode())
    digest.update(grey.data if grey.flags.c_contiguous else grey.tobytes())
    return {"width": width, "height": height, "pixels": digest.hexdigest()}


def _joined(items: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" if value else name for name, value in sorted(items.items()))
