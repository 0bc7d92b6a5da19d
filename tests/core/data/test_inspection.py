"""Files are looked at once: those that changed anew, and a memory that is damaged counts as none."""

import hashlib
import json
import os
import time

import numpy as np
import pytest
from PIL import Image

from core.data import inspection
from core.data.images import ScanFacts, inspect_scan
from core.data.inspection import inspected

PATHS = [f"{number}.png" for number in range(6)]
LONG_AGO_NS = 1_500_000_000_123_456_789


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache; and times of change are long past, as they are in datasets."""
    monkeypatch.setenv("CT_EXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(inspection, "_is_settled", lambda stamp, looked_ns: True)
    return tmp_path / "cache" / "index"


@pytest.fixture
def folder(tmp_path):
    """Six scans, one of them damaged."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for number, path in enumerate(PATHS):
        put(folder / path, number)
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:200])
    return folder


@pytest.fixture
def looked(monkeypatch):
    """The names of the files that are opened from now on."""
    names = []

    def noted(path, **options):
        names.append(path.name)
        return inspect_scan(path, **options)

    monkeypatch.setattr(inspection, "inspect_scan", noted)
    return names


def put(path, number, side=40):
    Image.fromarray(np.random.default_rng(number).integers(0, 256, (side, side), dtype=np.uint8)).save(path)


def facts_of(folder, paths=PATHS):
    return [inspect_scan(folder / path) for path in paths]


def signed(content):
    body = json.dumps(content).encode()
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def test_an_unchanged_folder_is_not_opened_again(folder, looked):
    first = inspected(folder, PATHS)
    assert first == facts_of(folder)
    assert sorted(looked) == PATHS
    looked.clear()
    assert inspected(folder, PATHS) == first
    assert looked == []


def test_facts_come_in_the_order_asked_for(folder):
    inspected(folder, PATHS[:4])
    assert inspected(folder, PATHS[::-1]) == facts_of(folder, PATHS[::-1])


@pytest.mark.parametrize("change", ["content", "time", "replaced", "longer"])
def test_a_file_that_changed_is_looked_at_anew_and_no_other(folder, looked, change):
    inspected(folder, PATHS)
    looked.clear()
    file = folder / "2.png"
    status = file.stat()
    if change == "content":  # as long as before, and its time put back
        content = bytearray(file.read_bytes())
        content[100] ^= 1
        file.write_bytes(content)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "time":
        os.utime(file, ns=(status.st_atime_ns, LONG_AGO_NS))
    elif change == "replaced":
        put(folder / "new.png", 77)
        (folder / "new.png").replace(file)
    else:
        put(file, 77, side=50)
    assert inspected(folder, PATHS) == facts_of(folder)
    assert looked == ["2.png"]


def test_a_file_that_comes_or_goes_changes_nothing_for_the_others(folder, looked):
    inspected(folder, PATHS)
    looked.clear()
    (folder / "5.png").unlink()
    put(folder / "6.png", 6)
    paths = [*PATHS[:5], "6.png"]
    assert inspected(folder, paths) == facts_of(folder, paths)
    assert looked == ["6.png"]


def test_what_could_not_be_read_is_tried_again(folder, looked):
    paths = [*PATHS, "gone.png"]
    assert inspected(folder, paths)[-1][0].problem == "not found: there is no such file"
    looked.clear()
    put(folder / "gone.png", 9)
    assert inspected(folder, paths)[-1][0].problem == ""
    assert looked == ["gone.png"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-7],
        lambda content: content.replace(b'"PNG"', b'"GIF"', 1),
        lambda content: os.urandom(400),
        lambda content: signed([]),
        lambda content: signed({}),
        lambda content: signed(json.loads(content.split(b"\n")[1]) | {"version": -1}),
        lambda content: signed(json.loads(content.split(b"\n")[1]) | {"fields": ["width"]}),
        lambda content: signed(json.loads(content.split(b"\n")[1]) | {"key": "0"}),
        lambda content: signed(json.loads(content.split(b"\n")[1]) | {"files": 3}),
        lambda content: signed(json.loads(content.split(b"\n")[1]) | {"files": [["0.png", [], [[1]]]]}),
        lambda content: signed(json.loads(content.split(b"\n")[1]) | {"files": [["0.png", [1, 2, 3, 4], [[{}] * 11]]]}),
        lambda content: b"x\n" + b"[" * 100_000,
    ],
)
def test_a_damaged_memory_counts_as_none(folder, cache, looked, damage):
    first = inspected(folder, PATHS)
    (file,) = cache.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    looked.clear()
    assert inspected(folder, PATHS) == first
    assert sorted(looked) == PATHS
    looked.clear()
    inspected(folder, PATHS)
    assert looked == [], "and it is whole again"


