"""A set of phantoms on disk: whole, repeatable, never half there, with as many of each class as asked for."""

import csv
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from filelock import FileLock

from core.data.phantoms.options import PhantomOptions
from core.data.phantoms.writing import write_phantoms
from core.errors import DatasetError


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def grey(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


@pytest.fixture(scope="module")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phantoms(tmp_path_factory.mktemp("phantoms") / "set", count=21, seed=3)


def test_a_set_has_the_scans_asked_for_half_of_each_class_three_to_five_a_patient(full_set):
    table = rows(full_set)
    assert Counter(row["label"] for row in table) == {"lesion": 48, "normal": 48}
    slices = Counter(row["patient_id"] for row in table)
    assert set(slices.values()) == {3, 4, 5}
    labels = {row["patient_id"]: row["label"] for row in table}
    assert all(labels[row["patient_id"]] == row["label"] for row in table)
    files = {path.relative_to(full_set).as_posix() for path in full_set.glob("*/*.png")}
    assert files == {row["path"] for row in table} | {row["mask"] for row in table if row["mask"]}


def test_every_lesion_scan_has_lesion_pixels_and_no_normal_scan_has_a_mask(full_set):
    for row in rows(full_set):
        assert bool(row["mask"]) == (row["label"] == "lesion")
        if row["mask"]:
            mask, pixels = grey(full_set / row["mask"]), grey(full_set / row["path"])
            assert mask.shape == pixels.shape
            assert set(np.unique(mask)) == {0, 255}
            assert (mask > 0).mean() < 0.35


def test_images_are_plain_grey_png_without_metadata(small_set):
    for path in small_set.glob("*/*.png"):
        data = path.read_bytes()
        kinds, at = [], 8
        while at < len(data):
            kinds.append(data[at + 4 : at + 8])
            at += 12 + int.from_bytes(data[at : at + 4], "big")
        assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}
        assert data[24:26] == b"\x08\x00"  # 8 bits, grey


