"""A dataset as a table: one row a scan, with what it is, what it belongs to and what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from core.data.corrected_labels import CORRECTION_COLUMNS, corrected_words
from core.data.dataset import COLUMNS, Dataset
from core.data.decisions import Decision, excluded_by, group_by_of, read_decisions
from core.data.folders import dataset_root
from core.data.frames import file_and_frame, frame_path
from core.data.group_ways import group_way
from core.data.grouping import group_scans
from core.data.images import ScanFacts
from core.data.inspection import inspected
from core.data.layout import INDEX_NAME, Listed, Listing, list_scans
from core.data.near_duplicates import SQUARE_PX, NearPairs, near_pairs
from core.data.pixels import decoded

_LISTED_AGAIN = f"a frame listed by itself in {INDEX_NAME}, and with its whole file: the first row counts"
_FACTS = tuple(spec.name for spec in fields(ScanFacts) if spec.name in COLUMNS)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Row:
    """A scan as listed and as found; `file` is where it lies, if it is a frame of it, else empty."""

    scan: Listed
    facts: ScanFacts
    file: str = ""


def index_dataset(
    folder: Path | str,
    *,
    group_by: str = "",
    progress: Progress | None = None,
    workers: int | None = None,
) -> Dataset:
    """Look at every file of a dataset: decode it once, hash it, group it, say what is wrong with it.

    Args:
        folder: class folders, or a folder with an index.csv, or both (then index.csv decides).
        group_by: as `core.data.group_ways.group_way` reads it; "" as decided for the dataset, else automatic.
        progress: called with (done, total) after each file; and once more for each scan, where near-duplicates are
            looked for.
        workers: threads; by default a few for each core.

    Raises:
        DatasetError: there is no such folder, no scan in it, or its index.csv is of no use. A scan that is of
            no use is no error but a row with a `problem`.
        ConfigError: `group_by` cannot be used.
    """
    root = dataset_root(folder)
    decisions = read_decisions(root)
    way = group_way(group_by or group_by_of(decisions))
    listing = list_scans(root)
    first, second = _halves(progress) if way.kind == "near-duplicates" else (progress, None)
    rows = _rows(root, listing, workers=workers, progress=first)
    table = _table(listing, rows)
    table["problem"] = table["problem"].where(table["problem"] != "", _left_out(table["path"], decisions))
    table["problem"] = table["problem"].where(table["problem"] != "", _label_conflicts(table))
    ids = pd.Series([row.scan.patient_id or row.facts.patient for row in rows], index=table.index, dtype="str")
    files = pd.Series([row.file for row in rows], index=table.index, dtype="str")

    def near() -> NearPairs:
        return near_pairs(decoded(root, table[table["problem"] == ""], SQUARE_PX, workers=workers, progress=second))

    groups = group_scans(table, ids, way, files=files, near=near)
    table["group"] = groups.names
    corrected = corrected_words(table)
    notes = (*listing.notes, *groups.notes, *([corrected] if corrected else []))
    return Dataset(root, table, groups.source, groups.way.text, notes, decisions)


def summary(dataset: Dataset) -> dict[str, Any]:
    """What is there and what is wrong with it, as plain values fit for JSON."""
    usable = dataset.usable
    broken = dataset.table.loc[dataset.table["problem"] != "", ["path", "problem"]]
    said = dataset.table.loc[dataset.table["remark"] != "", ["path", "remark"]]
    return {
        "scans": len(dataset.table),
        "usable": len(usable),
        "classes": _counts(usable["label"]),
        "groups": int(usable["group"].nunique()),
        "problems": [{"path": path, "problem": text} for path, text in broken.itertuples(index=False)],
        "splits": _counts(usable.loc[usable["split"] != "", "split"]),
        "notes": list(dataset.notes),
        "remarks": [{"path": path, "remark": text} for path, text in said.itertuples(index=False)],
        "group_source": dataset.group_source,
        "group_by": dataset.group_by,
        "decisions": [decision.says for decision in dataset.decisions],
    }


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(value): int(count) for value, count in values.value_counts().sort_index().items()}


def _halves(progress: Progress | None) -> tuple[Progress | None, Progress | None]:
    """Two that tell of one work's first and second half."""
    if progress is None:
        return None, None
    return (lambda done, total: progress(done, 2 * total)), (lambda done, total: progress(total + done, 2 * total))


