"""Synthetic chest CT slices with lesion masks: a data set for demos and tests that shows nobody's body.

A data set holds as many lesion patients as normal ones, in pairs scanned the same way (image size, window, noise,
levels of the slices), as a case-control study would match them: so nothing but the lungs tells the classes apart.

    lesion/P017_0.png  normal/P003_2.png   the slices, 8-bit grey
    masks/P017_0.png                       where the lesions are, 0 or 255; normal slices have none
    index.csv                              path,label,patient_id,mask (empty for normal slices)
    phantoms.json                          how the set was made, and the digest of all of the above
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count as count_up
from itertools import zip_longest
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.partial_folder import partial_folder, remove_abandoned
from core.data.phantom_anatomy import Anatomy, chest_wall, draw_anatomy
from core.data.phantom_body import (
    lung_coverage,
    paint_airways,
    paint_front,
    paint_mediastinum,
    paint_ribs,
    paint_spine,
    paint_trunk,
)
from core.data.phantom_lesions import Opacity, draw_lesions
from core.data.phantom_lungs import Lungs, draw_lungs, paint_lungs
from core.data.phantom_scanner import Acquisition, draw_acquisition, empty_canvas, expose
from core.errors import DatasetError, WorkError
from core.files import make_folder

LESION, NORMAL = "lesion", "normal"
LEAST_SLICES, MOST_SLICES = 3, 5
LEAST_COUNT = 10
LEAST_LESION_PX = 12
RECORD_FILE = "phantoms.json"
RECORD_VERSION = 1  # goes up with every change to what a seed gives


@dataclass(frozen=True)
class Phantom:
    """One slice: `pixels` (h, w) uint8, `mask` (h, w) true where a lesion is; `slice_index` counts from the head."""

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    label: str
    patient_id: str
    slice_index: int


def phantom_patient(
    rng: np.random.Generator, *, patient_id: str, label: str, slices: int, scanner: Acquisition | None = None
) -> list[Phantom]:
    """A patient's slices from the head downwards; every slice of a `lesion` patient shows a lesion.

    Args:
        rng: all chance comes from here.
        label: `lesion` or `normal`.
        slices: how many, 1 to 5.
        scanner: how the patient is scanned; drawn from `rng` where None.

    Raises:
        ValueError: another label, or a number of slices out of range.
    """
    if label not in (LESION, NORMAL):
        raise ValueError(f"label must be {LESION!r} or {NORMAL!r}, not {label!r}")
    if not 1 <= slices <= MOST_SLICES:
        raise ValueError(f"slices must be 1 to {MOST_SLICES}, not {slices}")
    scanner = scanner or draw_acquisition(rng)
    anatomy = draw_anatomy(rng)
    levels = scanner.levels(slices)
    grid = empty_canvas(anatomy, scanner, levels[0])
    lungs = draw_lungs(rng, grid.hu.shape, grid.mm_per_px)
    for attempt in count_up():
        lesions = draw_lesions(rng, levels, enlarge=1 + 0.05 * attempt) if label == LESION else []
        images = [_slice(rng, anatomy, scanner, lungs, lesions, level) for level in levels]
        if label == NORMAL or min(mask.sum() for _, mask in images) >= LEAST_LESION_PX:
            break
    return [Phantom(pixels, mask, label, patient_id, index) for index, (pixels, mask) in enumerate(images)]


def write_phantoms(
    folder: Path, *, count: int = 600, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Write a data set of exactly `count` slices, half of them with lesions; about 15 ms a slice, on one core.

    The same `count` and `seed` give the same files. The folder appears whole or not at all: it is built beside its
    place and renamed. Where that very set is already there, nothing is written.

    Args:
        progress: called with (slices written, `count`) after each patient.

    Raises:
        DatasetError: `count` is below 10, `seed` below 0, or something else is in the folder's place.
        WorkError: the disk is full or the folder cannot be written.
    """
    if count < LEAST_COUNT:
        raise DatasetError(f"expected a count of at least {LEAST_COUNT} phantoms, found {count}: ask for more")
    if seed < 0:
        raise DatasetError(f"expected a seed of 0 or more, found {seed}: choose another")
    folder = Path(folder)
    report = progress or _say_nothing
    if _is_taken(folder):
        _require_same(folder, count, seed)
        report(count, count)
        return folder
    make_folder(folder.parent)
    try:
        remove_abandoned(folder)
        with partial_folder(folder) as partial:
            _write(partial, count, seed, report)
            _put_in_place(partial, folder, count, seed)
    except OSError as error:
        raise WorkError(
            f"cannot write {folder}: {error.strerror or error}; free some space or choose another folder"
        ) from error
    return folder


