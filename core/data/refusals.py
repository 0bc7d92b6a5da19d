"""Why a file cannot be used: whatever reading and decoding may raise, as one line without the path."""

from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

MAX_MEGAPIXELS = 64
MIN_SIDE_PX = 16

TOO_LARGE = f"too large: more than the {MAX_MEGAPIXELS} megapixels that are read; scale it down"
NOT_AN_IMAGE = (
    "not an image, or its start is damaged: expected PNG, JPEG, BMP, TIFF, WebP, GIF, JPEG 2000, PGM or DICOM"
)
EMPTY = "empty file (0 bytes)"


class UnusableError(Exception):
    """Why a file cannot be used: one line, without the path and without anything that the file's header says."""


@contextmanager
def reasons() -> Iterator[None]:
    """Turn whatever is raised inside into an `UnusableError`.

    Broad on purpose: decoders fed with damaged files raise nearly anything (SyntaxError, struct.error, ...).
    """
    try:
        yield
    except UnusableError:
        raise
    except FileNotFoundError:
        raise UnusableError("not found: there is no such file") from None
    except (Image.DecompressionBombError, MemoryError):
        raise UnusableError(TOO_LARGE) from None
    except UnidentifiedImageError:
        raise UnusableError(NOT_AN_IMAGE) from None
    except OSError as error:
        if error.strerror:  # the system's refusal; decoders raise OSError without one
            raise UnusableError(f"cannot be opened: {error.strerror}") from None
        raise UnusableError(_damaged(error)) from None
    except Exception as error:
        raise UnusableError(_damaged(error)) from None


@contextmanager
def unquoted(problem: str) -> Iterator[None]:
    """Turn whatever is raised inside into this problem, in these words: the error's own may quote a patient's name."""
    try:
        yield
    except (UnusableError, MemoryError):
        raise
    except Exception:
        raise UnusableError(problem) from None


def check_size(width: int, height: int) -> None:
    """Pass if a scan of this size (px) is read.

    Raises:
        UnusableError: it is too large or too small.
    """
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise UnusableError(TOO_LARGE)
    if min(width, height) < MIN_SIDE_PX:
        raise UnusableError(f"too small: {width} x {height} px, at least {MIN_SIDE_PX} x {MIN_SIDE_PX} are needed")


def _damaged(error: Exception) -> str:
    return f"damaged or cut off: {' '.join(str(error).split())[:150] or type(error).__name__}"
