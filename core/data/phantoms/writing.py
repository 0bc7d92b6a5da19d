"""A set of phantoms on disk: slices, lesion masks, a table and a record; whole or not at all.

A set holds as many patients of each class, matched group by group in how they are scanned, and everybody's lungs hold
the same density by chance: only where it lies tells the classes apart.

    lesion/P017_0.png  normal/P003_2.png   the slices, 8-bit grey; or .dcm, in Hounsfield units
    masks/P017_0.png                       where the lesions are, 0 or 255; normal slices have none
    index.csv                              path,label,patient_id,mask (empty for normal slices); with label noise also
                                           true_label, while path and label tell the wrong one
    phantoms.json                          how the set was made, and the digest of all of the above
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.partial_folder import partial_folder, remove_abandoned
from core.data.phantoms.cohort import Patient, draw_cohort
from core.data.phantoms.dicom_output import dicom_bytes
from core.data.phantoms.options import DICOM, NORMAL, PhantomOptions
from core.data.phantoms.patient import Phantom, phantom_patient
from core.errors import DatasetError, WorkError
from core.files import make_folder

RECORD_FILE = "phantoms.json"
COMMON_OPTIONS = PhantomOptions()
RECORD_VERSION = 2  # goes up with every change to what a seed gives


def write_phantoms(
    folder: Path,
    *,
    count: int = 600,
    seed: int = 0,
    options: PhantomOptions = COMMON_OPTIONS,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a data set of exactly `count` slices, as many of each class; about 15 ms a slice, on one core.

    The same `count`, `seed` and `options` give the same files. The folder appears whole or not at all: it is built
    beside its place and renamed. Where that very set is already there, nothing is written.

    Args:
        progress: called with (slices written, `count`) after each patient.

    Raises:
        DatasetError: `count` is below 5 a class, `seed` below 0, or something else is in the folder's place.
        WorkError: the disk is full or the folder cannot be written.
    """
    if count < options.least_count:
        raise DatasetError(f"expected a count of at least {options.least_count} phantoms, found {count}: ask for more")
    if seed < 0:
        raise DatasetError(f"expected a seed of 0 or more, found {seed}: choose another")
    folder, asked = Path(folder), _Asked(count, seed, options)
    report = progress or _say_nothing
    if _is_taken(folder):
        _require_same(folder, asked)
        report(count, count)
        return folder
    make_folder(folder.parent)
    try:
        remove_abandoned(folder)
        with partial_folder(folder) as partial:
            _write(partial, asked, report)
            _put_in_place(partial, folder, asked)
    except OSError as error:
        raise WorkError(
            f"cannot write {folder}: {error.strerror or error}; free some space or choose another folder"
        ) from error
    return folder


@dataclass(frozen=True)
class _Asked:
    count: int
    seed: int
    options: PhantomOptions

    def record(self, digest: str) -> dict[str, Any]:
        made = {"version": RECORD_VERSION, "count": self.count, "seed": self.seed}
        return made | {"options": self.options.to_json(), "sha256": digest}


def _write(folder: Path, asked: _Asked, report: Callable[[int, int], None]) -> None:
    for name in (*asked.options.labels, "masks"):
        (folder / name).mkdir(parents=True)
    rows: list[dict[str, str]] = []
    for patient in draw_cohort(asked.count, asked.seed, asked.options):
        scans = phantom_patient(
            np.random.default_rng(patient.stream),
            patient_id=patient.patient_id,
            label=patient.true_label,
            slices=patient.slices,
            scanner=patient.scanner,
            marked=patient.marked,
        )
        rows += [_write_scan(folder, patient, scan, asked) for scan in scans]
        report(len(rows), asked.count)
    rows.sort(key=lambda row: row["path"].split("/")[1])  # by patient, so that the order tells no class
    columns = ["path", "label", "patient_id", "mask", *(["true_label"] if asked.options.label_noise else [])]
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    (folder / "index.csv").write_text(table.getvalue(), encoding="utf-8", newline="")
    (folder / RECORD_FILE).write_text(json.dumps(asked.record(_digest(folder))) + "\n", encoding="utf-8")


def _write_scan(folder: Path, patient: Patient, scan: Phantom, asked: _Asked) -> dict[str, str]:
    """Write a slice and its mask; gives back its row of the table."""
    stem = f"{patient.patient_id}_{scan.slice_index}"
    mask = "" if patient.true_label == NORMAL else f"masks/{stem}.png"
    if asked.options.format == DICOM:
        path = f"{patient.label}/{stem}.dcm"
        content = dicom_bytes(
            scan.hu,
            set_name=json.dumps(asked.record("")),
            patient_id=patient.patient_id,
            instance=scan.slice_index + 1,
            level_mm=scan.level_mm,
            mm_per_px=scan.mm_per_px,
        )
    else:
        path, content = f"{patient.label}/{stem}.png", _png_bytes(scan.pixels)
    (folder / path).write_bytes(content)
    if mask:
        (folder / mask).write_bytes(_png_bytes(scan.mask.astype(np.uint8) * 255))
    return {
        "path": path,
        "label": patient.label,
        "patient_id": patient.patient_id,
        "mask": mask,
        "true_label": patient.true_label,
    }


def _png_bytes(pixels: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def _digest(folder: Path) -> str:
    """SHA-256 over the names and bytes of every file but the record."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != RECORD_FILE):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _say_nothing(_done: int, _total: int) -> None:
    pass


def _is_taken(folder: Path) -> bool:
    return folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))


def _put_in_place(partial: Path, folder: Path, asked: _Asked) -> None:
    try:
        if folder.exists():
            folder.rmdir()  # empty: renaming onto an empty folder does not work everywhere
        partial.rename(folder)
    except OSError:
        if not _is_taken(folder):
            raise
        _require_same(folder, asked)  # somebody else was writing the same set, and was quicker


def _require_same(folder: Path, asked: _Asked) -> None:
    try:
        record = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
        same = record == asked.record(_digest(folder))
    except (OSError, ValueError):
        same = False
    if not same:
        raise DatasetError(
            f"expected an empty folder or the same {asked.count} phantoms of seed {asked.seed}, found something else in"
            f" {folder}: choose another folder"
        )