def _slice(
    rng: np.random.Generator,
    anatomy: Anatomy,
    scanner: Acquisition,
    lungs: Lungs,
    lesions: list[Opacity],
    level: float,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    canvas = empty_canvas(anatomy, scanner, level)
    wall = chest_wall(level)
    paint_trunk(canvas, wall)
    pushed = paint_mediastinum(canvas, scanner.contrast_hu)
    mask = paint_lungs(canvas, lung_coverage(canvas, pushed), lungs, lesions, scanner.thickness_mm)
    paint_airways(canvas)
    paint_ribs(canvas, wall)
    paint_spine(canvas)
    paint_front(canvas, wall)
    return expose(rng, canvas.hu, scanner), mask


def _write(folder: Path, count: int, seed: int, report: Callable[[int, int], None]) -> None:
    for name in (LESION, NORMAL, "masks"):
        (folder / name).mkdir(parents=True)
    rows: list[tuple[str, str, str, str]] = []
    for patient in _patients(count, seed):
        for phantom in patient:
            name = f"{phantom.patient_id}_{phantom.slice_index}.png"
            mask = f"masks/{name}" if phantom.label == LESION else ""
            rows.append((f"{phantom.label}/{name}", phantom.label, phantom.patient_id, mask))
            _write_png(folder / rows[-1][0], phantom.pixels)
            if mask:
                _write_png(folder / mask, phantom.mask.astype(np.uint8) * 255)
        report(len(rows), count)
    rows.sort(key=lambda row: row[0].split("/")[1])  # by patient, so that the order tells no class
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("path", "label", "patient_id", "mask"))
    writer.writerows(rows)
    (folder / "index.csv").write_text(table.getvalue(), encoding="utf-8", newline="")
    record = {"version": RECORD_VERSION, "count": count, "seed": seed, "sha256": _digest(folder)}
    (folder / RECORD_FILE).write_text(json.dumps(record) + "\n", encoding="utf-8")


def _patients(count: int, seed: int) -> Iterator[list[Phantom]]:
    """All patients of a set: lesion and normal in matched pairs, each with a random stream of its own."""
    plan_seed, *seeds = np.random.SeedSequence(seed).spawn(1 + count)
    plan = np.random.default_rng(plan_seed)
    lesion_slices = _share_out(plan, count // 2)
    normal_slices = lesion_slices if count % 2 == 0 else _share_out(plan, count - count // 2)
    numbers = iter(plan.permutation(len(lesion_slices) + len(normal_slices)) + 1)
    streams = iter(seeds)
    for pair in zip_longest(lesion_slices, normal_slices):
        scanner = draw_acquisition(plan)
        for label, slices in zip((LESION, NORMAL), pair, strict=True):
            if slices is not None:
                rng, patient_id = np.random.default_rng(next(streams)), f"P{next(numbers):03d}"
                yield phantom_patient(rng, patient_id=patient_id, label=label, slices=slices, scanner=scanner)


def _share_out(rng: np.random.Generator, scans: int) -> list[int]:
    """Scans of one class shared out to patients, 3 to 5 each."""
    slices = [LEAST_SLICES] * max(-(-scans // MOST_SLICES), round(scans / 4))
    for _ in range(scans - sum(slices)):
        slices[rng.choice([index for index, held in enumerate(slices) if held < MOST_SLICES])] += 1
    return slices


def _write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


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


def _put_in_place(partial: Path, folder: Path, count: int, seed: int) -> None:
    try:
        if folder.exists():
            folder.rmdir()  # empty: renaming onto an empty folder does not work everywhere
        partial.rename(folder)
    except OSError:
        if not _is_taken(folder):
            raise
        _require_same(folder, count, seed)  # somebody else was writing the same set, and was quicker


def _require_same(folder: Path, count: int, seed: int) -> None:
    try:
        record = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
        same = record == {"version": RECORD_VERSION, "count": count, "seed": seed, "sha256": _digest(folder)}
    except (OSError, ValueError):
        same = False
    if not same:
        raise DatasetError(
            f"expected an empty folder or the same {count} phantoms of seed {seed}, found something else in {folder}:"
            " choose another folder"
        )
