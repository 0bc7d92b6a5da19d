"""What an image file's header says beside its pixels: presence and numbers, never a text that a person wrote."""

from contextlib import suppress
from typing import Any

from PIL import Image

_BITS_OF_MODES = {"1": 1, "I": 32, "F": 32}
# Sum of the luminance table of ITU-T T.81, annex K, and how libjpeg scales it with quality (1 to 100).
_LUMINANCE_SUM = 3690
_MAX_DPI = 10_000
_ORIENTATION = 0x0112
_TEXT_INFO = (
    "comment",
    "Comment",
    "Software",
    "Description",
    "Title",
    "Author",
    "xmp",
    "XML:com.adobe.xmp",
    "photoshop",
)


def header_items(image: Image.Image) -> dict[str, str]:
    """Facts by name; an empty value says that something is there. `image` needs only its header read.

    `dpi`, `jpeg-quality` (estimated from the luminance table), `bits` a sample, `exif`, `orientation`, `icc-profile`,
    `text`, `progressive`, `interlaced`, `adobe`, `compression` (TIFF's name for it).
    """
    items: dict[str, str] = {}
    for fact in (_bits, _dpi, _presence, _jpeg, _others):
        with suppress(Exception):  # a garbled header says nothing, and costs nothing
            items |= fact(image)
    return items


def frames_remark(image: Image.Image) -> str:
    """Which of several frames or pages is read; empty where there is one. `image` needs only its header read."""
    with suppress(Exception):
        frames = int(getattr(image, "n_frames", 1))
        if frames > 1:
            if image.format == "TIFF":
                return f"several pages: the first of {frames} is read"
            return f"animated: the first of {frames} frames is read"
    return ""


def _bits(image: Image.Image) -> dict[str, str]:
    if image.mode.startswith("I;16"):
        return {"bits": "16"}
    return {"bits": str(_BITS_OF_MODES.get(image.mode, 8))}


def _dpi(image: Image.Image) -> dict[str, str]:
    # Pillow makes some up: 72 where a JPEG has EXIF without a resolution, 1 where a TIFF has none.
    if image.format in ("JPEG", "MPO") and not image.info.get("jfif_unit"):
        return {}
    across = float(image.info["dpi"][0]) if "dpi" in image.info else 0.0
    return {"dpi": f"{across:.0f}"} if 1 < across <= _MAX_DPI else {}


def _presence(image: Image.Image) -> dict[str, str]:
    info = image.info
    items = {}
    if "exif" in info:
        items["exif"] = ""
        turned = image.getexif().get(_ORIENTATION, 1)
        if turned in range(2, 9):
            items["orientation"] = str(turned)
    if info.get("icc_profile"):
        items["icc-profile"] = ""
    if any(name in info for name in _TEXT_INFO):
        items["text"] = ""
    return items


def _jpeg(image: Image.Image) -> dict[str, str]:
    if image.format not in ("JPEG", "MPO"):
        return {}
    items = {}
    if image.info.get("progressive") or image.info.get("progression"):
        items["progressive"] = ""
    if "adobe" in image.info:
        items["adobe"] = ""
    tables: dict[int, Any] = getattr(image, "quantization", {})
    if tables:
        scale = 100 * float(sum(tables[min(tables)])) / _LUMINANCE_SUM
        quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
        items["jpeg-quality"] = f"{min(100, max(1, quality)):.0f}"
    return items


def _others(image: Image.Image) -> dict[str, str]:
    if image.format == "TIFF":
        compression = str(image.info.get("compression", "raw"))
        return {"compression": compression if compression.replace("_", "").isalnum() else "other"}
    if image.info.get("interlace"):
        return {"interlaced": ""}
    return {}
