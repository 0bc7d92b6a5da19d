"""Many scans become one array: each in its row, squared, or an error that names it."""

import numpy as np
import pytest
from PIL import Image

from core.data.images import read_scan, resize_scan
from core.data.pixels import decode_scans
from core.errors import DatasetError


@pytest.fixture
def folder(tmp_path):
    """Nine scans of nine sizes."""
    (tmp_path / "a").mkdir()
    for number in range(9):
        rng = np.random.default_rng(number)
        pixels = rng.integers(0, 256, (20 + 3 * number, 60 - 2 * number), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "a" / f"{number}.png")
    return tmp_path


PATHS = [f"a/{number}.png" for number in (5, 0, 8, 3, 3, 7, 1, 2, 4, 6)]


@pytest.mark.parametrize("workers", [None, 1, 4])
@pytest.mark.parametrize("size", [1, 32, 50])
def test_every_scan_lands_in_its_row(folder, workers, size):
    squares = decode_scans(folder, PATHS, size, workers=workers)
    assert squares.shape == (10, size, size)
    assert squares.dtype == np.uint8
    for square, path in zip(squares, PATHS, strict=True):
        assert np.array_equal(square, resize_scan(read_scan(folder / path), size))


def test_no_scans_give_an_empty_array(folder):
    assert decode_scans(folder, [], 32).shape == (0, 32, 32)


def test_progress_counts_to_the_end(folder):
    calls = []
    decode_scans(folder, PATHS, 16, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(done, 10) for done in range(1, 11)]


def test_an_unreadable_scan_is_named(folder):
    (folder / "a" / "3.png").write_bytes(b"")
    with pytest.raises(DatasetError) as raised:
        decode_scans(folder, PATHS, 16)
    assert str(raised.value) == f"{folder / 'a' / '3.png'}: empty file (0 bytes)"


def test_a_path_that_leads_outside_is_not_read(folder):
    with pytest.raises(DatasetError) as raised:
        decode_scans(folder / "a", ["../a/0.png"], 16)
    assert str(raised.value) == ("../a/0.png: refused: a path must be relative to the dataset's folder, without '..'")


def test_a_size_below_one_is_refused(folder):
    with pytest.raises(ValueError, match="size must be at least 1 px, got 0"):
        decode_scans(folder, PATHS, 0)
