"""Decoded squares on disk: found by content, filled in parallel, kept below a limit."""

import hashlib
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.cache_folder import cache_folder
from core.data.parallel import each_in_threads
from core.data.pixel_shards import SUFFIX, Shard, open_shard, write_shard
from core.data.reader_version import READER_VERSION
from core.data.windows import Window
from core.errors import ConfigError, WorkError

LIMIT_VARIABLE = "CT_EXPLORER_CACHE_GIB"
DEFAULT_LIMIT_GIB = 20.0
# What a kill can lose, and what is removed at once where room is needed.
SHARD_BYTES = 64 * 2**20
_STALE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Place:
    """Where a square lies: a row of a shard."""

    shard: Shard
    row: int


class PixelStore:
    """The squares of one size and window that were decoded before."""

    def __init__(self, size: int, window: Window) -> None:
        """Raises WorkError where the cache cannot be written."""
        self.size = size
        slug = re.sub(r"[^\w.+-]", "_", window.name)
        self._folder = cache_folder("pixels", f"{size}-{slug}-v{READER_VERSION}")

    def places(self, keys: Iterable[bytes], *, workers: int | None = None) -> dict[bytes, Place]:
        """Where the squares of these keys lie, for those that are there and sound.

        A shard with a damaged square among them is removed, and with it all its squares count as missing.
        """
        wanted = set(keys)
        found: dict[bytes, Place] = {}
        rows: list[tuple[Shard, list[int]]] = []
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            try:
                shard = open_shard(path, self.size)
            except ValueError:
                _remove(path)
                continue
            except OSError:
                continue
            here = {key: row for row, key in enumerate(shard.keys) if key in wanted and key not in found}
            found |= {key: Place(shard, row) for key, row in here.items()}
            if here:
                shard.mark_as_used()
                rows.append((shard, list(here.values())))
        sound = each_in_threads(lambda some: some[0].is_sound(some[1]), rows, workers=workers)
        damaged = [shard for (shard, _), is_sound in zip(rows, sound, strict=True) if not is_sound]
        for shard in damaged:
            _remove(shard.path)
        return {key: place for key, place in found.items() if place.shard not in damaged}

    def add(
        self, keys: Sequence[bytes], squares: Iterator[NDArray[np.uint8]], *, beside: Iterable[Place] = ()
    ) -> dict[bytes, Place]:
        """Keep a square (size, size) for each key, in this order; where they lie now.

        Room is made by removing the shards whose last use is longest ago, but for those `beside` which these will
        be used.

        Raises:
            ConfigError: the limit in the environment is no number.
            WorkError: they do not fit under the limit or on the disk.
        """
        added: dict[bytes, Place] = {}
        spared = {place.shard.path for place in beside}
        per_shard = max(1, SHARD_BYTES // self.size**2)
        _check_room(self.size**2 * len(keys) + sum(map(_size, spared)))
        for start in range(0, len(keys), per_shard):
            some = keys[start : start + per_shard]
            make_room(self.size**2 * len(some), spared)
            shard = write_shard(self._folder, self.size, len(some), zip(some, squares, strict=False))
            spared.add(shard.path)
            added |= {key: Place(shard, row) for row, key in enumerate(some)}
        return added


def pixel_key(sha256: str) -> bytes:
    """The store's key, 32 bytes, of a scan's content as it stands in the index."""
    return hashlib.sha256(sha256.encode()).digest()


def limit_bytes() -> int:
    """How much the store may hold.

    Raises:
        ConfigError: the environment asks for something that is no positive number.
    """
    text = os.environ.get(LIMIT_VARIABLE) or str(DEFAULT_LIMIT_GIB)
    try:
        limit_gib = float(text)
        if not 0 < limit_gib < 1e6:
            raise ValueError
    except ValueError:
        raise ConfigError(f"expected {LIMIT_VARIABLE} to be a number of GiB above 0, found {text!r}") from None
    return int(limit_gib * 2**30)


def make_room(needed_bytes: int, spared: Iterable[Path] = ()) -> None:
    """Remove shards, the one whose last use is longest ago first, until `needed_bytes` more fit under the limit."""
    spared, limit = set(spared), limit_bytes()
    files = [(status.st_mtime, status.st_size, path) for path, status in _files(cache_folder("pixels"))]
    used = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if used + needed_bytes <= limit:
            return
        if path not in spared:
            _remove(path)
            used -= size


def _check_room(needed_bytes: int) -> None:
    limit = limit_bytes()
    if needed_bytes > limit:
        raise WorkError(
            f"expected decoded pixels of at most {limit / 2**30:.3g} GiB ({LIMIT_VARIABLE}), these scans need "
            f"{needed_bytes / 2**30:.3g} GiB; raise the limit, or choose a smaller image_size"
        )


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Every file of the store, but for what killed processes left behind long ago, which is removed."""
    now = time.time()
    for path in folder.glob("*/*"):
        with suppress(OSError):
            status = path.stat()
            if path.suffix != SUFFIX and now - status.st_mtime > _STALE_SECONDS:
                _remove(path)
            else:
                yield path, status


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _remove(path: Path) -> None:
    with suppress(OSError):  # somebody else was faster, or it is open in a system that minds
        path.unlink()
