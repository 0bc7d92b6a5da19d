"""The network's own features of a run's scans: what its last layer decides by."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import RequestError, RunDamagedError
from core.run_record import damaged
from core.runs import Run, read_predictions

FEATURES_FILE = "embeddings.npy"
BLOCK = 4096  # scans at a time where all of them are gone through


@dataclass(frozen=True, eq=False)
class Features:
    """Features of every scan of a run.

    Attributes:
        table: a row a scan, as in the run's predictions: path, label, split, group, a probability a class.
        values: float16 (n, d), read-only; they may lie on disk, and are read where they are used.
    """

    table: pd.DataFrame
    values: NDArray[np.float16]

    def __len__(self) -> int:
        """How many scans."""
        return len(self.values)

    def directions(self, rows: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        """Those of some scans divided by their length, float32 (m, d).

        One minus a product of two is their cosine distance. All zeros stay zeros.
        """
        return directions_of(self.values[rows])


def read_features(run: Run) -> Features:
    """The features that a finished run kept, checked.

    Raises:
        RequestError: the run is not finished.
        RunDamagedError: its features or its predictions are missing or damaged, or do not fit together.
    """
    path = run.folder / FEATURES_FILE
    if run.record.status != "finished":
        raise RequestError(f"expected a finished run, found {run.id} {run.record.status}; finish it with resume first")
    table = read_predictions(run)
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise damaged(path, error) from error
    if values.ndim != 2 or len(values) != len(table) or values.dtype != np.float16 or not values.shape[1]:
        raise RunDamagedError(
            f"expected features of {len(table)} scans in {path}, found {values.dtype} of shape {values.shape}; "
            "restore the file, or train again"
        )
    for start in range(0, len(values), BLOCK):
        if not np.isfinite(values[start : start + BLOCK]).all():
            raise RunDamagedError(
                f"expected finite features in {path}, found some that are not; restore the file, or train again"
            )
    return Features(table, values)


def directions_of(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """Features (n, d) divided by their length, float32; all zeros stay zeros."""
    found = features.astype(np.float32)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.divide(found, lengths, out=found, where=lengths > 0)
