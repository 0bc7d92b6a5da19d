"""The bytes of a file that somebody else has named, or why they are not read."""

import os
import stat
from pathlib import Path

from core.data.refusals import EMPTY, UnusableError

MAX_FILE_MIB = 512


def status_of(path: Path) -> os.stat_result:
    """Its size, kind and times.

    Raises:
        UnusableError: the path is none, or what it names is no plain file.
        OSError: it cannot be looked at.
    """
    try:
        status = path.stat()
    except ValueError as error:  # a NUL in the path
        raise UnusableError(f"cannot be opened: {error}") from None
    if stat.S_ISDIR(status.st_mode):
        raise UnusableError("a folder, not a file")
    if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
        raise UnusableError("not a plain file")
    return status


def content_of(path: Path, status: os.stat_result) -> bytes:
    """All of the file.

    Raises:
        UnusableError: it is empty, or too large.
        OSError: it cannot be read.
    """
    if status.st_size == 0:
        raise UnusableError(EMPTY)
    if status.st_size > MAX_FILE_MIB * 2**20:
        raise UnusableError(f"too large: more than the {MAX_FILE_MIB} MiB that are read")
    with path.open("rb", buffering=0) as opened:
        content = opened.read(status.st_size)  # half of the system calls that `read_bytes` makes
        return content if len(content) == status.st_size else content + opened.read()
