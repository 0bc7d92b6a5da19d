"""What is known of each scan beside its label: by what a run's scans can be parted into subgroups."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from core.data.brightness import BRIGHTNESS
from core.data.corrected_labels import CORRECTION_COLUMNS
from core.data.dataset import COLUMNS
from core.errors import RunDamagedError
from core.evaluation.subgroup_cuts import MOST_VALUES
from core.evaluation.subgroups import Subgroups, subgroups_of
from core.results import SplitResults
from core.runs import Run, read_index

NO_BRIGHTNESS = "it was not kept when this run's scans were scored; a run trained from now on has it"


def run_columns(run: Run, results: SplitResults) -> pd.DataFrame:
    """The columns of a run's index that part its scans, a row a scan as in `results`.

    Raises:
        RunDamagedError: the run's index cannot be read, or lacks a scan.
    """
    index = read_index(run).drop_duplicates("path").reset_index(drop=True)
    row_of = dict(zip(index["path"].tolist(), range(len(index)), strict=True))
    rows = [row_of.get(path, -1) for path in results.table["path"].tolist()]
    if -1 in rows:
        lost = str(results.table["path"].iloc[rows.index(-1)])
        raise RunDamagedError(
            f"expected {lost!r} in {run.folder / 'index.parquet'}, found no such scan; restore the file, or train again"
        )
    return columns_of(index.iloc[rows].reset_index(drop=True), results)


def subgroups_in(results: SplitResults, columns: pd.DataFrame, threshold: float) -> Subgroups:
    """The subgroups that columns part the scans into; says where brightness is not known."""
    found = subgroups_of(results.scored, threshold, columns)
    if BRIGHTNESS in columns:
        return found
    return replace(found, left_out={**found.left_out, BRIGHTNESS: NO_BRIGHTNESS})


def columns_of(index: pd.DataFrame, results: SplitResults) -> pd.DataFrame:
    """Further columns of an index, image size, brightness where it was measured, format, mode and the header's items.

    Args:
        index: a dataset's table, a row a scan as in `results`.
        results: whose table may have `brightness`.
    """
    columns = {str(name): index[name] for name in index.columns if name not in (*COLUMNS, *CORRECTION_COLUMNS)}
    found = {**_sizes(index), **_brightness(results), **_storage(index)}
    columns |= {_free(name, columns): values for name, values in found.items()}
    return pd.DataFrame({name: values.to_numpy() for name, values in columns.items()}, index=results.table.index)


def _sizes(index: pd.DataFrame) -> dict[str, pd.Series]:
    """Width by height where there are few, else the side of a square as large."""
    if "width" not in index.columns or "height" not in index.columns:
        return {}
    sizes = index["width"].astype(str) + " x " + index["height"].astype(str) + " px"
    if sizes.nunique() <= min(MOST_VALUES, len(sizes) // 2):
        return {"image size": sizes}
    return {"image size, side in px": ((index["width"] * index["height"]) ** 0.5).round()}


def _brightness(results: SplitResults) -> dict[str, pd.Series]:
    if BRIGHTNESS not in results.table.columns or BRIGHTNESS in results.classes:
        return {}
    return {BRIGHTNESS: results.table[BRIGHTNESS]}


def _storage(index: pd.DataFrame) -> dict[str, pd.Series]:
    """How a scan is stored, which tells where it comes from: format, mode and each item of its header."""
    columns = {name: index[column] for name, column in (("file format", "format"), ("mode", "mode")) if column in index}
    if "metadata" not in index.columns:
        return columns
    codes, texts = pd.factorize(index["metadata"].astype(str).to_numpy(object))  # many headers say the same
    items = [dict(_item(part) for part in text.split("; ") if part) for text in texts]
    for name in sorted({name for known in items for name in known}):
        values = pd.Series(np.array([known.get(name, "") for known in items], dtype=object)[codes], index=index.index)
        numbers = pd.to_numeric(values[values != ""], errors="coerce")
        columns[f"header: {name}"] = values if numbers.isna().any() else numbers.reindex(index.index)
    return columns


def _item(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name, value or "yes"


def _free(name: str, taken: Collection[str]) -> str:
    return f"{name} (of the file)" if name in taken else name
