"""Files are written whole: a reader never sees half of one, and a full disk spoils nothing."""

import errno
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import WorkError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step.

    The temporary file is flushed to disk before the rename, and removed when anything fails, so `path` holds
    either its old content or the new one.

    Raises:
        WorkError: the disk is full or the folder cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise WorkError(_cannot_write(path, error)) from error
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise WorkError(_cannot_write(path, error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def make_folder(folder: Path, *, private: bool = False) -> None:
    """Make a folder and those above it, where they are not there yet; a `private` one is for this user only.

    Raises:
        WorkError: something else is in its place, or it cannot be written.
    """
    try:
        folder.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
    except OSError as error:
        raise WorkError(f"cannot make the folder {folder}: {error.strerror or error}; choose another") from error


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole."""
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON, whole. NaN is refused: figures that do not exist are null."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def write_array(path: Path, values: "NDArray[Any]") -> None:
    """Write `values` as .npy, whole; nothing in it needs pickle to be read."""
    import numpy as np  # only where an array is written: the start page does without

    def save(temporary: Path) -> None:
        with temporary.open("wb") as file:  # given a name, NumPy would add its own ending
            np.save(file, values, allow_pickle=False)

    write_whole(path, save)


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, or what it was raised from, means that a disk has no space left."""
    while error.__cause__ is not None:
        error = error.__cause__
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _cannot_write(path: Path, error: OSError) -> str:
    return f"cannot write {path}: {error.strerror or error}; free some space or choose another folder"
