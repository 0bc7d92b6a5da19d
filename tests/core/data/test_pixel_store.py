"""The store on disk: below its limit, the longest unused first; safe from kills, full disks and each other."""

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.data import pixel_shards, pixel_store
from core.data.pixel_store import PixelStore, limit_bytes, make_room, pixel_key
from core.data.windows import LUNG
from core.errors import ConfigError, WorkError

SIZE = 64


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache with small files."""
    monkeypatch.setenv("CT_EXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(pixel_store, "SHARD_BYTES", 4 * SIZE**2)
    return tmp_path / "cache" / "pixels"


def square(number):
    return np.random.default_rng(number).integers(0, 256, (SIZE, SIZE), dtype=np.uint8)


def keys_of(numbers):
    return [pixel_key(f"scan {number}") for number in numbers]


def add(numbers, **options):
    return PixelStore(SIZE, LUNG).add(keys_of(numbers), map(square, numbers), **options)


def there(numbers):
    """Which of these are in the store; each that is must be right."""
    places = PixelStore(SIZE, LUNG).places(keys_of(numbers))
    found = [number for number in numbers if pixel_key(f"scan {number}") in places]
    for number in found:
        place = places[pixel_key(f"scan {number}")]
        assert np.array_equal(place.shard.square(place.row), square(number))
    return found


def files_of(cache):
    return sorted(path for path in cache.rglob("*") if path.is_file())


def test_many_squares_lie_in_several_files_that_numpy_reads(cache):
    add(range(10))
    assert there(range(12)) == list(range(10))
    files = files_of(cache)
    assert len(files) == 3
    shapes = sorted(np.load(file, mmap_mode="r", allow_pickle=False).shape for file in files)
    assert shapes == [(2, SIZE, SIZE), (4, SIZE, SIZE), (4, SIZE, SIZE)]


def test_files_are_for_this_user_only(cache):
    add(range(2))
    assert all(path.stat().st_mode & 0o077 == 0 for path in [*files_of(cache), files_of(cache)[0].parent])


def test_one_damaged_square_costs_its_file_and_no_other(cache):
    places = add(range(8))
    damaged = places[pixel_key("scan 5")].shard.path
    content = bytearray(damaged.read_bytes())
    content[200] ^= 1
    damaged.write_bytes(content)
    assert there(range(8)) == [0, 1, 2, 3]
    assert not damaged.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\xff\xff",
        b"\x93NUMPY\x02\x00\x10\x00\x00\x00{}",
        b"\x93NUMPY\x01\x00\x60\x00{'descr': '|O', 'fortran_order': False, 'shape': (1, 64, 64), }".ljust(106) + b"\n",
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '|u1', 'fortran_order': False, 'shape': (%d, 64, 64), }" % 10**18,
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '|u1', 'fortran_order': False, 'shape': (-3, 64, 64), }".ljust(127)
        + b"\n",
        b"\x93NUMPY\x01\x00\x76\x00" + b"(" * 117 + b"\n",
        b"PK\x03\x04 a zip, which numpy would open",
        os.urandom(5000),
    ],
)
def test_a_hostile_file_is_removed_and_nothing_taken_from_it(cache, content):
    add(range(3))
    hostile = files_of(cache)[0].parent / "hostile.npy"
    hostile.write_bytes(content)
    assert there(range(4)) == [0, 1, 2]
    assert not hostile.exists()


def test_a_folder_or_a_pipe_in_the_place_of_a_file_holds_nobody_up(cache):
    add(range(3))
    (files_of(cache)[0].parent / "folder.npy").mkdir()
    os.mkfifo(files_of(cache)[0].parent / "pipe.npy")
    assert there(range(3)) == [0, 1, 2]
    add(range(3, 6))
    assert there(range(6)) == list(range(6))


def test_a_file_cut_short_while_it_is_mapped_gives_no_square_and_no_crash():
    place = add(range(4))[pixel_key("scan 3")]
    assert place.shard.square(3) is not None
    os.truncate(place.shard.path, 500)
    assert place.shard.square(3) is None


def test_room_is_made_by_removing_what_was_not_used_for_longest(monkeypatch, cache):
    for first in (0, 4, 8):
        add(range(first, first + 4))
    for age, first in enumerate((8, 4, 0)):  # the last added was used longest ago
        path = PixelStore(SIZE, LUNG).places(keys_of([first]))[pixel_key(f"scan {first}")].shard.path
        os.utime(path, (time.time() - 1000 + age, time.time() - 1000 + age))
    used = sum(file.stat().st_size for file in files_of(cache))
    monkeypatch.setenv("CT_EXPLORER_CACHE_GIB", str(used / 2**30))
    add(range(12, 16))
    assert there(range(16)) == [*range(8), *range(12, 16)]
    assert sum(file.stat().st_size for file in files_of(cache)) <= used


def test_reading_counts_as_use():
    old = add(range(4))[pixel_key("scan 0")].shard.path
    os.utime(old, (1, 1))
    there(range(4))
    assert time.time() - old.stat().st_mtime < 60


def test_what_is_used_together_is_never_removed_for_each_other(monkeypatch, cache):
    places = add(range(4))
    os.utime(places[pixel_key("scan 0")].shard.path, (1, 1))
    add(range(4, 8))
    monkeypatch.setenv("CT_EXPLORER_CACHE_GIB", str((8.5 * SIZE**2 + 2000) / 2**30))
    add(range(8, 12), beside=places.values())
    assert there(range(12)) == [0, 1, 2, 3, 8, 9, 10, 11]


def test_squares_that_cannot_fit_are_refused_before_anything_is_decoded(monkeypatch, cache):
    monkeypatch.setenv("CT_EXPLORER_CACHE_GIB", "0.00001")

    def decodes():
        raise AssertionError("decoded")
        yield

    with pytest.raises(WorkError, match=r"expected decoded pixels of at most 1e-05 GiB \(CT_EXPLORER_CACHE_GIB\)"):
        PixelStore(SIZE, LUNG).add(keys_of(range(9)), decodes())
    assert files_of(cache) == []


@pytest.mark.parametrize("text", ["much", "-1", "0", "nan", "inf"])
def test_a_limit_that_is_no_number_is_refused(monkeypatch, text):
    monkeypatch.setenv("CT_EXPLORER_CACHE_GIB", text)
    with pytest.raises(
        ConfigError, match=f"expected CT_EXPLORER_CACHE_GIB to be a number of GiB above 0, found '{text}'"
    ):
        limit_bytes()


def test_a_full_disk_is_one_line_and_leaves_nothing(monkeypatch, cache):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pixel_shards, "_checksum", full)
    with pytest.raises(WorkError, match="No space left on device; free some space"):
        add(range(4))
    assert files_of(cache) == []


def test_what_a_failure_interrupts_leaves_whole_files_only(cache):
    def fails():
        yield from map(square, range(6))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PixelStore(SIZE, LUNG).add(keys_of(range(9)), fails())
    assert there(range(9)) == [0, 1, 2, 3]
    assert len(files_of(cache)) == 1


def test_what_a_kill_left_behind_is_not_trusted_and_goes_after_a_day(cache):
    add(range(4))
    left = files_of(cache)[0].with_name(".left.npy.x1.tmp")
    left.write_bytes(files_of(cache)[0].read_bytes()[:3000])
    make_room(0)
    assert left.exists(), "its process may still write"
    os.utime(left, (time.time() - 2 * 86400,) * 2)
    make_room(0)
    assert not left.exists()
    assert there(range(4)) == [0, 1, 2, 3]


def test_several_can_fill_and_look_at_once(cache):
    failures = []

    def work(first):
        try:
            for start in range(first, first + 40, 8):
                add(range(start, start + 8))
                there(range(120))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 20, 40, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert there(range(120)) == list(range(100))


def test_a_killed_process_leaves_nothing_that_is_trusted(tmp_path, cache):
    script = tmp_path / "fill.py"
    script.write_text(
        "import itertools, sys, time\n"
        "import numpy as np\n"
        "from core.data import pixel_store\n"
        "from core.data.pixel_store import PixelStore, pixel_key\n"
        "from core.data.windows import LUNG\n"
        f"pixel_store.SHARD_BYTES = 4 * {SIZE}**2\n"
        "def squares():\n"
        "    for number in itertools.count():\n"
        "        if number == 6: print('go', flush=True); time.sleep(60)\n"
        f"        yield np.random.default_rng(number).integers(0, 256, ({SIZE}, {SIZE}), dtype=np.uint8)\n"
        "keys = [pixel_key(f'scan {number}') for number in range(12)]\n"
        f"PixelStore({SIZE}, LUNG).add(keys, squares())\n"
    )
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(root)}
    ) as process:
        assert process.stdout.readline() == b"go\n"
        process.kill()
    assert there(range(12)) == [0, 1, 2, 3]
    assert len(files_of(cache)) == 2, "a whole file and half a temporary one"
    add(range(4, 12))
    assert there(range(12)) == list(range(12))
