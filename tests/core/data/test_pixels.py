"""Many scans as squares: each in its row, decoded once for all, and whatever becomes of the store, the right pixels."""

import hashlib
import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.data import pixel_store, pixels
from core.data.images import read_scan, resize_scan
from core.data.pixels import decoded
from core.data.windows import MEDIASTINUM
from core.errors import DatasetError

SIZE = 24


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("CT_EXPLORER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pixels"


@pytest.fixture
def folder(tmp_path):
    """Nine scans of nine sizes."""
    folder = tmp_path / "scans"
    (folder / "a").mkdir(parents=True)
    for number in range(9):
        rng = np.random.default_rng(number)
        scan = rng.integers(0, 256, (20 + 3 * number, 60 - 2 * number), dtype=np.uint8)
        Image.fromarray(scan).save(folder / "a" / f"{number}.png")
    return folder


PATHS = [f"a/{number}.png" for number in (5, 0, 8, 3, 3, 7, 1, 2, 4, 6)]


def table(folder, paths=PATHS):
    contents = [hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in paths]
    return pd.DataFrame({"path": list(paths), "sha256": contents})


def expected(folder, size=SIZE, paths=PATHS):
    return np.stack([resize_scan(read_scan(folder / path), size) for path in paths])


def files_of(cache):
    return sorted(path for path in cache.rglob("*") if path.is_file())


@pytest.fixture
def reads(monkeypatch):
    """Which files are opened from now on."""
    opened = []

    def noted(path, **options):
        opened.append(path)
        return read_scan(path, **options)

    monkeypatch.setattr(pixels, "read_scan", noted)
    return opened


@pytest.mark.parametrize("workers", [None, 1, 4])
@pytest.mark.parametrize("size", [1, 32, 50])
def test_every_scan_lands_in_its_row(folder, workers, size):
    scans = decoded(folder, table(folder), size, workers=workers)
    assert (len(scans), scans.size) == (10, size)
    assert scans[:].dtype == np.uint8
    assert np.array_equal(scans[:], expected(folder, size))


def test_rows_are_taken_by_number_slice_and_array(folder):
    scans, all_of_them = decoded(folder, table(folder), SIZE), expected(folder)
    assert np.array_equal(scans[3], all_of_them[3])
    assert np.array_equal(scans[-1], all_of_them[-1])
    assert np.array_equal(scans[2:7:2], all_of_them[2:7:2])
    rows = np.array([7, 0, 7, 2])
    assert np.array_equal(scans[rows], all_of_them[rows])
    part = scans.part(rows)
    assert len(part) == 4
    assert np.array_equal(part[1:], all_of_them[rows][1:])
    assert scans[np.array([], np.int64)].shape == (0, SIZE, SIZE)


def test_what_is_taken_is_a_copy(folder):
    scans = decoded(folder, table(folder), SIZE)
    scans[:][:] = 0
    scans[np.array([0])][:] = 0
    assert np.array_equal(scans[:], expected(folder))


def test_no_scans_give_an_empty_array(folder):
    assert decoded(folder, table(folder, []), 32)[:].shape == (0, 32, 32)


def test_a_scan_is_decoded_once_for_all(folder, reads):
    decoded(folder, table(folder, PATHS[:6]), SIZE)
    assert len(reads) == 5, "one of the six is there twice"
    reads.clear()
    again = decoded(folder, table(folder), SIZE)
    assert sorted(path.name for path in reads) == ["1.png", "2.png", "4.png", "6.png"]
    reads.clear()
    assert np.array_equal(decoded(folder, table(folder), SIZE)[:], again[:])
    assert reads == []


def test_the_store_is_by_content_not_by_name(folder, tmp_path, reads):
    decoded(folder, table(folder), SIZE)
    reads.clear()
    shutil.copytree(folder, tmp_path / "moved")
    moved = tmp_path / "moved"
    (moved / "a" / "0.png").rename(moved / "a" / "zero.png")
    paths = [path.replace("/0.", "/zero.") for path in PATHS]
    assert np.array_equal(decoded(moved, table(moved, paths), SIZE)[:], expected(folder))
    assert reads == []


def test_each_size_and_each_window_has_squares_of_its_own(folder, reads):
    decoded(folder, table(folder), SIZE)
    decoded(folder, table(folder), SIZE + 1)
    decoded(folder, table(folder), SIZE, window=MEDIASTINUM)
    assert len(reads) == 3 * 9


def test_progress_counts_what_is_there_at_once_and_then_each_scan(folder):
    told = []
    decoded(folder, table(folder, PATHS[:3]), 16, progress=lambda *counts: told.append(counts))
    assert told == [(1, 3), (2, 3), (3, 3)]
    told.clear()
    decoded(folder, table(folder), 16, progress=lambda *counts: told.append(counts))
    assert told == [(3, 10), *((done, 10) for done in range(4, 11))] or told[0][0] >= 3
    assert told[-1] == (10, 10)
    assert told == sorted(told)


def test_an_unreadable_scan_is_named(folder):
    rows = table(folder)
    (folder / "a" / "3.png").write_bytes(b"")
    with pytest.raises(DatasetError) as raised:
        decoded(folder, rows, 16)
    assert str(raised.value) == f"{folder / 'a' / '3.png'}: empty file (0 bytes)"


def test_a_scan_that_changed_since_it_was_indexed_is_refused(folder):
    rows = table(folder)
    shutil.copy(folder / "a" / "1.png", folder / "a" / "3.png")
    with pytest.raises(DatasetError, match=r"3\.png: changed since it was indexed"):
        decoded(folder, rows, 16)


def test_a_path_that_leads_outside_is_not_read(folder):
    with pytest.raises(DatasetError) as raised:
        decoded(folder / "a", table(folder / "a", ["../a/0.png"]), 16)
    assert str(raised.value) == "../a/0.png: refused: a path must be relative to the dataset's folder, without '..'"


def test_a_size_below_one_is_refused(folder):
    with pytest.raises(ValueError, match="size must be at least 1 px, got 0"):
        decoded(folder, table(folder), 0)


def test_a_scan_that_was_damaged_or_removed_since_is_decoded_again(folder, cache):
    for spoil in (lambda file: file.unlink(), lambda file: file.write_bytes(b"")):
        before, mapped = decoded(folder, table(folder), SIZE), decoded(folder, table(folder), SIZE)
        mapped[0]  # opens its files
        for file in files_of(cache):
            spoil(file)
        assert np.array_equal(before[:], expected(folder))
        assert np.array_equal(mapped[:], expected(folder))


def test_it_can_be_sent_to_another_process(folder):
    scans = decoded(folder, table(folder), SIZE)
    scans[0]
    assert np.array_equal(pickle.loads(pickle.dumps(scans))[:], expected(folder))


def test_a_training_takes_its_scans_from_the_store(folder, reads):
    from core.models.inputs import InputForm
    from core.training.batches import ScanLessons, ScanSplit
    from core.training.config import TrainingConfig

    torch = pytest.importorskip("torch")
    scans = decoded(folder, table(folder), SIZE)
    reads.clear()
    still = {"rotation_degrees": 0.0, "zoom": 0.0, "shift": 0.0, "flip": False, "contrast": 0.0}
    config = TrainingConfig(batch_size=5, **still)
    split = ScanSplit(scans.part(np.arange(10)), torch.arange(10))
    lessons = ScanLessons(
        split, split, classes=10, form=InputForm(0.5, 0.25), config=config, device=torch.device("cpu")
    )
    for squares, targets in lessons.pictures(1):
        seen = squares[:, 0].numpy() * 255
        assert np.allclose(seen, expected(folder)[targets.argmax(1).numpy()], atol=1e-3)
    assert reads == []


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_to_a_file_of_the_store_no_pixel_is_wrong(folder, cache, reads, data):
    shutil.rmtree(cache, ignore_errors=True)
    rows = table(folder)
    decoded(folder, rows, SIZE)
    (file,) = files_of(cache)
    content = bytearray(file.read_bytes())
    harm = data.draw(st.sampled_from(["flip", "cut", "longer", "replace", "swap"]))
    at = data.draw(st.integers(0, len(content) - 1))
    if harm == "flip":
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    elif harm == "cut":
        del content[at:]
    elif harm == "longer":
        content += data.draw(st.binary(min_size=1, max_size=300))
    elif harm == "replace":
        some = data.draw(st.binary(min_size=1, max_size=300))
        content[at : at + len(some)] = some
    else:  # the entries of two squares change places
        first, second = -64, -128
        content[first:], content[second:first] = content[second:first], content[first:]
    file.write_bytes(content)
    assert np.array_equal(decoded(folder, rows, SIZE)[:], expected(folder))
    reads.clear()
    assert np.array_equal(decoded(folder, rows, SIZE)[:], expected(folder))
    assert reads == [], "and the store is whole again"


def test_squares_of_another_window_moved_here_are_not_taken(folder, cache):
    decoded(folder, table(folder), SIZE, window=MEDIASTINUM)
    (file,) = files_of(cache)
    here = cache / f"{SIZE}-lung-v{pixel_store.READER_VERSION}"
    here.mkdir()
    content = bytearray(file.read_bytes())
    (here / file.name).write_bytes(content)
    scans = decoded(folder, table(folder), SIZE)
    assert np.array_equal(scans[:], expected(folder))
    assert not (here / file.name).exists()
