"""A scan of a run, found in its dataset's folder: the file's pixels, and the square that its network takes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.folders import refusal
from core.data.images import read_scan, resize_scan
from core.data.pixels import kept_square
from core.errors import DatasetError
from core.models.build import LoadedModel
from core.runs import Run


def scan_of(run: Run, model: LoadedModel, path: str) -> NDArray[np.uint8]:
    """A scan as its file has it, grey bytes (h, w).

    Raises:
        DatasetError: it leads out of the dataset's folder, is not there, or cannot be read.
    """
    root = Path(run.record.data).resolve()
    if reason := refusal(root, path):
        raise DatasetError(f"expected a scan in {root}, found {path!r}: {reason}")
    return read_scan(root / path, window=model.window)


def square_of(run: Run, model: LoadedModel, path: str, *, sha256: str = "") -> NDArray[np.uint8]:
    """A scan as the network takes it, grey bytes (image_size, image_size); kept pixels where there are some.

    Args:
        run: whose dataset it is in.
        model: whose window and size are meant.
        path: in the run's index.
        sha256: of its file, where it is known.

    Raises:
        DatasetError: as `scan_of`.
    """
    kept = kept_square(sha256, model.image_size, window=model.window) if sha256 else None
    return kept if kept is not None else resize_scan(scan_of(run, model, path), model.image_size)
