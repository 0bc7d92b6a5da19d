"""Scans to train on: the public CT slices where they lie beside the project, else noise with the grain of a scan."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from benchmarks.fresh_cache import fresh_cache
from benchmarks.textured import write_textured
from core.data.index import index_dataset
from core.data.pixels import decoded
from core.training.batches import ScanSplit

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "sars-cov-2-ct"


@contextmanager
def stored_scans(count: int, side: int) -> Iterator[tuple[ScanSplit, str]]:
    """`count` scans at `side` px in the store of decoded pixels, and what they are."""
    with tempfile.TemporaryDirectory() as name, fresh_cache():
        root, what = REAL, "CT slices"
        if not REAL.is_dir():
            root, what = Path(name) / "scans", "noise"
            write_textured(root, count)
        table = index_dataset(root).usable.sample(frac=1, random_state=0).head(count)
        targets = (table["label"] == table["label"].min()).to_numpy().astype(np.int64)
        yield ScanSplit(decoded(root, table, side), torch.from_numpy(targets)), what
