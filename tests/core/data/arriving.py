"""Zips for tests, honest and hostile, and what an arrival must leave behind where it is refused: nothing."""

import io
import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def png(value: int = 0, side_px: int = 24) -> bytes:
    """A small grey scan; another value is another content."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(value).integers(0, 255, (side_px, side_px), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def two_classes(count: int = 3, top: str = "") -> dict[str, bytes]:
    """Files of two class folders, below `top` where given."""
    start = f"{top}/" if top else ""
    return {f"{start}{label}/{n}.png": png(n + 10 * len(label)) for label in ("ill", "normal") for n in range(count)}


def zipped(files: Mapping[str, bytes] | Iterable[tuple[str | zipfile.ZipInfo, bytes]], **options: int) -> io.BytesIO:
    """A zip with these entries, in this order; names are kept as they are, hostile ones too."""
    buffer = io.BytesIO()
    items = files.items() if isinstance(files, Mapping) else files
    with zipfile.ZipFile(buffer, "w", options.get("method", zipfile.ZIP_DEFLATED)) as archive:
        for name, content in items:
            archive.writestr(name, content)
    return buffer


def patched(archive: io.BytesIO, *, record: int, field: str, value: int, local: bool = True) -> io.BytesIO:
    """The zip with one number of an entry's headers overwritten, in the directory and, if `local`, at the entry."""
    content = bytearray(archive.getvalue())
    central_at = local_at = -1
    for _ in range(record + 1):
        central_at = content.index(b"PK\x01\x02", central_at + 1)
        local_at = content.index(b"PK\x03\x04", local_at + 1)
    layout = {
        "flags": ("<H", 8, 6),
        "method": ("<H", 10, 8),
        "crc": ("<I", 16, 14),
        "packed": ("<I", 20, 18),
        "size": ("<I", 24, 22),
        "offset": ("<I", 42, None),
    }
    form, in_central, in_local = layout[field]
    struct.pack_into(form, content, central_at + in_central, value)
    if local and in_local is not None:
        struct.pack_into(form, content, local_at + in_local, value)
    return io.BytesIO(bytes(content))


def left_behind(folder: Path) -> list[str]:
    """Every file and folder in a place, hidden ones too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) if folder.exists() else []
