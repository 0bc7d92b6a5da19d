"""What cannot come in, seen before anything is written: too much at once, or names that would meet."""

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from core.data.arrivals.entries import Entry
from core.data.arrivals.limits import Limits, size_words
from core.data.arrivals.names import meeting_key, shown
from core.errors import DatasetError


def refuse_taken(folder: Path) -> None:
    """A dataset of that name is there, or of one that is the same on some system. Raises DatasetError."""
    parent = folder.parent
    names = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    if meeting_key(folder.name) in {meeting_key(name) for name in names}:
        raise DatasetError(f"there is already a dataset named '{folder.name}' in {parent}; choose another name")


def refuse_too_much(entries: Sequence[Entry], into: Path, limits: Limits) -> None:
    """No file at all, more than is taken, or more than the disk has room for. Raises DatasetError."""
    if not entries:
        raise DatasetError("expected scans, found no file; choose some")
    if len(entries) > limits.entries:
        raise DatasetError(f"refused: {len(entries):,} files, at most {limits.entries:,} are taken; send them in parts")
    claimed = sum(entry.claimed_bytes for entry in entries)
    if claimed > limits.total_bytes:
        raise DatasetError(
            f"refused: {size_words(claimed)} in all, at most {size_words(limits.total_bytes)} are taken; "
            "put the folder on this machine and open it there"
        )
    large = next((entry for entry in entries if entry.claimed_bytes > limits.file_bytes), None)
    if large:
        raise DatasetError(
            f"refused: '{shown(large.name)}' has {size_words(large.claimed_bytes)}, at most "
            f"{size_words(limits.file_bytes)} of a file are read; leave it out"
        )
    free = shutil.disk_usage(
        next(place for place in (into.absolute(), *into.absolute().parents) if place.is_dir())
    ).free
    if claimed + limits.free_bytes > free:
        raise DatasetError(
            f"refused: {size_words(claimed)} to write and {size_words(free)} free in {into}, of which "
            f"{size_words(limits.free_bytes)} stay free; make room"
        )


def refuse_meetings(paths: Sequence[str]) -> None:
    """Two names that are one file here or on another system: the second would overwrite the first unseen.

    Raises:
        DatasetError: there are such names, or one is both a file and a folder.
    """
    twice = next((path for path, count in Counter(paths).items() if count > 1), None)
    if twice:
        raise DatasetError(f"refused: '{shown(twice)}' is there twice; rename one of the two")
    first_with: dict[str, str] = {}
    folders: set[str] = set()
    for path in paths:
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            prefix = "/".join(parts[:depth])
            if prefix in folders and depth < len(parts):
                continue
            other = first_with.setdefault(meeting_key(prefix), prefix)
            if other != prefix:
                raise DatasetError(
                    f"refused: '{shown(other)}' and '{shown(prefix)}' are one name on some systems; rename one of them"
                )
            if depth < len(parts):
                folders.add(prefix)
    both = next((path for path in paths if path in folders), None)
    if both:
        raise DatasetError(f"refused: '{shown(both)}' is both a file and a folder; rename one of the two")
