"""Every format but DICOM: opened by Pillow with named decoders, upright and grey."""

import io
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageOps

from core.data.decoding.apart import decoded_apart
from core.data.refusals import check_size

# Named, so that no other decoder ever sees a stranger's file: some of Pillow's start outside programs.
READ_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "JPEG2000", "PPM")

_LINEAR_MODES = ("I", "F")  # and every "I;16..."


def opened(content: bytes) -> Image.Image:
    """The image with only its header read, of a size that is read.

    Raises:
        Exception: of nearly any kind, where it is damaged; `core.data.refusals.reasons` makes a line of it.
    """
    return Image.open(io.BytesIO(content), formats=READ_FORMATS)


def grey(image: Image.Image, content: bytes) -> NDArray[np.uint8]:
    """Decode, turn upright, and to grey: shape (h, w), 0 black to 255 white, transparency on black.

    More than 8 bits are scaled linearly: the image's own lowest value to 0, its highest to 255.

    Args:
        image: as `opened` gives it.
        content: what it was opened from.

    Raises:
        UnusableError: too large or too small, or it cannot be decoded.
        Exception: as `opened`.
    """
    check_size(*image.size)
    # OpenJPEG can be kept busy for ever, and LibTIFF has its say on standard error.
    if image.format == "JPEG2000" or any(tile[0] == "libtiff" for tile in getattr(image, "tile", ())):
        job = {"kind": "image", "format": image.format, "megapixels": image.width * image.height / 1e6}
        return np.asarray(decoded_apart(job, content), np.uint8)
    return _array(_upright_and_grey(image))


def decoded_here(content: bytes, format: str) -> NDArray[np.uint8]:
    """What `grey` gives, in this process whatever the decoder."""
    with Image.open(io.BytesIO(content), formats=(format,)) as image:
        return np.asarray(_upright_and_grey(image))  # Arrow is not loaded there


def _upright_and_grey(image: Image.Image) -> Image.Image | NDArray[np.uint8]:
    image.load()
    # A garbled EXIF block says nothing about the pixels, which are fine by now.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode == "CMYK" and image.format == "JPEG" and "adobe" not in image.info:
        image = ImageChops.invert(image)  # Pillow takes all for inverted, as Adobe's are
    if image.mode in _LINEAR_MODES or image.mode.startswith("I;16"):
        return _scaled_to_8_bit(np.asarray(image))
    if image.has_transparency_data:
        image = _on_black(image)
    return image if image.mode == "L" else image.convert("L")


def _array(grey: Image.Image | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What `np.asarray` gives, shape (h, w), but of an image its own memory: two copies less."""
    if isinstance(grey, np.ndarray):
        return grey
    import pyarrow

    try:
        pixels = pyarrow.array(grey)
    except ValueError:  # Pillow keeps large images in pieces
        return np.asarray(grey)
    return pixels.to_numpy().reshape(grey.height, grey.width)


def _on_black(image: Image.Image) -> Image.Image:
    """The image where it is opaque throughout, else a grey one, composited."""
    if image.mode not in ("RGBA", "LA"):
        image = image.convert("RGBA")
    alpha = image.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return image
    black = Image.new("L", image.size, 0)
    black.paste(image.convert("L"), mask=alpha)
    return black


def _scaled_to_8_bit(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Lowest to 0, highest to 255; all 0 where there is only one value. NaN counts as the lowest."""
    exact = values.astype(np.float64)
    finite = exact[np.isfinite(exact)]
    if finite.size == 0 or finite.min() == finite.max():
        return np.zeros(exact.shape, np.uint8)
    low, high = finite.min(), finite.max()
    exact = np.nan_to_num(exact, nan=low, posinf=high, neginf=low)
    return np.rint((exact - low) * (255 / (high - low))).astype(np.uint8)
