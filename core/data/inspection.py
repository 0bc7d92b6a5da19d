"""What each file of a dataset is: looked at once, and remembered while the file does not change."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from core.data.cache_folder import cache_folder
from core.data.images import ScanFacts, inspect_scan
from core.data.parallel import each_in_threads
from core.data.patient_key import PatientKey, key_mark
from core.data.reader_version import READER_VERSION
from core.errors import WorkError
from core.files import write_whole

KEPT_DATASETS = 64
# Threads that hand over one file after the other are in each other's way; of few files each should show at once.
_MANY, _TOGETHER = 1_000, 16

_FIELDS = tuple(field.name for field in fields(ScanFacts))
_TYPES = tuple(type(field.default) for field in fields(ScanFacts))
_values = attrgetter(*_FIELDS)
# A file changed within one tick of its system's clock after it was looked at shows no other time. Systems that keep
# whole seconds are known by their zeros; some of them count in twos.
_FINE_TICK_NS, _COARSE_TICK_NS = 50_000_000, 2_000_000_000

_Stamp = list[int]  # size, times of change of content and of status in ns, inode
_Facts = tuple[ScanFacts, ...]


def inspected(
    root: Path,
    paths: Sequence[str],
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[tuple[ScanFacts, ...]]:
    """`inspect_scan` of many files, in their order; files that have not changed since the last time are not opened.

    A file counts as unchanged while its size, its times of change (of content and of status, in ns) and its inode are
    the same. What is remembered lies in the cache with a checksum; damage means that all files are looked at again,
    and so does another key for the patients' ids.

    Args:
        root: the dataset's folder, resolved.
        paths: relative to it, with `/`.
        workers: threads; by default a few for each core.
        progress: called with (done, total) once for the files that are known already, then after each other one.
    """
    remembered = _remembered(root)
    stamps = [_stamp(f"{root}/{path}") for path in paths]
    facts: dict[str, _Facts] = {}
    settled: dict[str, tuple[_Stamp, _Facts]] = {}
    new: list[int] = []
    for row, (path, stamp) in enumerate(zip(paths, stamps, strict=True)):
        known = remembered.get(path)
        if known is None or known[0] != stamp:
            new.append(row)
        else:
            facts[path], settled[path] = known[1], known
    there = len(paths) - len(new)
    if progress is not None and there:
        progress(there, len(paths))
    key = PatientKey(root)
    fresh = each_in_threads(
        lambda row: (time.time_ns(), inspect_scan(root / paths[row], patient_key=key)),
        new,
        workers=workers,
        together=_TOGETHER if len(new) >= _MANY else 1,
        progress=None if progress is None else lambda done, _total: progress(there + done, len(paths)),
    )
    try:
        for row, (looked_ns, found) in zip(new, fresh, strict=True):
            facts[paths[row]], stamp = found, stamps[row]
            # What could not even be read may be readable soon.
            if stamp is not None and _is_settled(stamp, looked_ns) and all(frame.sha256 for frame in found):
                settled[paths[row]] = stamp, found
    finally:  # whoever gives up halfway goes on from there the next time
        if settled != remembered:
            _remember(root, settled)
    return [facts[path] for path in paths]


def _stamp(path: str) -> _Stamp | None:
    try:
        status = os.stat(path)  # noqa: PTH116  # a Path for each of many thousand files would take as long
    except (OSError, ValueError):
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _is_settled(stamp: _Stamp, looked_ns: int) -> bool:
    """Whether a change after it was looked at is sure to show in the times."""
    changed_ns = max(stamp[1:3])
    tick_ns = _FINE_TICK_NS if stamp[2] % 1_000_000_000 else _COARSE_TICK_NS
    return abs(looked_ns - changed_ns) > tick_ns


def _cache_file(root: Path) -> Path:
    return cache_folder("index") / f"{hashlib.sha256(bytes(root)).hexdigest()[:32]}.json"


def _remembered(root: Path) -> dict[str, tuple[_Stamp, _Facts]]:
    """Stamp and facts by path; empty where nothing is remembered, or what is cannot be trusted."""
    try:
        file = _cache_file(root)
        checksum, _, body = file.read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != checksum:
            return {}
        content: dict[str, Any] = json.loads(body)
        if _head(content) != _head({"version": READER_VERSION, "fields": list(_FIELDS), "key": key_mark(root)}):
            return {}
        found = {path: (stamp, _facts_from(frames)) for path, stamp, frames in content["files"]}
        with suppress(OSError):
            os.utime(file)  # in use: `_forget_oldest` leaves it alone
    except (OSError, WorkError, ValueError, KeyError, TypeError, RecursionError, MemoryError):
        return {}
    return found


def _head(content: dict[str, Any]) -> list[Any]:
    return [content["version"], content["fields"], content["key"]]


def _facts_from(frames: list[list[Any]]) -> _Facts:
    for values in frames:
        if tuple(map(type, values)) != _TYPES:
            raise TypeError("facts of other types")
    return tuple(ScanFacts(*values) for values in frames)


def _remember(root: Path, settled: dict[str, tuple[_Stamp, _Facts]]) -> None:
    content = {
        "version": READER_VERSION,
        "fields": _FIELDS,
        "key": key_mark(root),
        "files": [(path, stamp, [_values(frame) for frame in frames]) for path, (stamp, frames) in settled.items()],
    }
    body = json.dumps(content, separators=(",", ":")).encode()
    whole = hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    with suppress(WorkError, OSError):  # it can be made again, and everything works without
        file = _cache_file(root)
        write_whole(file, lambda temporary: temporary.write_bytes(whole))
        file.chmod(0o600)
        _forget_oldest(file.parent)


def _forget_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[KEPT_DATASETS:]:
        file.unlink(missing_ok=True)
