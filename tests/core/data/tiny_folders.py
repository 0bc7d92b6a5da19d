"""Tiny datasets on disk, and what an index of them should say."""

import numpy as np
import pytest
from PIL import Image

from core.errors import DatasetError

EXPECTED = "expected one subfolder of images per class, or an index.csv with the columns path and label"


def put_scan(path, seed=None):
    """A PNG of 20 x 18 px; the same seed gives the same bytes, by default each path its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(list(str(path).encode()) if seed is None else seed)
    Image.fromarray(rng.integers(0, 256, (18, 20), dtype=np.uint8)).save(path)


def put_csv(folder, *lines):
    """An index.csv of these lines."""
    (folder / "index.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def problems(dataset):
    """What is wrong, by path."""
    broken = dataset.table[dataset.table["problem"] != ""]
    return dict(zip(broken["path"], broken["problem"], strict=True))


def message(call, *args):
    """The one line that a refused call gives."""
    with pytest.raises(DatasetError) as raised:
        call(*args)
    assert "\n" not in str(raised.value)
    return str(raised.value)
