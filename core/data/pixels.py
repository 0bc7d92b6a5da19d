"""Many scans decoded into one array of equal squares."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.folders import refusal
from core.data.images import read_scan, resize_scan
from core.data.parallel import each_in_threads
from core.errors import DatasetError


def decode_scans(
    root: Path | str,
    paths: Sequence[str],
    size: int,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.uint8]:
    """Read, turn grey and squash every scan to (size, size); shape (n, size, size), rows as in `paths`.

    Args:
        root: the dataset's folder.
        paths: as in the index: relative to `root`, with `/`.
        size: side of the squares in px, at least 1.
        workers: threads; by default a few for each core.
        progress: called with (done, total) after each scan.

    Raises:
        DatasetError: a scan cannot be read, or its path leads outside `root`; the text names it.
        ValueError: `size` or `workers` is below 1.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1 px, got {size}")
    root = Path(root).resolve()
    squares = np.empty((len(paths), size, size), np.uint8)

    def decode(row: int) -> None:
        path = paths[row]
        if reason := refusal(root, path):
            raise DatasetError(f"{path}: {reason}")
        squares[row] = resize_scan(read_scan(root / path), size)

    for _ in each_in_threads(decode, range(len(paths)), workers=workers, progress=progress):
        pass
    return squares
