"""A folder that appears whole or not at all: built beside its place under another name."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

from filelock import FileLock, Timeout

_PARTIAL = ".partial"


@contextmanager
def partial_folder(folder: Path) -> Iterator[Path]:
    """A name beside `folder` to build it under, removed afterwards; its lock tells that somebody still builds it."""
    partial = folder.parent / f".{folder.name}.{secrets.token_hex(4)}{_PARTIAL}"
    lock = FileLock(_lock_of(partial))
    lock.acquire(timeout=0)
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        lock.release()
        _lock_of(partial).unlink(missing_ok=True)


def remove_abandoned(folder: Path) -> None:
    """Remove what killed writers of `folder` left beside it; what a living one holds stays."""
    for partial in folder.parent.glob(f".{escape(folder.name)}.????????{_PARTIAL}"):
        lock = FileLock(_lock_of(partial))
        with suppress(Timeout):
            lock.acquire(timeout=0)
            shutil.rmtree(partial, ignore_errors=True)
            lock.release()
            _lock_of(partial).unlink(missing_ok=True)


def _lock_of(partial: Path) -> Path:
    return partial.with_name(partial.name + ".lock")
