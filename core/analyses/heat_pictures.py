"""The mean scan and the mean map of each cell, from what the analysis of the heat has kept."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analyses.heat import HEATS, KIND, PICTURED, SCANS, read_table
from core.analyses.job import finished_folder
from core.explanation.mean_maps import MeanMap, mean_maps
from core.run_record import damaged
from core.runs import Run

_AT_ONCE = 500


def cell_pictures(run: Run, table: pd.DataFrame) -> Mapping[str, MeanMap]:
    """Mean pictures of each cell, each scan with its map for what the model says of it; none before the analysis.

    Scans squashed to a square, at `core.analyses.heat.PICTURE_PX`.

    Args:
        run: one with the analysis.
        table: as `core.analyses.heat.read_heat` gives it.

    Raises:
        RunDamagedError: a file of the analysis cannot be read.
    """
    folder = finished_folder(run, KIND)
    if folder is None:
        return {}
    pictured = read_table(folder / PICTURED, ("path", "other"))
    known = pictured.merge(table[["path", "predicted", "cell"]], on="path", how="left")
    heats, scans = _array(folder / HEATS, 4), _array(folder / SCANS, 3)
    if not len(heats) == len(scans) == len(known):
        raise damaged(folder / HEATS, ValueError("its parts do not belong together"))
    return mean_maps(_batches(known, heats, scans))


def map_cells(run: Run) -> tuple[int, int]:
    """Height and width of the maps in cells: how coarse they are. Raises RunDamagedError as `cell_pictures` does."""
    folder = finished_folder(run, KIND)
    heats = _array(folder / HEATS, 4) if folder is not None else np.zeros((0, 2, 1, 1), np.float16)
    return int(heats.shape[2]), int(heats.shape[3])


def _array(path: Path, dimensions: int) -> NDArray[Any]:
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
        if found.ndim != dimensions:
            raise ValueError(f"expected {dimensions} dimensions, found {found.ndim}")
    except (OSError, ValueError, EOFError) as error:
        raise damaged(path, error) from error
    return np.asarray(found)


def _batches(
    known: pd.DataFrame, heats: NDArray[np.float16], scans: NDArray[np.uint8]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32], Sequence[str]]]:
    which = (known["predicted"] == known["other"]).to_numpy(np.intp)  # 0: the positive class is what it says
    for start in range(0, len(known), _AT_ONCE):
        there = np.flatnonzero(known["cell"].iloc[start : start + _AT_ONCE].notna()) + start
        if len(there):
            chosen = heats[there, which[there]].astype(np.float32)
            yield scans[there], chosen, known["cell"].iloc[there].tolist()
