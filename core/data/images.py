"""One scan file: read as grey pixels, or described with the reason why it cannot be read."""

import hashlib
import io
import os
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import DatasetError

# Named, so that no other decoder ever sees a stranger's file: some of Pillow's start outside programs.
READ_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "JPEG2000", "PPM")
MAX_MEGAPIXELS = 64
MAX_FILE_MIB = 512
MIN_SIDE_PX = 16

_LINEAR_MODES = ("I", "F")  # and every "I;16..."
_DICOM_SUFFIXES = (".dcm", ".dicom")
_DICOM_MAGIC_AT = 128


@dataclass(frozen=True)
class ScanFacts:
    """What one file is. Sizes are those of the upright image; 0 or empty where not known.

    `mode` is Pillow's name for the stored pixels (before turning grey), `format` Pillow's name for what the
    content is, `bytes` the file's size, `problem` one line that says why the scan cannot be used, else empty.
    """

    width: int = 0
    height: int = 0
    mode: str = ""
    format: str = ""
    bytes: int = 0
    sha256: str = ""
    problem: str = ""


def read_scan(path: Path | str) -> NDArray[np.uint8]:
    """The scan as grey, upright, shape (h, w), 0 black to 255 white.

    What the file is called does not matter, only what it holds. Transparency lies on black. Of several
    frames the first is read. More than 8 bits are scaled linearly: the image's own lowest value to 0,
    its highest to 255.

    Raises:
        DatasetError: the file cannot be used; the text is the path and the problem.
    """
    path = Path(path)
    try:
        with _quiet_pillow(), _reasons():
            return _read(_content(path, _status(path)), path)
    except _UnusableError as error:
        raise DatasetError(f"{path}: {error}") from None


def read_scan_bytes(content: bytes, name: str) -> NDArray[np.uint8]:
    """As `read_scan`, for a file that is only in memory, such as an upload.

    Args:
        content: all of the file.
        name: what it was called; nothing is opened by that name.

    Raises:
        DatasetError: the file cannot be used; the text is the problem alone.
    """
    try:
        with _quiet_pillow(), _reasons():
            if not content:
                raise _UnusableError(_EMPTY)
            return _read(content, Path(name))
    except _UnusableError as error:
        raise DatasetError(str(error)) from None


def inspect_scan(path: Path | str) -> ScanFacts:
    """Hash the file and decode it once, wholly; what is wrong comes back as `problem`, nothing is raised."""
    path = Path(path)
    known: dict[str, int | str] = {}
    problem = ""
    try:
        with _quiet_pillow(), _reasons():
            status = _status(path)
            known["bytes"] = status.st_size
            content = _content(path, status)
            known["sha256"] = hashlib.sha256(content).hexdigest()
            with _opened(content, path) as image:
                known |= {"width": image.width, "height": image.height, "mode": image.mode}
                known["format"] = image.format or ""
                _check_size(image)
                # Also turned grey, though nobody looks: what passes here must not fail in `read_scan` later.
                known["height"], known["width"] = _grey(_upright(image)).shape
    except _UnusableError as error:
        problem = str(error)
    return ScanFacts(**known, problem=problem)  # type: ignore[arg-type]


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
    return pixels


class _UnusableError(Exception):
    """Why a file cannot be used: one line, without the path."""


@contextmanager
def _reasons() -> Iterator[None]:
    """Turn whatever reading and decoding may raise into one line.

    Broad on purpose: decoders fed with damaged files raise nearly anything (SyntaxError, struct.error, ...).
    """
    try:
        yield
    except _UnusableError:
        raise
    except FileNotFoundError:
        raise _UnusableError("not found: there is no such file") from None
    except (Image.DecompressionBombError, MemoryError):
        raise _UnusableError(_TOO_LARGE) from None
    except UnidentifiedImageError:
        raise _UnusableError(_NOT_AN_IMAGE) from None
    except OSError as error:
        if error.strerror:  # the system's refusal; decoders raise OSError without one
            raise _UnusableError(f"cannot be opened: {error.strerror}") from None
        raise _UnusableError(_damaged(error)) from None
    except Exception as error:
        raise _UnusableError(_damaged(error)) from None


