"""A run's scans as the review room wants them: one row a scan, with all that a worklist can ask for at once."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation.decision.operating_point import OperatingPoint
from core.evaluation.subgroup_cuts import cut_column
from core.results import SplitResults, split_results
from core.review.slices import in_order
from core.review.worklists.filters import ANY
from core.review.worklists.worklist import PART
from core.runs import Run, read_index
from core.subgroup_columns import run_columns

NEAR_SHARE = 0.1  # of a split's scans are near the threshold


def case_table(run: Run, splits: Sequence[str], point: OperatingPoint) -> pd.DataFrame:
    """All scans of some splits at the thresholds in force, in the order of their paths.

    Columns: path, label, split, group, one probability a class, `score`, `predicted`, `cell` (as
    `SplitResults.with_cells`); `content`, the SHA-256 of the scan, by which notes and
    other runs know it, empty where the index lacks it; `certainty`, how far a score lies
    from the threshold, as a share in [0, 1] of how far it could; `near`, whether it is among the nearest tenth of its
    split.

    Raises:
        RequestError: the run is not finished, or has no such split.
        RunDamagedError: its tables cannot be read.
    """
    return table_of([split_results(run, split) for split in splits], read_index(run), point)


def table_of(results: Sequence[SplitResults], index: pd.DataFrame, point: OperatingPoint) -> pd.DataFrame:
    """The same from scored splits and the run's index."""
    parts = [_at_point(split, point) for split in results]
    table = pd.concat(parts, ignore_index=True)
    table["content"] = _contents(table["path"], index)
    order = np.argsort(table["path"].to_numpy(object), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    for column in ("cell", "split", "label", "predicted"):
        table[column] = table[column].astype("category")
    return table


def slice_places(table: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    """By which scans are in the order of their groups, and in each as people count: `group_number`, then `slice`.

    Both have shape (n,). A hundred thousand names take seconds, so they are put in order for who asks.
    """
    place = {path: number for number, path in enumerate(in_order(table["path"].tolist()))}
    slices = np.array([place[path] for path in table["path"].tolist()], np.int64)
    return {"group_number": pd.factorize(table["group"], sort=True)[0].astype(np.int64), "slice": slices}


def with_parts(table: pd.DataFrame, run: Run, columns: Iterable[str], split: str) -> pd.DataFrame:
    """The table with a column `PART` + name for each of these, as far as they part its scans into subgroups.

    Parts are those of the performance page: each split is cut by itself, or all scans together where `split` is
    `ANY`.

    Raises:
        RunDamagedError: the run's index cannot be read, or lacks a scan.
    """
    wanted = [name for name in dict.fromkeys(columns) if PART + name not in table.columns]
    if not wanted:
        return table
    known = columns_of_table(table, run)
    found = {}
    for name in wanted:
        if name not in known.columns:
            continue
        pieces = [known[name]] if split == ANY else [known.loc[rows, name] for rows in _rows_by_split(table)]
        cuts = [cut_column(piece).parts for piece in pieces]
        if any(len(cut) for cut in cuts):
            found[PART + name] = pd.concat([cut.astype(object) for cut in cuts]).reindex(table.index).astype("category")
    return table.assign(**found)


def parts_by_column(table: pd.DataFrame, run: Run) -> dict[str, list[str]]:
    """What the scans of one split, or of all together, can be narrowed to: the parts of each column, in their order."""
    cuts = {str(name): cut_column(column).parts for name, column in columns_of_table(table, run).items()}
    return {name: [str(part) for part in cut.cat.categories] for name, cut in cuts.items() if len(cut)}


def columns_of_table(table: pd.DataFrame, run: Run) -> pd.DataFrame:
    """What is known of each scan beside its label, rows as in the table; as the performance page has it."""
    record = run.record
    return run_columns(run, SplitResults(ANY, table, record.classes, record.positive))


def _at_point(results: SplitResults, point: OperatingPoint) -> pd.DataFrame:
    table = results.with_cells(point.threshold)
    scores, threshold = table["score"].to_numpy(), point.threshold
    room = np.where(scores >= threshold, 1 - threshold, threshold)
    table["certainty"] = np.divide(np.abs(scores - threshold), room, out=np.zeros(len(table)), where=room > 0)
    cuts = [threshold] if point.upper is None else [threshold, point.upper]
    distance = np.min([np.abs(scores - cut) for cut in cuts], axis=0)
    count = max(1, round(NEAR_SHARE * len(table)))
    table["near"] = distance <= np.partition(distance, count - 1)[count - 1]
    return table


def _contents(paths: pd.Series, index: pd.DataFrame) -> list[str]:
    content_of = dict(zip(index["path"].tolist(), index["sha256"].tolist(), strict=True))
    return [content_of.get(path, "") for path in paths.tolist()]


def _rows_by_split(table: pd.DataFrame) -> list[pd.Index]:
    return [rows.index for _, rows in table.groupby("split", observed=True)]
