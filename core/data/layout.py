"""Where a dataset keeps its scans: class folders, an index.csv, or both. Looks at names, opens no scan."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.data.folders import EXPECTED, dataset_root, is_folder, refusal, visible_entries, walk
from core.data.index_csv import read_index_csv
from core.errors import DatasetError
from core.evaluation.splits import SPLITS

INDEX_NAME = "index.csv"
GIVEN_COLUMNS = ("path", "label", "patient_id", "split")


@dataclass(frozen=True)
class Listed:
    """One scan as its dataset names it, before anyone has opened it."""

    path: str
    label: str
    patient_id: str = ""
    split: str = ""
    problem: str = ""
    further: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """All scans of a dataset in the order of its index.csv, else by path, and what else is worth saying."""

    scans: tuple[Listed, ...]
    further_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def list_scans(folder: Path | str) -> Listing:
    """Every scan that the dataset claims to have, those it should not claim with a `problem`.

    Raises:
        DatasetError: no such folder, nothing in it, or an index.csv that cannot be used at all.
    """
    root = dataset_root(folder)
    if (root / INDEX_NAME).is_file():
        listing = _listed_in_csv(root)
        if not listing.scans:
            raise DatasetError(f"{root / INDEX_NAME} lists no scans: expected a row for each below line 1")
        return listing
    listing = _listed_by_folder(root)
    if not listing.scans:
        loose = sum(1 for entry in visible_entries(root) if not is_folder(entry))
        found = f"{loose} files directly in it" if loose else "nothing"
        raise DatasetError(f"no scans in {root}: {EXPECTED}; found {found}")
    return listing


def _listed_by_folder(root: Path) -> Listing:
    scans = []
    for path, entry, problem in walk(root):
        folder, _, below = path.partition("/")
        if not below and not problem:  # README.md and the like
            continue
        if entry is not None and entry.is_symlink() and not problem:
            problem = refusal(root, path)
        shown = _printable(path)
        if shown != path:
            problem = "the file's name is not UTF-8: rename it"
        scans.append(Listed(shown, label=_printable(folder), problem=problem))
    return Listing(tuple(scans))


def _listed_in_csv(root: Path) -> Listing:
    columns, lines = read_index_csv(root / INDEX_NAME)
    further = tuple(name for name in columns if name not in GIVEN_COLUMNS)
    rows = [
        Listed(
            path=_tidy(line["path"]),
            label=line["label"],
            patient_id=line.get("patient_id", ""),
            split=line.get("split", ""),
            further={name: line[name] for name in further},
        )
        for line in lines
    ]
    by_path: dict[str, list[Listed]] = {}
    for row in rows:
        by_path.setdefault(row.path, []).append(row)
    splits_given = any(row.split in SPLITS for row in rows)
    scans, seen = [], set()
    for row in rows:
        problem = (
            refusal(root, row.path)
            or _twice(by_path[row.path], again=row.path in seen)
            or _bad_value(row, splits_given=splits_given)
        )
        seen.add(row.path)
        scans.append(Listed(row.path, row.label, row.patient_id, row.split, problem=problem, further=row.further))
    return Listing(tuple(scans), further, _unlisted_note(root, rows))


def _bad_value(row: Listed, *, splits_given: bool) -> str:
    if not row.label:
        return f"the label is empty in {INDEX_NAME}"
    if row.split and row.split not in SPLITS:
        return f"unknown split '{row.split}': expected train, val or test"
    if splits_given and not row.split:
        return "the split is empty while other rows have one"
    return ""


def _twice(rows: list[Listed], *, again: bool) -> str:
    if len({(row.label, row.patient_id, row.split) for row in rows}) > 1:
        return f"listed {len(rows)} times in {INDEX_NAME}, and not with the same values"
    return f"listed {len(rows)} times in {INDEX_NAME}: the first row counts" if again else ""


def _unlisted_note(root: Path, rows: list[Listed]) -> tuple[str, ...]:
    listed = {path for row in rows for path in (row.path, row.path.rpartition("#")[0])}  # a frame lists its file
    masks = {_tidy(row.further["mask"]) for row in rows if row.further.get("mask")}
    # Where masks have folders to themselves, the rest of these folders are masks as well.
    mask_folders = {_folder(path) for path in masks} - {_folder(path) for path in listed}
    count = sum(
        1
        for path, _, _ in walk(root)
        if "/" in path and path not in listed and path not in masks and _folder(path) not in mask_folders
    )
    if count == 0:
        return ()
    return (f"{count} files in the folders are not listed in {INDEX_NAME}, and left out",)


def _tidy(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).as_posix() if path else ""


def _folder(path: str) -> str:
    return PurePosixPath(path).parent.as_posix()


def _printable(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