_TOO_LARGE = f"too large: more than the {MAX_MEGAPIXELS} megapixels that are read; scale it down"
_NOT_AN_IMAGE = "not an image, or its start is damaged: expected PNG, JPEG, BMP, TIFF, WebP, GIF, JPEG 2000 or PGM"
_EMPTY = "empty file (0 bytes)"
_DICOM = "DICOM is not read yet: export it as PNG first"


def _damaged(error: Exception) -> str:
    return f"damaged or cut off: {' '.join(str(error).split())[:150] or type(error).__name__}"


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except ValueError as error:  # a NUL in the path
        raise _UnusableError(f"cannot be opened: {error}") from None


def _content(path: Path, status: os.stat_result) -> bytes:
    if stat.S_ISDIR(status.st_mode):
        raise _UnusableError("a folder, not a file")
    if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
        raise _UnusableError("not a plain file")
    if status.st_size == 0:
        raise _UnusableError(_EMPTY)
    if status.st_size > MAX_FILE_MIB * 2**20:
        raise _UnusableError(f"too large: more than the {MAX_FILE_MIB} MiB that are read")
    return path.read_bytes()


def _read(content: bytes, path: Path) -> NDArray[np.uint8]:
    with _opened(content, path) as image:
        _check_size(image)
        return _grey(_upright(image))


def _opened(content: bytes, path: Path) -> Image.Image:
    """The image with only its header read."""
    if content[_DICOM_MAGIC_AT : _DICOM_MAGIC_AT + 4] == b"DICM" or path.suffix.lower() in _DICOM_SUFFIXES:
        raise _UnusableError(_DICOM)
    return Image.open(io.BytesIO(content), formats=READ_FORMATS)


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_MEGAPIXELS * 1_000_000:
        raise _UnusableError(_TOO_LARGE)
    if min(image.size) < MIN_SIDE_PX:
        raise _UnusableError(
            f"too small: {image.width} x {image.height} px, at least {MIN_SIDE_PX} x {MIN_SIDE_PX} are needed"
        )


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    # A garbled EXIF block says nothing about the pixels, which are fine by now.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _grey(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode in _LINEAR_MODES or image.mode.startswith("I;16"):
        return _scaled_to_8_bit(np.asarray(image))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        black = Image.new("L", image.size, 0)
        black.paste(image.convert("L"), mask=image.getchannel("A"))
        image = black
    return np.array(image.convert("L"))


def _scaled_to_8_bit(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Lowest to 0, highest to 255; all 0 where there is only one value. NaN counts as the lowest."""
    exact = values.astype(np.float64)
    finite = exact[np.isfinite(exact)]
    if finite.size == 0 or finite.min() == finite.max():
        return np.zeros(exact.shape, np.uint8)
    low, high = finite.min(), finite.max()
    exact = np.nan_to_num(exact, nan=low, posinf=high, neginf=low)
    return np.rint((exact - low) * (255 / (high - low))).astype(np.uint8)


_quiet_lock = threading.Lock()
_quiet_readers = 0
_quiet_filters = warnings.catch_warnings()


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Ignore Pillow's warnings while at least one thread reads: what matters in them is checked here anyway.

    Warning filters belong to the whole process, so only the first reader in sets them and only the last one
    out sets them back; each thread on its own would put back what another has changed.
    """
    global _quiet_readers, _quiet_filters
    with _quiet_lock:
        _quiet_readers += 1
        if _quiet_readers == 1:
            _quiet_filters = warnings.catch_warnings()
            _quiet_filters.__enter__()
            warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        yield
    finally:
        with _quiet_lock:
            _quiet_readers -= 1
            if _quiet_readers == 0:
                _quiet_filters.__exit__(None, None, None)
