"""Near-duplicates: every re-saved copy is found, other patients are not, and the quick search misses nothing."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.bounded_clusters import bounded_pairs, size_limit
from core.data.images import read_scan, resize_scan
from core.data.index import index_dataset
from core.data.near_duplicates import (
    SQUARE_PX,
    clusters,
    near_duplicates,
    near_hashes,
    near_pairs,
    perceptual_hashes,
)
from core.data.phantoms.writing import write_phantoms
from core.data.pixels import decoded

REAL_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory):
    """60 slices of patients with 3 to 5 slices each: squares and the patient of each."""
    folder = write_phantoms(tmp_path_factory.mktemp("phantoms") / "set", count=60, seed=3)
    table = index_dataset(folder).usable
    squares = np.stack([resize_scan(read_scan(folder / path), SQUARE_PX) for path in table["path"]])
    return squares, table["group"].to_numpy()


# --- hashes ---


@settings(max_examples=40, deadline=None)
@given(
    hashes=st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 7), max_size=30),
    max_bits=st.integers(0, 64),
    block=st.integers(1, 40),
)
def test_the_search_finds_what_the_slow_loop_finds(hashes, max_bits, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.data.near_duplicates._ROWS", block)
        found = near_hashes(np.array(hashes, np.uint64), max_bits)
    slow = [
        (first, second)
        for first in range(len(hashes))
        for second in range(first + 1, len(hashes))
        if (hashes[first] ^ hashes[second]).bit_count() <= max_bits
    ]
    assert [tuple(pair) for pair in found.tolist()] == slow
    assert found.shape == (len(slow), 2)


def test_scans_linked_to_themselves_alone_are_clusters_of_one():
    assert clusters(4, np.array([[1, 1], [3, 3]])).tolist() == [0, 1, 2, 3]
    assert clusters(0, np.empty((0, 2), np.int64)).tolist() == []
    first, second, third = clusters(3, np.array([[0, 0], [2, 1]])).tolist()
    assert first != second == third


def test_bits_out_of_range_are_a_mistake():
    with pytest.raises(ValueError, match="max_bits must be 0 to 64, got 65"):
        near_hashes(np.zeros(2, np.uint64), 65)


def test_the_hash_is_that_of_imagehash(phantoms):
    import imagehash
    from PIL import Image

    squares, _ = phantoms
    for square, found in zip(squares[:5], perceptual_hashes(squares[:5]), strict=True):
        assert int(found).to_bytes(8, "little").hex() == str(imagehash.phash(Image.fromarray(square)))


def test_progress_counts_every_scan(phantoms):
    calls = []
    perceptual_hashes(phantoms[0][:4], progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


# --- pixels ---


def resaved(square):
    _, content = cv2.imencode(".jpg", square, [cv2.IMWRITE_JPEG_QUALITY, 50])
    return cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)


def halved(square):
    return resize_scan(cv2.resize(square, (64, 64), interpolation=cv2.INTER_AREA), SQUARE_PX)


def rewindowed(square):
    return np.clip((square.astype(np.float32) - 25) * (255 / 205), 0, 255).astype(np.uint8)


def cropped(square):
    return resize_scan(np.ascontiguousarray(square[1:-1, 1:-1]), SQUARE_PX)


def noisy(square):
    return np.clip(square + np.random.default_rng(0).normal(0, 6, square.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", [np.copy, resaved, halved, rewindowed, cropped, noisy])
def test_a_copy_is_found_however_it_was_changed(phantoms, change):
    squares, _ = phantoms
    both = np.concatenate([squares[:20], [change(square) for square in squares[:20]]])
    found = {tuple(pair) for pair in near_duplicates(both).tolist()}
    assert {(row, row + 20) for row in range(20)} <= found


@pytest.mark.parametrize("change", [lambda square: 255 - square, lambda square: square[:, ::-1], np.flipud])
def test_another_picture_is_none(phantoms, change):
    squares, _ = phantoms
    both = np.stack([squares[0], change(squares[0])])
    assert near_duplicates(both).tolist() == []


def test_pairs_are_of_one_patient(phantoms):
    squares, patients = phantoms
    near = near_pairs(squares)
    same = patients[near.rows[:, 0]] == patients[near.rows[:, 1]]
    assert len(same) >= 20
    assert same.mean() >= 0.98
    assert (near.rows[:, 0] < near.rows[:, 1]).all()
    assert near.correlations.min() >= 0.95
    assert near.correlations.max() <= 1 + 1e-5


def test_correlation_is_that_of_numpy(phantoms):
    squares, _ = phantoms
    near = near_pairs(squares[:12], max_bits=64, min_correlation=-1)
    assert len(near.rows) == 66
    looks = [cv2.GaussianBlur(cv2.resize(s, (64, 64), interpolation=cv2.INTER_AREA), (0, 0), 0.8) for s in squares[:12]]
    expected = np.corrcoef([look.ravel() for look in looks])[near.rows[:, 0], near.rows[:, 1]]
    assert near.correlations == pytest.approx(expected, abs=1e-5)


def test_scans_of_one_grey_are_like_nothing():
    assert near_duplicates(np.full((4, 32, 32), 7, np.uint8)).tolist() == []


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_compare(count):
    assert near_duplicates(np.zeros((count, 32, 32), np.uint8)).shape == (0, 2)


# --- the real sets: the limits were chosen here ---


def real_pairs(name):
    if not (REAL_DATA / name).is_dir():
        pytest.skip(f"the real images {REAL_DATA / name} are not there")
    dataset = index_dataset(REAL_DATA / name)
    near = near_pairs(decoded(dataset.root, dataset.usable, SQUARE_PX))
    linked = bounded_pairs(len(dataset.usable), near, size_limit(len(dataset.usable)))
    return dataset.usable, near.rows, np.bincount(clusters(len(dataset.usable), linked)).max()


@pytest.mark.realdata
def test_in_numbered_slices_pairs_are_neighbours_and_clusters_small():
    table, pairs, largest = real_pairs("sars-cov-2-ct")
    numbers = table["path"].str.extract(r"\((\d+)\)")[0].astype(int).to_numpy()
    folders = table["label"].to_numpy()
    first, second = pairs.T
    neighbours = (folders[first] == folders[second]) & (abs(numbers[first] - numbers[second]) <= 25)
    assert len(pairs) >= 250
    assert neighbours.mean() >= 0.95
    assert largest <= 10


@pytest.mark.realdata
def test_in_a_set_with_patients_pairs_are_of_one_patient_and_clusters_small():
    table, pairs, largest = real_pairs("ucsd-covid-ct")
    groups = table["group"].to_numpy()
    assert len(pairs) >= 15
    assert (groups[pairs[:, 0]] == groups[pairs[:, 1]]).mean() >= 0.95
    assert largest <= 8


@pytest.mark.realdata
def test_x_rays_of_different_people_are_hardly_ever_near():
    table, pairs, largest = real_pairs("covid-radiography")
    assert len(pairs) <= 10
    assert largest <= 4
    assert len(table) == 450