@pytest.mark.parametrize("count", [10, 11, 13, 21])
def test_any_count_is_met_exactly(tmp_path, count):
    table = rows(write_phantoms(tmp_path / "set", count=count, seed=1))
    classes = Counter(row["label"] for row in table)
    assert classes == {"lesion": count // 2, "normal": count - count // 2}
    assert all(3 <= held <= 5 for held in Counter(row["patient_id"] for row in table).values())


def test_four_classes_have_a_folder_each_and_masks_but_for_the_normal(tmp_path):
    table = rows(folder := write_phantoms(tmp_path / "set", count=22, seed=1, options=PhantomOptions(classes=4)))
    assert Counter(row["label"] for row in table) == {
        "ground-glass": 5, "consolidation": 5, "crazy-paving": 6, "normal": 6
    }  # fmt: skip
    for row in table:
        assert row["path"].startswith(f"{row['label']}/")
        assert bool(row["mask"]) == (row["label"] != "normal")
        assert (folder / row["path"]).is_file()


def test_label_noise_moves_scans_to_the_wrong_class_and_keeps_the_truth(tmp_path):
    options = PhantomOptions(slices=1, label_noise=0.2)
    table = rows(write_phantoms(tmp_path / "set", count=20, seed=1, options=options))
    wrong = [row for row in table if row["label"] != row["true_label"]]
    assert Counter(row["true_label"] for row in wrong) == {"lesion": 2, "normal": 2}
    for row in table:
        assert row["path"].split("/")[0] == row["label"]
        assert bool(row["mask"]) == (row["true_label"] == "lesion")
        assert row["true_label"] not in row["path"].split("/")[1]


def test_other_options_give_another_set_and_the_record_tells_which(tmp_path, small_set):
    for options in (PhantomOptions(slices=3), PhantomOptions(shortcut="marker"), PhantomOptions(format="dicom")):
        with pytest.raises(DatasetError, match="choose another folder"):
            write_phantoms(small_set, count=21, seed=3, options=options)
    folder = write_phantoms(tmp_path / "set", count=10, options=PhantomOptions(slices=2))
    record = json.loads((folder / "phantoms.json").read_text())
    assert PhantomOptions.from_json(record["options"]) == PhantomOptions(slices=2)
    assert (record["count"], record["seed"]) == (10, 0)


def test_a_seed_gives_the_same_bytes_whatever_the_threads(small_set, tmp_path):
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        again = write_phantoms(tmp_path / "again", count=21, seed=3)
    finally:
        cv2.setNumThreads(threads)
    other = write_phantoms(tmp_path / "other", count=21, seed=4)
    assert contents(again) == contents(small_set)
    assert contents(other) != contents(small_set)


def test_progress_rises_to_the_count(tmp_path):
    told: list[tuple[int, int]] = []
    write_phantoms(tmp_path / "set", count=12, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (12, 12)
    assert all(before < after for before, after in pairwise(done for done, _ in told))


@pytest.mark.parametrize(("count", "seed"), [(9, 0), (0, 0), (-3, 0), (10, -1)])
def test_too_few_scans_or_a_negative_seed_are_refused(tmp_path, count, seed):
    with pytest.raises(DatasetError, match="expected a "):
        write_phantoms(tmp_path / "set", count=count, seed=seed)
    assert not list(tmp_path.iterdir())


def test_the_same_set_is_left_as_it_is(small_set):
    before = {path: path.stat().st_mtime_ns for path in small_set.rglob("*")}
    told: list[tuple[int, int]] = []
    write_phantoms(small_set, count=21, seed=3, progress=lambda done, total: told.append((done, total)))
    assert {path: path.stat().st_mtime_ns for path in small_set.rglob("*")} == before
    assert told == [(21, 21)]


def test_a_folder_with_anything_else_in_it_is_refused_in_one_line(tmp_path, small_set):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("years of work")
    for folder, seed in ((taken, 3), (taken / "thesis.txt", 3), (small_set, 4)):
        with pytest.raises(DatasetError, match="choose another folder") as refusal:
            write_phantoms(folder, count=21, seed=seed)
        assert "\n" not in str(refusal.value)
    assert (taken / "thesis.txt").read_text() == "years of work"


def test_a_set_that_was_changed_is_refused(tmp_path):
    folder = write_phantoms(tmp_path / "set", count=10)
    next((folder / "normal").glob("*.png")).unlink()
    with pytest.raises(DatasetError, match="choose another folder"):
        write_phantoms(folder, count=10)


def test_an_empty_folder_is_used(tmp_path):
    (tmp_path / "set").mkdir()
    assert len(rows(write_phantoms(tmp_path / "set", count=10))) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_write_leaves_nothing(tmp_path, stop):
    def interrupt(done: int, total: int) -> None:
        raise stop

    with pytest.raises(stop):
        write_phantoms(tmp_path / "set", count=10, progress=interrupt)
    assert not list(tmp_path.iterdir())


def test_while_a_set_is_being_written_its_folder_is_not_there(tmp_path):
    seen: list[bool] = []
    folder = write_phantoms(tmp_path / "set", count=10, progress=lambda *_: seen.append((tmp_path / "set").exists()))
    assert seen
    assert not any(seen)
    assert folder.exists()


def test_what_a_killed_writer_left_is_removed_and_what_a_living_one_builds_is_not(tmp_path):
    abandoned, living, other = (tmp_path / name for name in (
        ".set.0123abcd.partial", ".set.4567abcd.partial", ".set2.0123abcd.partial"
    ))  # fmt: skip
    for folder in (abandoned, living, other):
        (folder / "lesion").mkdir(parents=True)
    with FileLock(tmp_path / ".set.4567abcd.partial.lock"):
        write_phantoms(tmp_path / "set", count=10)
        assert not abandoned.exists()
        assert living.exists()
        assert other.exists()


def test_two_writers_of_the_same_set_both_get_it(tmp_path):
    target = tmp_path / "set"

    def another_writer(done: int, total: int) -> None:
        if not target.exists():
            write_phantoms(target, count=10, seed=2)

    assert write_phantoms(target, count=10, seed=2, progress=another_writer) == target
    assert len(rows(target)) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
