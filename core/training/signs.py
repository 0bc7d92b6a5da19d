"""Signs of life of a run: who holds it, what it said last and when, and the last lines of its log.

`<run>/.lock` is held by the process that works on the run. The operating system gives it back when that process
ends, however it ends: nobody holds it, nobody works on it.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from filelock import FileLock, Timeout

from core.errors import RequestError, WorkError
from core.files import write_json
from core.processes import is_held
from core.runs import Run, now_text, read_status, seconds_since

_LOG_TAIL_BYTES = 64 * 1024
_LONGEST_LINE = 300
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


Told = Callable[[str, float, str], None]
"""Called with the phase, its share done in [0, 1], and words; for a progress bar."""


class StopRequestedError(Exception):
    """Somebody asked to stop before there was anything to finish."""


@contextmanager
def claimed(run: Run, *, timeout_seconds: float = 2) -> Iterator[None]:
    """Hold the run while working on it; a reader asking `is_claimed` holds it for a moment, hence the timeout.

    Raises:
        RequestError: another process works on it.
        WorkError: its folder cannot be written.
    """
    lock = FileLock(run.folder / ".lock")
    try:
        with told_in_one_line("lock", run):
            lock.acquire(timeout=timeout_seconds)
    except Timeout as error:
        raise RequestError(
            f"run {run.id} is already being worked on by another process; wait for it, or stop it first"
        ) from error
    try:
        yield
    finally:
        lock.release()


def is_claimed(run: Run) -> bool:
    """Whether a process works on the run now."""
    return is_held(run.folder / ".lock")


def report(run: Run, *, phase: str, **facts: Any) -> None:
    """Write `status.json`: what the run is at, its process and the time. `facts` are plain values."""
    write_json(run.folder / "status.json", {"phase": phase, "pid": os.getpid(), "heartbeat": now_text(), **facts})


def progress_of(run: Run) -> dict[str, Any]:
    """`status.json` as last written; empty before the first and when it cannot be read."""
    return read_status(run.folder)


def seconds_silent(run: Run) -> float:
    """Seconds since the run's last sign of life, or since it was made; infinite where that is no time."""
    return seconds_since(progress_of(run).get("heartbeat") or run.record.created)


def last_lines(run: Run, n: int = 5, *, from_byte: int = 0) -> list[str]:
    """The last `n` lines of the run's log that say something, safe to print: no control characters, none endless.

    Args:
        run: whose log.
        n: how many at most.
        from_byte: where to begin; the size of the log when an attempt began leaves earlier attempts out.
    """
    try:
        with run.log_path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(from_byte, size - _LOG_TAIL_BYTES))
            tail = log.read(_LOG_TAIL_BYTES)
    except OSError:
        return []
    lines = []
    for line in tail.decode("utf-8", errors="replace").split("\n"):
        shown = line.rstrip("\r").rpartition("\r")[2]  # a progress bar writes over itself
        shown = "".join(c for c in _ESCAPES.sub("", shown).replace("\t", "    ") if c.isprintable()).rstrip()
        if shown:
            lines.append(shown if len(shown) <= _LONGEST_LINE else shown[: _LONGEST_LINE - 1] + "…")
    return lines[-n:] if n > 0 else []


@contextmanager
def told_in_one_line(doing: str, run: Run) -> Iterator[None]:
    """Turn what the operating system refuses into a WorkError; a Timeout is one of its kind but no refusal."""
    try:
        yield
    except Timeout:
        raise
    except OSError as error:
        raise WorkError(
            f"cannot {doing} run {run.id}: {error.strerror or error}; "
            f"look at the rights and the free space of {run.folder}"
        ) from error
