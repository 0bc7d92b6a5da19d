"""Phantoms: nothing but the lungs tells the classes apart, and a set is whole, repeatable and never half there."""

import csv
from collections import Counter
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from core.data import phantoms
from core.data.phantom_scanner import draw_acquisition
from core.data.phantoms import phantom_patient, write_phantoms
from core.errors import DatasetError

CHEAP_FEATURES = ("mean", "spread", "border", "width", "height", "area", "bytes")


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def grey(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def patient(seed: int, label: str, slices: int = 3, scanner_seed: int = 5) -> list[phantoms.Phantom]:
    scanner = draw_acquisition(np.random.default_rng(scanner_seed))
    return phantom_patient(np.random.default_rng(seed), patient_id="P001", label=label, slices=slices, scanner=scanner)


@pytest.fixture(scope="module", params=[0, 1], ids="seed {}".format)
def full_set(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phantoms(tmp_path_factory.mktemp("phantoms") / "set", seed=request.param)


@pytest.fixture(scope="module")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phantoms(tmp_path_factory.mktemp("phantoms") / "set", count=21, seed=3)


def cheap_features(folder: Path) -> tuple[dict[str, list[float]], list[bool]]:
    values: dict[str, list[float]] = {name: [] for name in CHEAP_FEATURES}
    for row in rows(folder):
        path = folder / row["path"]
        pixels = grey(path)
        border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        height, width = pixels.shape
        found = (pixels.mean(), pixels.std(), border.mean(), width, height, width * height, path.stat().st_size)
        for name, value in zip(CHEAP_FEATURES, found, strict=True):
            values[name].append(float(value))
    return values, [row["label"] == "lesion" for row in rows(folder)]


def test_nothing_cheap_gives_the_label_away(full_set):
    values, lesion = cheap_features(full_set)
    aucs = {name: roc_auc_score(lesion, column) for name, column in values.items()}
    assert all(0.35 <= auc <= 0.65 for auc in aucs.values()), aucs


def test_a_set_has_the_scans_asked_for_half_of_each_class_three_to_five_a_patient(full_set):
    table = rows(full_set)
    assert Counter(row["label"] for row in table) == {"lesion": 300, "normal": 300}
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


def test_patient_numbers_are_shuffled_between_the_classes(full_set):
    number = {row["patient_id"]: int(row["patient_id"][1:]) for row in rows(full_set)}
    lesion = {row["patient_id"]: row["label"] == "lesion" for row in rows(full_set)}
    assert sorted(number.values()) == list(range(1, len(number) + 1))
    assert 0.35 <= roc_auc_score(list(lesion.values()), list(number.values())) <= 0.65


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


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32), label=st.sampled_from(["lesion", "normal"]), slices=st.integers(1, 5))
def test_every_patient_keeps_the_promises_of_a_phantom(seed, label, slices):
    scans = patient(seed, label, slices, scanner_seed=seed)
    assert [scan.slice_index for scan in scans] == list(range(slices))
    assert len({scan.pixels.shape for scan in scans}) == 1
    for scan in scans:
        assert (scan.label, scan.patient_id) == (label, "P001")
        assert scan.pixels.dtype == np.uint8
        assert scan.mask.dtype == np.bool_
        assert scan.mask.shape == scan.pixels.shape
        assert 160 <= scan.pixels.shape[1] <= 288
        assert scan.mask.any() == (label == "lesion")
        assert scan.pixels.std() > 20


@pytest.mark.parametrize("seed", range(6))
def test_a_lesion_patient_is_the_normal_one_but_brighter_inside_the_mask(seed):
    for ill, well in zip(patient(seed, "lesion"), patient(seed, "normal"), strict=True):
        inside = ill.mask & ~cv2.dilate((~ill.mask).astype(np.uint8), np.ones((3, 3))).astype(bool)
        inside = inside if inside.any() else ill.mask
        outside = ~cv2.dilate(ill.mask.astype(np.uint8), np.ones((15, 15))).astype(bool)
        difference = ill.pixels.astype(float) - well.pixels
        assert difference[inside].mean() > 10
        assert abs(difference[outside].mean()) < 3
        assert np.median(well.pixels[inside]) < np.percentile(well.pixels, 60)  # aerated lung before


def test_slices_of_a_patient_look_more_alike_than_slices_of_two():
    def distance(one: phantoms.Phantom, other: phantoms.Phantom) -> float:
        small = [cv2.resize(scan.pixels, (48, 36), interpolation=cv2.INTER_AREA) for scan in (one, other)]
        return float(np.abs(small[0].astype(float) - small[1]).mean())

    people = [patient(seed, "normal", slices=3) for seed in range(5)]
    own = [distance(a, b) for scans in people for a, b in pairwise(scans)]
    strangers = [distance(one[0], other[0]) for one, other in pairwise(people)]
    assert np.median(own) < np.median(strangers)


def test_an_unknown_label_or_number_of_slices_is_refused():
    with pytest.raises(ValueError, match="label must be 'lesion' or 'normal', not 'COVID'"):
        patient(0, "COVID")
    with pytest.raises(ValueError, match="slices must be 1 to 5, not 6"):
        patient(0, "normal", slices=6)


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