def test_another_key_for_patients_means_looking_again(folder, looked, monkeypatch):
    inspected(folder, PATHS)
    looked.clear()
    monkeypatch.setattr(inspection, "key_mark", lambda root: "another")
    inspected(folder, PATHS)
    assert sorted(looked) == PATHS


def test_several_frames_of_a_file_are_remembered(folder, monkeypatch, looked):
    frames = (ScanFacts(sha256="a", pixels="p"), ScanFacts(sha256="b", problem="blank"))
    monkeypatch.setattr(inspection, "inspect_scan", lambda path, **_: frames)
    assert inspected(folder, ["0.png"]) == [frames]
    monkeypatch.setattr(inspection, "inspect_scan", None)
    assert inspected(folder, ["0.png"]) == [frames]


def test_a_file_changed_a_moment_ago_is_looked_at_again():
    now_ns = time.time_ns()
    stamp = [9, LONG_AGO_NS, LONG_AGO_NS, 1]
    assert inspection_is_settled(stamp, now_ns)
    assert not inspection_is_settled([9, LONG_AGO_NS, now_ns - 1_000_000 | 1, 1], now_ns)
    whole_second = now_ns // 10**9 * 10**9
    assert not inspection_is_settled([9, LONG_AGO_NS, whole_second, 1], whole_second + 900_000_000)
    assert inspection_is_settled([9, LONG_AGO_NS, whole_second, 1], whole_second + 2_100_000_000)


inspection_is_settled = inspection._is_settled


def test_progress_counts_what_is_known_at_once(folder):
    told = []
    inspected(folder, PATHS[:3], progress=lambda *counts: told.append(counts))
    assert told == [(1, 3), (2, 3), (3, 3)]
    told.clear()
    inspected(folder, PATHS, progress=lambda *counts: told.append(counts))
    assert told == [(3, 6), (4, 6), (5, 6), (6, 6)]


def test_many_files_are_handed_over_together(folder, looked, monkeypatch):
    monkeypatch.setattr(inspection, "_MANY", 3)
    monkeypatch.setattr(inspection, "_TOGETHER", 4)
    told = []
    assert inspected(folder, PATHS, progress=lambda *counts: told.append(counts)) == facts_of(folder)
    assert told == [(done, 6) for done in range(1, 7)]
    assert sorted(looked) == PATHS


def test_who_gives_up_halfway_goes_on_from_there(folder, looked):
    def stop(done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inspected(folder, PATHS, workers=1, progress=stop)
    looked.clear()
    assert inspected(folder, PATHS) == facts_of(folder)
    assert sorted(looked) == PATHS[3:]


def test_a_cache_that_cannot_be_written_is_done_without(folder, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CT_EXPLORER_CACHE", str(tmp_path / "file"))
    assert inspected(folder, PATHS) == facts_of(folder)


def test_the_memory_is_for_this_user_only_and_of_the_last_datasets(folder, cache, monkeypatch, tmp_path):
    monkeypatch.setattr(inspection, "KEPT_DATASETS", 2)
    for name in "abc":
        (tmp_path / name).mkdir()
        put(tmp_path / name / "0.png", 0)
        inspected(tmp_path / name, ["0.png"])
    files = list(cache.iterdir())
    assert len(files) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in [cache, *files])


def test_no_files_are_no_trouble(folder):
    assert inspected(folder, []) == []
