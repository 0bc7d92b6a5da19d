"""Where the heat of a run's maps lies: of each scan of validation and test, in lungs, body and border.

Grad-CAM at the last stage, of two classes of each scan: of the positive one, and of the likeliest of the others. One of
the two is what the model says, whichever threshold comes into force later; so the analysis holds for all of them.
Lungs are looked for in the scans' own pixels, not in the squares that the network takes: shrunk edges tell less.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analyses.job import finished_folder
from core.analyses.kinds import Progress
from core.data.folders import refusal
from core.data.images import read_scan, resize_scan
from core.decided import point_in_force
from core.errors import DatasetError, RequestError, WorkError
from core.explanation.batches import MapBatch, maps_of
from core.explanation.lungs import find_lungs
from core.explanation.whereabouts import OUTSIDE_BELOW, whereabouts
from core.files import write_array, write_whole
from core.models.build import LoadedModel
from core.models.weights import load_run_model
from core.results import split_results, splits_of
from core.run_record import damaged
from core.runs import Run, read_index

KIND = "heat"
SPLITS_LOOKED_AT = ("val", "test")
MOST_PICTURES = 20_000  # kept for mean pictures: of more scans an even sample
PICTURE_PX = 64

TABLE, HEATS, SCANS, PICTURED = "heat.parquet", "heats.npy", "scans.npy", "pictured.parquet"
_BATCH = 16
_PLACES = ("in_lungs", "in_body", "in_border", "lung_area", "peak_y", "peak_x", "peak_in", "maximum")


def work(run: Run, folder: Path, options: Mapping[str, str], progress: Progress) -> None:
    """Write the places of the heat, and small maps and scans for mean pictures.

    `heat.parquet`: two rows a scan, `path, target, in_lungs, in_body, in_border, lung_area, peak_y, peak_x, peak_in,
    maximum, refused`; what they mean says `core.explanation.whereabouts`. `refused` is why there are no lungs, in
    words. `heats.npy` float16 (n, 2, h, w), `scans.npy` uint8 (n, 64, 64), rows as in `pictured.parquet` (`path`,
    `other`: the class of the second map, the first being of the positive one).

    Raises:
        RequestError: an option is given, the run has neither validation nor test scans, or its network has no maps.
        DatasetError: the dataset is not where it was.
        WorkError: none of its scans can be read.
    """
    if options:
        raise RequestError(f"expected no options for {KIND}, found {', '.join(options)}; leave them out")
    root = Path(run.record.data)
    table = _scans_to_look_at(run)
    if not root.is_dir():
        raise DatasetError(f"expected the run's scans in {root}, found no such folder; bring it back to look at maps")
    model = load_run_model(run)
    drawn = _Drawn(table)
    rows: list[dict[str, Any]] = []
    progress(0, len(table))
    for start in range(0, len(table), _BATCH):
        part = table.iloc[start : start + _BATCH]
        rows += _looked_at(model, root, part, drawn)
        progress(min(start + _BATCH, len(table)), len(table))
    found = pd.DataFrame(rows, columns=["path", "target", *_PLACES, "refused"])
    if found["maximum"].isna().all():
        raise WorkError(f"expected scans in {root}, but none can be read: {found['refused'].iloc[0]}")
    drawn.write(folder)
    write_whole(folder / TABLE, lambda path: found.to_parquet(path, index=False))


def read_heat(run: Run) -> pd.DataFrame | None:
    """Where the heat lies for what the model says of each scan at the threshold in force; None before the analysis.

    A row a scan of validation and test: the columns of `heat.parquet`, `target` being the predicted class, and
    `split, group, label, score, predicted, cell`.

    Raises:
        RunDamagedError: a file of the run or of the analysis cannot be read.
    """
    folder = finished_folder(run, KIND)
    if folder is None:
        return None
    found = read_table(folder / TABLE, ("path", "target", *_PLACES, "refused"))
    threshold = point_in_force(run).threshold
    called = pd.concat([split_results(run, split).with_cells(threshold) for split in _splits(run)], ignore_index=True)
    columns = ["path", "split", "group", "label", "score", "predicted", "cell"]
    return called[columns].merge(found, left_on=["path", "predicted"], right_on=["path", "target"], how="inner")


def outside_lungs(table: pd.DataFrame) -> pd.DataFrame:
    """The scans of which the model looked outside the lungs, least heat in them first; `table` as `read_heat` gives."""
    rows = table[table["in_lungs"] < OUTSIDE_BELOW]
    return rows.sort_values(["in_lungs", "path"], kind="stable").reset_index(drop=True)


def read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """A table of the analysis that has these columns.

    Raises:
        RunDamagedError: it cannot be read, or lacks one.
    """
    try:
        return pd.read_parquet(path)[list(columns)]
    except Exception as error:  # pyarrow raises many kinds on damaged bytes
        raise damaged(path, error) from error


class _Drawn:
    """Small maps and scans, collected for mean pictures."""

    def __init__(self, table: pd.DataFrame) -> None:
        count = min(len(table), MOST_PICTURES)
        rows = np.linspace(0, len(table) - 1, count).round().astype(int)
        self._wanted = set(table["path"].to_numpy(object)[rows])
        self._names: list[tuple[str, str]] = []
        self._heats: list[NDArray[np.float16]] = []
        self._scans: list[NDArray[np.uint8]] = []

    def add(self, path: str, other: str, heats: list[NDArray[np.float32]], square: NDArray[np.uint8]) -> None:
        if path in self._wanted:
            self._names.append((path, other))
            self._heats.append(np.stack(heats).astype(np.float16))
            self._scans.append(resize_scan(square, PICTURE_PX))

    def write(self, folder: Path) -> None:
        write_array(folder / HEATS, np.stack(self._heats))
        write_array(folder / SCANS, np.stack(self._scans))
        names = pd.DataFrame(self._names, columns=["path", "other"])
        write_whole(folder / PICTURED, lambda path: names.to_parquet(path, index=False))


def _splits(run: Run) -> list[str]:
    return [split for split in splits_of(run) if split in SPLITS_LOOKED_AT]


def _scans_to_look_at(run: Run) -> pd.DataFrame:
    """Path, sha256 and the likeliest class beside the positive one, a row a scan."""
    splits = _splits(run)
    if not splits:
        raise RequestError(f"expected validation or test scans in run {run.id}, found none; train with a split")
    others = [name for name in run.record.classes if name != run.record.positive]
    table = pd.concat([split_results(run, split).table for split in splits], ignore_index=True)
    likeliest = table[others].to_numpy(np.float64).argmax(axis=1)
    contents = read_index(run).drop_duplicates("path").set_index("path")["sha256"]
    return pd.DataFrame(
        {
            "path": table["path"],
            "other": np.array(others, object)[likeliest],
            "sha256": table["path"].map(contents).fillna(""),
        }
    )


def _looked_at(model: LoadedModel, root: Path, part: pd.DataFrame, drawn: _Drawn) -> Iterator[dict[str, Any]]:
    scans: dict[str, NDArray[np.uint8]] = {}
    for scan in part.itertuples():
        path = str(scan.path)
        try:
            if reason := refusal(root, path):
                raise DatasetError(f"{path}: {reason}")
            scans[path] = read_scan(root / path, window=model.window, sha256=str(scan.sha256))
        except DatasetError as error:
            for target in (model.positive, str(scan.other)):
                yield {"path": path, "target": target, "peak_in": "", "refused": f"it cannot be read: {error}"}
    if not scans:
        return
    other = part.set_index("path")["other"].to_dict()
    squares = np.stack([resize_scan(scan, model.image_size) for scan in scans.values()])
    of_positive = _maps(model, squares, [model.positive] * len(scans))
    of_other = _maps(model, squares, [str(other[path]) for path in scans])
    for position, (path, pixels) in enumerate(scans.items()):
        anatomy = find_lungs(pixels)
        maps = {model.positive: of_positive[position], str(other[path]): of_other[position]}
        for target, (heat, maximum) in maps.items():
            yield {
                "path": path,
                "target": target,
                **vars(whereabouts(heat, anatomy)),
                "maximum": maximum,
                "refused": anatomy.refused,
            }
        drawn.add(path, str(other[path]), [heat for heat, _ in maps.values()], squares[position])


def _maps(
    model: LoadedModel, squares: NDArray[np.uint8], targets: list[str]
) -> list[tuple[NDArray[np.float32], float]]:
    """Heat at the layer's own size, and its unscaled maximum, of each scan for its class."""
    found: dict[int, tuple[NDArray[np.float32], float]] = {}
    for target in dict.fromkeys(targets):
        rows = [row for row, asked in enumerate(targets) if asked == target]
        maps = ((heat, top) for batch in maps_of(model, squares[rows], target=target) for heat, top in _pairs(batch))
        found |= {row: (heat, float(top)) for row, (heat, top) in zip(rows, maps, strict=True)}
    return [found[row] for row in range(len(targets))]


def _pairs(batch: MapBatch) -> Iterator[tuple[NDArray[np.float32], float]]:
    return zip(batch.heats, batch.maxima, strict=True)