def _rows(root: Path, listing: Listing, *, workers: int | None, progress: Progress | None) -> list[_Row]:
    """Every scan with its facts: of a file with several frames, each that is meant is a scan."""
    places = {scan.path: _place(root, scan.path) for scan in listing.scans if not scan.problem}
    files = list(dict.fromkeys(file for file, _ in places.values()))
    found = dict(zip(files, inspected(root, files, workers=workers, progress=progress), strict=True))
    rows: list[_Row] = []
    taken: set[str] = set()
    for scan in listing.scans:
        if scan.problem:
            rows.append(_Row(scan, ScanFacts(problem=scan.problem)))
            continue
        file, frame = places[scan.path]
        for row in _scans_in(scan, file, frame, found[file]):
            again = row.scan.path in taken
            rows.append(replace(row, facts=replace(row.facts, problem=_LISTED_AGAIN)) if again else row)
            taken.add(row.scan.path)
    return rows


def _place(root: Path, path: str) -> tuple[str, int | None]:
    """The file that a path means, and the frame in it; None where all of them are meant."""
    frame = file_and_frame(root / path)[1] if "#" in path else None
    return (path.rpartition("#")[0] if frame else path), frame


def _scans_in(scan: Listed, file: str, frame: int | None, frames: tuple[ScanFacts, ...]) -> list[_Row]:
    if frame is None and len(frames) == 1:
        return [_Row(scan, frames[0])]
    if frame is None:
        paths = [frame_path(file, number) for number in range(1, len(frames) + 1)]
        return [_Row(replace(scan, path=path), facts, file) for path, facts in zip(paths, frames, strict=True)]
    if len(frames) == 1:
        problem = frames[0].problem or f"the file is one scan, without frames: list it without '#{frame}'"
        return [_Row(scan, ScanFacts(problem=problem))]
    missing = ScanFacts(problem=f"there is no frame {frame}: the file has {len(frames)}")
    return [_Row(scan, frames[frame - 1] if frame <= len(frames) else missing, file)]


def _table(listing: Listing, rows: list[_Row]) -> pd.DataFrame:
    """`COLUMNS` (group still empty) and the further ones."""
    facts = {name: [getattr(row.facts, name) for row in rows] for name in _FACTS}
    names = {name: [getattr(row.scan, name) for row in rows] for name in ("path", "label", "split")}
    table = pd.DataFrame(names | facts | {"group": [""] * len(rows)}, columns=list(COLUMNS))
    for name in listing.further_columns:
        values = pd.Series([row.scan.further[name] for row in rows], index=table.index)
        # The table's own columns keep their names: index.csv may well bring a "width" of its own.
        is_text = name in CORRECTION_COLUMNS  # labels, though they may look like numbers
        table[f"{name} (index.csv)" if name in COLUMNS else name] = values if is_text else _numbers_if_all_are(values)
    return table


def _numbers_if_all_are(values: pd.Series) -> pd.Series:
    """Numbers (empty becomes NaN) if every value is one; text stays text, and so do ids such as 007."""
    filled = values[values != ""]
    if filled.empty or filled.str.match(r"[+-]?0\d").any():
        return values
    numbers = pd.to_numeric(filled, errors="coerce")
    return values if numbers.isna().any() else numbers.reindex(values.index)


def _label_conflicts(table: pd.DataFrame) -> pd.Series:
    """The problem of each usable scan whose very content is there under another label too, else empty."""
    problems = dict.fromkeys(table.index, "")
    usable = table[table["problem"] == ""]
    copies = usable[usable.duplicated("sha256", keep=False)]
    labels = copies.groupby("sha256")["label"].transform("nunique")
    for _, same in copies[labels > 1].groupby("sha256"):
        for row, label in same["label"].items():
            other = same[same["label"] != label].iloc[0]
            problems[row] = f"same content as {other['path']}, labelled {other['label']}: one of the labels is wrong"
    return pd.Series(problems, dtype="str")


def _left_out(paths: pd.Series, decisions: tuple[Decision, ...]) -> pd.Series:
    reasons = excluded_by(decisions)
    return paths.map(lambda path: f"left out by decision: {reasons[path]}" if path in reasons else "")
