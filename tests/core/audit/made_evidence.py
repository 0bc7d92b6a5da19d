"""Evidence without any file: for tests of what is made of it."""

from pathlib import Path

import numpy as np
import pandas as pd

from core.audit.evidence import Evidence
from core.data.dataset import COLUMNS, Dataset
from core.data.near_duplicates import near_pairs


def a_dataset(labels: list[str], group_source: str = "scan", group_by: str = "scan", **columns: list) -> Dataset:
    """A dataset of scans that differ in every way, but for the columns given."""
    n = len(labels)
    paths = columns.get("path", [f"{label}/scan {row}.png" for row, label in enumerate(labels)])
    table = pd.DataFrame(
        {
            "path": paths,
            "label": labels,
            "group": [f"scan:{path}" for path in paths],
            "width": 200,
            "height": 160,
            "mode": "L",
            "format": "PNG",
            "bytes": 16_000,
            "sha256": [f"s{row}" for row in range(n)],
            "pixels": [f"p{row}" for row in range(n)],
        }
        | columns,
        columns=list(COLUMNS),
    )
    texts = [name for name in COLUMNS if name not in ("width", "height", "bytes")]
    table[texts] = table[texts].fillna("").astype("str")
    return Dataset(Path("nowhere"), table, group_source, group_by, ())


def evidence_of(dataset: Dataset, squares: np.ndarray | None = None) -> Evidence:
    """Evidence on its usable scans; by default each of them is noise of its own, so none looks like another."""
    table = dataset.usable.reset_index(drop=True)
    if squares is None:
        squares = np.random.default_rng(0).integers(0, 256, (len(table), 128, 128), dtype=np.uint8)
    pairs = near_pairs(squares)
    pixels = table["pixels"].to_numpy(object)
    differ = np.asarray(pixels[pairs.rows[:, 0]] != pixels[pairs.rows[:, 1]], bool)
    return Evidence(dataset, table, squares, pairs.rows[differ], pairs.correlations[differ])
