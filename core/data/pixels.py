"""Many scans as equal squares: decoded once, kept on disk, read from there by training, scoring and audits."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data.folders import refusal
from core.data.images import read_scan, resize_scan
from core.data.parallel import each_in_threads
from core.data.pixel_shards import Shard
from core.data.pixel_store import PixelStore, pixel_key
from core.data.windows import LUNG, Window
from core.errors import DatasetError


class DecodedScans:
    """The squares of some scans, in order, on disk: a number gives one, a slice or an array of rows gives several.

    Each is checked as it is read. One that was damaged or removed since is decoded from its file again, so what comes
    is always the scan. Can be sent to other processes.
    """

    def __init__(self, source: "_Source", shards: Sequence[Shard], places: NDArray[np.int64]) -> None:
        """`places`, shape (n, 3), says for each scan its number in the source, its shard and the row there."""
        self._source, self._shards, self._places = source, shards, places

    @property
    def size(self) -> int:
        """Side of the squares in px."""
        return self._source.size

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, rows: "int | slice | NDArray[np.int64]") -> NDArray[np.uint8]:
        """One square (size, size), or several (k, size, size): copies."""
        if isinstance(rows, int | np.integer):
            return self._square(*self._places[rows].tolist()).copy()
        places = self._places[rows]
        squares = np.empty((len(places), self.size, self.size), np.uint8)
        for position, place in enumerate(places.tolist()):
            squares[position] = self._square(*place)
        return squares

    def part(self, rows: NDArray[np.int64]) -> "DecodedScans":
        """Some of these scans, without reading them."""
        return DecodedScans(self._source, self._shards, self._places[rows])

    def _square(self, number: int, shard: int, row: int) -> NDArray[np.uint8]:
        square = self._shards[shard].square(row)
        return self._source.square(number) if square is None else square


def decoded(
    root: Path | str,
    table: pd.DataFrame,
    size: int,
    *,
    window: Window = LUNG,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DecodedScans:
    """Every scan grey and squashed to (size, size); those that no earlier call has decoded are decoded now.

    `decoded(...)[:]` is an array of all of them.

    Args:
        root: the dataset's folder.
        table: a row a scan: `path` (relative to `root`, with `/`) and `sha256`, as in the index.
        size: side of the squares in px, at least 1.
        window: for scans in Hounsfield units.
        workers: threads; by default a few for each core.
        progress: called with (done, total) once for the scans that are there already, then after each other one.

    Raises:
        DatasetError: a scan cannot be read, has changed since it was indexed, or its path leads outside `root`.
        WorkError: the disk is full, the cache cannot be written, or its limit is too low for these scans.
        ConfigError: the limit in the environment is no number.
        ValueError: `size` or `workers` is below 1.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1 px, got {size}")
    source = _Source(Path(root).resolve(), table["path"].tolist(), table["sha256"].tolist(), size, window)
    keys = [pixel_key(content) for content in source.contents]
    store = PixelStore(size, window)
    found = store.places(keys, workers=workers)
    # Copies of one content are decoded once.
    missing = {key: number for number, key in reversed(list(enumerate(keys))) if key not in found}
    there = len(keys) - len(missing)
    if progress is not None and there:
        progress(there, len(keys))
    squares = each_in_threads(
        source.square,
        sorted(missing.values()),
        workers=workers,
        progress=None if progress is None else lambda done, _total: progress(there + done, len(keys)),
    )
    found |= store.add(sorted(missing, key=missing.__getitem__), squares, beside=found.values())
    shards = list({id(place.shard): place.shard for place in found.values()}.values())
    number_of = {id(shard): number for number, shard in enumerate(shards)}
    places = [(number, number_of[id(found[key].shard)], found[key].row) for number, key in enumerate(keys)]
    return DecodedScans(source, shards, np.array(places, np.int64).reshape(-1, 3))


def kept_square(sha256: str, size: int, *, window: Window = LUNG) -> NDArray[np.uint8] | None:
    """The square (size, size) of one content, where an earlier call of `decoded` has left it; else None."""
    key = pixel_key(sha256)
    place = PixelStore(size, window).places([key]).get(key)
    return None if place is None else place.shard.square(place.row)


class _Source:
    """Where the scans come from."""

    def __init__(self, root: Path, paths: list[str], contents: list[str], size: int, window: Window) -> None:
        self.root, self.paths, self.contents, self.size, self.window = root, paths, contents, size, window

    def square(self, number: int) -> NDArray[np.uint8]:
        """One scan from its file, which must hold what it held when it was indexed."""
        path = self.paths[number]
        if reason := refusal(self.root, path):
            raise DatasetError(f"{path}: {reason}")
        scan = read_scan(self.root / path, window=self.window, sha256=self.contents[number])
        return resize_scan(scan, self.size)
