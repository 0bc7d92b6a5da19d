"""A copy of a dataset with the labels that readers agree on; the original stays as it is.

The copy is a dataset like any other: an `index.csv` that says of each changed scan what its label was, who changed it
and when, so that whatever is trained on it can say so. Scans are not stored twice where the disk knows hard links.
"""

import csv
import io
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.data.corrected_labels import CORRECTION_COLUMNS, LABEL_BEFORE
from core.data.folders import DECISIONS_FILE, OWN_FOLDER, dataset_root, own_folder, refusal, walk
from core.data.frames import file_and_frame
from core.data.index import index_dataset
from core.data.layout import GIVEN_COLUMNS, INDEX_NAME, Listed, Listing, list_scans
from core.data.partial_folder import partial_folder, remove_abandoned
from core.data.patient_key import KEY_FILE
from core.errors import DatasetError, RequestError, WorkError
from core.files import make_folder, write_text
from core.review.notes.corrections import Corrections, corrections
from core.review.notes.note import Note
from core.spreadsheets import no_formula

Progress = Callable[[int, int], None]
_Row = dict[str, str]


@dataclass(frozen=True)
class CorrectedCopy:
    """A corrected copy that was made: its folder, its scans, and how many carry another label than before.

    `not_applied` are sentences, one for each scan whose label readers call wrong without it being changed.
    """

    folder: Path
    scans: int
    changed: int
    not_applied: tuple[str, ...]


def corrected_copy(
    folder: Path | str,
    out: Path,
    notes: Iterable[Note],
    *,
    splits: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> CorrectedCopy:
    """Write a copy of a dataset with corrected labels; it appears whole or not at all.

    Args:
        folder: the dataset, which is only read.
        out: the copy's folder, not there yet.
        notes: that stand; those about other scans are passed over.
        splits: split of each scan by its path, where the copy is to keep one, such as that of a run; a scan without
            one is then left out of trainings.
        progress: called with (done, total) while the scans are looked at.

    Raises:
        DatasetError: the dataset cannot be read, or has a path that no index.csv can hold.
        RequestError: `out` is there already or in the dataset, or the notes change no label.
        WorkError: the copy cannot be written.
    """
    root = dataset_root(folder)
    out = out.absolute()
    _check_place(root, out)
    dataset = index_dataset(root, progress=progress)
    table = dataset.table
    known = table[table["sha256"] != ""]
    wanted = corrections(notes, dict(zip(known["sha256"], known["path"], strict=True)), dataset.classes)
    listed = list_scans(root)
    rows, changed = _rows(table, listed, wanted, splits, by_folder=not (root / INDEX_NAME).is_file())
    if not changed:
        why = f": {wanted.not_applied[0]}" if wanted.not_applied else ""
        raise RequestError(
            f"expected notes that change a label of {root}, found none{why}; say 'label wrong' and which is right"
        )
    _write(root, out, _columns(listed, rows), rows)
    return CorrectedCopy(out, len(rows), changed, wanted.not_applied)


def _rows(
    table: pd.DataFrame,
    listing: Listing,
    wanted: Corrections,
    splits: Mapping[str, str] | None,
    *,
    by_folder: bool,
) -> tuple[list[_Row], int]:
    """The rows of the copy's index.csv, and how many have another label than in the table.

    What lies in a class folder and has no name that can be written, or leads outside, is left out there.
    """
    listed: dict[str, list[Listed]] = {}
    for scan in listing.scans:
        listed.setdefault(scan.path, []).append(scan)
    rows, changed = [], 0
    for path, label, content in table[["path", "label", "sha256"]].itertuples(index=False, name=None):
        same = listed.get(path) or listed[path.rpartition("#")[0]]  # a frame is listed by its file, or by itself
        scan = same.pop(0) if len(same) > 1 else same[0]
        if scan.problem and by_folder:
            continue
        row = dict(scan.further) | {"path": path, "label": label, "patient_id": scan.patient_id, "split": scan.split}
        if splits is not None:
            row["split"] = splits.get(path, "")
        row |= _corrected(row, label, content, wanted)
        changed += row["label"] != label
        rows.append(row)
    return rows, changed


def _columns(listing: Listing, rows: list[_Row]) -> list[str]:
    given = [name for name in GIVEN_COLUMNS if name in ("path", "label") or any(row[name] for row in rows)]
    further = [name for name in listing.further_columns if name not in CORRECTION_COLUMNS]
    return [*given, *further, *CORRECTION_COLUMNS]


def _corrected(row: _Row, label: str, content: str, wanted: Corrections) -> _Row:
    """What a correction puts into a row; a label that is put back to what it first was is no longer a corrected one."""
    found = wanted.by_content.get(content)
    if found is None or found.label == label:
        return {name: row.get(name, "") for name in CORRECTION_COLUMNS}
    before = row.get(LABEL_BEFORE, "") or label
    if found.label == before:
        return {"label": found.label} | dict.fromkeys(CORRECTION_COLUMNS, "")
    said = dict(zip(CORRECTION_COLUMNS, (before, no_formula("; ".join(found.readers)), found.at), strict=True))
    return {"label": found.label} | said


def _check_place(root: Path, out: Path) -> None:
    if os.path.lexists(out):
        raise RequestError(f"expected a folder to be made for the copy, found something at {out}; choose another")
    if out.parent.resolve().is_relative_to(root):
        raise RequestError(f"expected a place outside the dataset for its copy, found {out}; choose another")


def _write(root: Path, out: Path, columns: list[str], rows: list[_Row]) -> None:
    make_folder(out.parent)
    remove_abandoned(out)
    try:
        with partial_folder(out) as partial:
            _link_files(root, partial, [row["path"] for row in rows])
            _copy_own(root, partial)
            write_text(partial / INDEX_NAME, _csv(columns, rows))
            _check_listed(partial, rows)
            partial.rename(out)
    except OSError as error:
        raise WorkError(
            f"cannot write {out}: {error.strerror or error}; free some space or choose another folder"
        ) from error


def _link_files(root: Path, out: Path, listed: Iterable[str]) -> None:
    """Every visible file of the dataset, as a hard link where that goes, else as a copy.

    An index.csv may also list what lies in a hidden folder or behind a link to another folder of the dataset.
    """
    out.mkdir()
    for path, entry, problem in walk(root):
        if entry is not None and not problem and path != INDEX_NAME:
            _link(root, path, out)
    for path in dict.fromkeys(listed):
        if not refusal(root, path):
            _link(root, file_and_frame(root / path)[0].relative_to(root).as_posix(), out)


def _link(root: Path, path: str, out: Path) -> None:
    file, place = (root / path).resolve(), out / path
    if not file.is_file() or not file.is_relative_to(root) or place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, place)
    except OSError:  # another disk, or one without hard links
        shutil.copy2(file, place)


def _copy_own(root: Path, out: Path) -> None:
    """What was decided about the dataset, and the key by which its patients are told apart."""
    for name in (DECISIONS_FILE, KEY_FILE):
        if (root / OWN_FOLDER / name).is_file():
            shutil.copy2(root / OWN_FOLDER / name, own_folder(out) / name)


def _csv(columns: list[str], rows: list[_Row]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _check_listed(folder: Path, rows: list[_Row]) -> None:
    """Whether index.csv gives back what was written: it knows no spaces around a name, and no backslash in it."""
    for row, scan in zip(rows, list_scans(folder).scans, strict=True):
        if (row["path"], row["label"]) != (scan.path, scan.label):
            raise DatasetError(
                f"expected a path and a label that {INDEX_NAME} can hold, found {row['path']!r} and {row['label']!r}; "
                "rename the file or the class"
            )
