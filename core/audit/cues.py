"""What a scan tells that is not its anatomy: how it is stored, its shape, its rim, its noise, its brightness.

Each family is a table of numbers, one row a scan. Storage and geometry come from the index, the others from the scan
in its own size: squashing would blur the very traces that are looked for.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data.dataset import Dataset
from core.data.folders import refusal
from core.data.images import read_scan
from core.data.parallel import each_in_threads
from core.errors import DatasetError

MAX_ITEMS = 40  # of storage: one that fewer scans have than the 40th most frequent tells little
HISTOGRAM_BINS = 16
_RIM_SHARE = 0.03
_CORNER_SHARE = 0.12
_BLOCK_PX = 8
_FLAT_SHARE = 0.2  # of the blocks, the flattest: air and plain tissue, where nearly all that varies is noise
_SIDES = ("left", "right", "top", "bottom")


@dataclass(frozen=True, eq=False)
class Cues:
    """A family's columns: `values` (n, d) float64, finite, and what each of the d is called."""

    family: str
    values: NDArray[np.float64]
    names: tuple[str, ...]


def measure_cues(
    dataset: Dataset, table: pd.DataFrame, *, progress: Callable[[int, int], None] | None = None
) -> dict[str, Cues]:
    """The families by name, storage first, for the scans of `table`, rows of the dataset's usable scans.

    Raises:
        DatasetError: a scan cannot be read any more, or has changed since it was indexed.
    """

    def look(row: tuple[str, str]) -> NDArray[np.float64]:
        path, sha256 = row
        if reason := refusal(dataset.root, path):
            raise DatasetError(f"{path}: {reason}")
        return _traces(read_scan(dataset.root / path, sha256=sha256))

    rows = list(zip(table["path"], table["sha256"], strict=True))
    traces = np.stack(list(each_in_threads(look, rows, progress=progress)))  # (n, edges + noise + brightness)
    cues = [storage_cues(table), geometry_cues(table)]
    start = 0
    for family, names in _TRACES.items():
        cues.append(Cues(family, traces[:, start : start + len(names)], names))
        start += len(names)
    return {family.family: family for family in cues}


def storage_cues(table: pd.DataFrame) -> Cues:
    """Format, mode and the header's further items, 0 or 1 each, and the bytes a pixel takes."""
    texts = "format=" + table["format"] + "; mode=" + table["mode"] + "; " + table["metadata"]
    sets = [{item.strip() for item in text.split(";")} - {""} for text in texts]
    counts = Counter(item for items in sets for item in items)
    # What every scan has tells nothing, nor what a single one has.
    telling = sorted(item for item, count in counts.items() if 1 < count < len(table))
    frequent = sorted(telling, key=lambda item: -counts[item])[:MAX_ITEMS]
    # Of items that tell the same, the first is named: everybody knows what a format and a mode are.
    kept = sorted(frequent, key=lambda item: (not item.startswith(("format=", "mode=")), item))
    columns = [[float(item in items) for items in sets] for item in kept]
    size = table["bytes"].to_numpy(float) / (table["width"] * table["height"]).to_numpy(float)
    return Cues("storage", np.array([*columns, size]).T, (*kept, "bytes per pixel"))


def geometry_cues(table: pd.DataFrame) -> Cues:
    """Width, height and the aspect ratio."""
    width, height = (table[name].to_numpy(float) for name in ("width", "height"))
    return Cues("geometry", np.stack([width, height, width / height], axis=1), ("width", "height", "aspect ratio"))


def _traces(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.array([*_edges(pixels), *_noise(pixels), *_brightness(pixels)], np.float64)


def _edges(pixels: NDArray[np.uint8]) -> list[float]:
    height, width = pixels.shape
    x, y = max(1, round(width * _RIM_SHARE)), max(1, round(height * _RIM_SHARE))
    values = []
    for strip in (pixels[:, :x], pixels[:, -x:], pixels[:y], pixels[-y:]):
        values += [strip.mean(), strip.std()]
    side = max(2, round(min(width, height) * _CORNER_SHARE))
    for rows in (slice(None, side), slice(-side, None)):
        for columns in (slice(None, side), slice(-side, None)):
            corner = pixels[rows, columns]
            values += [corner.mean(), corner.std(), corner.max()]
    return values


def _noise(pixels: NDArray[np.uint8]) -> list[float]:
    """Strength and grain of what is left without the smooth part, in the flattest blocks that are not one grey."""
    exact = pixels.astype(np.float32)
    smooth = np.asarray(cv2.GaussianBlur(exact, (0, 0), 1.5), np.float32)
    rest = _blocks(exact - smooth)  # (k, 8, 8)
    structure = _blocks(smooth).std(axis=(1, 2))
    alive = rest.std(axis=(1, 2)) > 0.25
    if alive.sum() < 4:
        return [0.0, 0.0, 0.0, 1.0 - alive.mean()]
    order = np.argsort(structure[alive], kind="stable")
    flat = rest[alive][order[: max(4, round(len(order) * _FLAT_SHARE))]]
    variance = float((flat**2).mean()) + 1e-6
    across = float((flat[:, :, 1:] * flat[:, :, :-1]).mean()) / variance
    down = float((flat[:, 1:] * flat[:, :-1]).mean()) / variance
    return [float(np.log(np.median(flat.std(axis=(1, 2))))), across, down, 1.0 - float(alive.mean())]


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = (side // _BLOCK_PX for side in values.shape)
    cut = values[: rows * _BLOCK_PX, : columns * _BLOCK_PX].reshape(rows, _BLOCK_PX, columns, _BLOCK_PX)
    return cut.transpose(0, 2, 1, 3).reshape(-1, _BLOCK_PX, _BLOCK_PX)


def _brightness(pixels: NDArray[np.uint8]) -> list[float]:
    counts = np.bincount(pixels.ravel(), minlength=256).reshape(HISTOGRAM_BINS, -1).sum(axis=1)
    return [float(pixels.mean()), float(pixels.std()), *(counts / pixels.size)]


_TRACES = {
    "edges": (
        *(f"{what} of the {side} edge" for side in _SIDES for what in ("brightness", "spread")),
        *(
            f"{what} of the {corner} corner"
            for corner in ("upper left", "upper right", "lower left", "lower right")
            for what in ("brightness", "spread", "brightest pixel")
        ),
    ),
    "noise": ("noise in flat parts", "grain across", "grain down", "share of plain blocks"),
    "brightness": (
        "mean brightness",
        "spread of brightness",
        *(
            f"share of pixels {256 // HISTOGRAM_BINS * bin}-{256 // HISTOGRAM_BINS * (bin + 1) - 1}"
            for bin in range(16)
        ),
    ),
}
