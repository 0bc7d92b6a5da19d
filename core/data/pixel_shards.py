"""Squares of decoded scans in one file, each with its key and its checksum: never a wrong pixel from it.

A shard is a `.npy` of shape (n, size, size), uint8, with a row of `_ENTRY` for each square behind it. The checksum
of a square covers its key, its bytes and the folder's name, which says how it was read: whatever is cut off,
flipped, swapped or moved to another folder, a square is either the one that was written or none at all.
"""

import hashlib
import io
import mmap
import os
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.errors import WorkError
from core.files import write_whole

SUFFIX = ".npy"
_HEADER_STARTS_AT = 10  # behind magic, version and the header's length
_ENTRY = np.dtype([("key", "V32"), ("checksum", "V32")])
# Pages of the map that were read are let go of again, so that a pass over a shard does not look like memory in use.
_LET_GO_AFTER_BYTES = 4 * 2**20


class Shard:
    """One file of squares. It can be sent to another process, which opens the file again."""

    def __init__(self, path: Path, size: int, keys: NDArray[np.void], *, pixels_at: int) -> None:
        self.path, self.size = path, size
        self._entries, self._pixels_at = keys, pixels_at
        self._map: mmap.mmap | None = None
        self._read_bytes = 0

    @property
    def keys(self) -> list[bytes]:
        """The key of each row, 32 bytes."""
        return self._entries["key"].tolist()

    def mark_as_used(self) -> None:
        """The file's time of change is that of its last use."""
        with suppress(OSError):
            os.utime(self.path)

    def square(self, row: int) -> NDArray[np.uint8] | None:
        """One square (size, size), read-only; None where it is damaged or gone."""
        try:
            content = self._content(row)
        except (OSError, ValueError):  # removed, or nothing left to map
            return None
        entry = self._entries[row]
        if (
            content is None
            or _checksum(self.path.parent.name, entry["key"].tobytes(), content) != entry["checksum"].tobytes()
        ):
            return None
        return np.frombuffer(content, np.uint8).reshape(self.size, self.size)

    def is_sound(self, rows: Iterable[int]) -> bool:
        """Whether these rows are as they were written; the file is read, not mapped."""
        side = self.size * self.size
        try:
            with self.path.open("rb") as file:
                for row in rows:
                    file.seek(self._pixels_at + row * side)
                    entry = self._entries[row]
                    found = _checksum(self.path.parent.name, entry["key"].tobytes(), file.read(side))
                    if found != entry["checksum"].tobytes():
                        return False
        except OSError:
            return False
        return True

    def _content(self, row: int) -> bytes | None:
        if self._map is None:
            with self.path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        side = self.size * self.size
        start = self._pixels_at + row * side
        if self._map.size() < len(self._map):  # cut short since: touching what is gone would end the process
            return None
        content = self._map[start : start + side]
        self._read_bytes += side
        if self._read_bytes > _LET_GO_AFTER_BYTES and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)
            self._read_bytes = 0
        return content

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_map": None, "_read_bytes": 0}


def open_shard(path: Path, size: int) -> Shard:
    """The shard in a file.

    Raises:
        ValueError: the file is not what `write_shard` leaves.
        OSError: it cannot be opened, or has been removed.
    """
    if not path.is_file():  # opening a pipe would wait for ever
        raise OSError("not a plain file")
    with path.open("rb") as file:
        rows, pixels_at = _rows(file, size)
        file.seek(pixels_at + rows * size * size)
        entries = np.frombuffer(file.read(rows * _ENTRY.itemsize), _ENTRY)
    return Shard(path, size, entries, pixels_at=pixels_at)


def write_shard(folder: Path, size: int, rows: int, squares: Iterable[tuple[bytes, NDArray[np.uint8]]]) -> Shard:
    """Write `rows` squares, given as (key of 32 bytes, pixels (size, size)), as a new file in the folder.

    Raises:
        WorkError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    path = folder / f"{uuid.uuid4().hex}{SUFFIX}"
    entries = np.zeros(rows, _ENTRY)

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            file.write(_header(rows, size))
            for row, (key, square) in zip(range(rows), squares, strict=False):
                content = square.tobytes()
                entries[row] = (np.void(key), np.void(_checksum(folder.name, key, content)))
                file.write(content)
            file.write(entries.tobytes())

    write_whole(path, write)
    with suppress(OSError):
        path.chmod(0o600)
    try:
        return open_shard(path, size)
    except (OSError, ValueError) as error:
        raise WorkError(f"cannot read {path} just after it was written; check the disk") from error


def _rows(file: BinaryIO, size: int) -> tuple[int, int]:
    """Number of squares and where they begin. Raises ValueError where the header is not the one for that number."""
    header = file.read(_HEADER_STARTS_AT)
    pixels_at = _HEADER_STARTS_AT + int.from_bytes(header[8:], "little")
    rows, rest = divmod(os.fstat(file.fileno()).st_size - pixels_at, size * size + _ENTRY.itemsize)
    # Compared, never parsed: a stranger's header says nothing to anybody.
    if rest or rows < 1 or header + file.read(pixels_at - _HEADER_STARTS_AT) != _header(rows, size):
        raise ValueError("not written here, or damaged")
    return rows, pixels_at


def _header(rows: int, size: int) -> bytes:
    header = io.BytesIO()
    content = {"descr": "|u1", "fortran_order": False, "shape": (rows, size, size)}
    np.lib.format.write_array_header_1_0(header, content)
    return header.getvalue()


def _checksum(folder_name: str, key: bytes, content: bytes) -> bytes:
    digest = hashlib.sha256(folder_name.encode() + b"\0" + key)
    digest.update(content)
    return digest.digest()
