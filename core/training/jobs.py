"""Trainings as processes of their own: started, waited for, stopped, and found out when they died.

Two kinds of file locks do all of it, and the operating system gives both back when a process ends, however it ends:

- `<run>/.lock` is held by the process that works on the run. Nobody holds it: nobody works on it.
- `<runs>/.device.lock` is held by the one run that trains. The others wait in the order they were made.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from filelock import FileLock, Timeout

from core.errors import RequestError, WorkError
from core.files import write_json
from core.processes import is_held, start_command
from core.run_record import Status
from core.runs import Run, list_runs, now_text, read_run

STOP_REQUEST = "stop.request"
_START_GRACE_SECONDS = 60  # from making a run to its process holding the lock
_QUEUE_POLL_SECONDS = 0.3


def start_in_background(run: Run, command: str | None = None) -> int:
    """Start `python -m core <command> <run>` in a session of its own, low priority; returns its process id.

    It outlives this process, a closed browser and a stopped server. What it prints goes to the run's log.
    A run on phantoms is a demo and goes on as one, any other with `resume`, unless a command is given. A finished
    run keeps its record.

    Raises:
        WorkError: the log cannot be written, or no process can be started.
    """
    command = command or ("demo" if run.record.phantoms else "resume")
    if not is_claimed(run) and read_run(run.folder).record.status != "finished":
        forget_stop(run)
        run = run.updated(status="queued", error="", ended="")  # so that it can be stopped from now on
        report(run, phase="starting")
    with _told_in_one_line("start", run):
        return start_command([command, str(run.folder.resolve()), "--background"], log_path=run.log_path)


@contextmanager
def claimed(run: Run) -> Iterator[None]:
    """Hold the run while working on it.

    Raises:
        RequestError: another process works on it.
        WorkError: its folder cannot be written.
    """
    lock = FileLock(run.folder / ".lock")
    try:
        with _told_in_one_line("lock", run):
            lock.acquire(timeout=2)  # a reader asking `is_claimed` holds it for a moment
    except Timeout as error:
        raise RequestError(
            f"run {run.id} is already being worked on by another process; wait for it, or stop it first"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def device_turn(run: Run, *, stop_requested: Callable[[], bool]) -> Iterator[bool]:
    """Wait until it is this run's turn to train; gives False when asked to stop meanwhile."""
    lock = FileLock(run.folder.parent / ".device.lock")
    while not stop_requested():
        ahead = waiting_before(run)
        if ahead == 0:
            try:
                with _told_in_one_line("queue", run):
                    lock.acquire(timeout=0)
            except Timeout:
                pass
            else:
                try:
                    yield True
                finally:
                    lock.release()
                return
        report(run, phase="waiting", ahead=max(ahead, 1))
        time.sleep(_QUEUE_POLL_SECONDS)
    yield False


def waiting_before(run: Run) -> int:
    """How many living, queued runs were made before this one."""
    own = (run.record.created, run.id)
    runs, _ = list_runs(run.folder.parent)
    return sum(
        (other.record.created, other.id) < own and other.record.status == "queued" and is_claimed(other)
        for other in runs
    )


def is_claimed(run: Run) -> bool:
    """Whether a process works on the run now."""
    return is_held(run.folder / ".lock")


def current_status(run: Run) -> tuple[Status, str]:
    """The run's true status and why: a process that died cannot write it down itself."""
    status, error = run.record.status, run.record.error
    if status not in ("queued", "running") or is_claimed(run):
        return status, error
    again = read_run(run.folder)  # it may have ended between the two looks
    if again.record.status not in ("queued", "running"):
        return again.record.status, again.record.error
    if (
        status == "queued"
        and _seconds_since(progress_of(run).get("heartbeat") or run.record.created) < _START_GRACE_SECONDS
    ):
        return "queued", ""
    return (
        "failed",
        "its process ended without a word (killed, or out of memory); resume goes on from the last epoch",
    )


def request_stop(run: Run) -> None:
    """Ask the run's process to stop after the step at hand; a run without one is marked stopped at once.

    Raises:
        RequestError: the run has ended already.
        WorkError: its folder cannot be written.
    """
    if run.record.status not in ("queued", "running"):
        raise RequestError(f"expected a queued or running run to stop, found {run.id} {run.record.status}")
    with _told_in_one_line("stop", run):
        (run.folder / STOP_REQUEST).touch()
    if not is_claimed(run) and current_status(run)[0] == "failed":
        read_run(run.folder).updated(status="stopped", ended=now_text(), error="")
        forget_stop(run)  # else the next resume would obey it


def stop_is_requested(run: Run) -> bool:
    """Whether somebody asked the run to stop."""
    return (run.folder / STOP_REQUEST).exists()


def forget_stop(run: Run) -> None:
    """Take back what `request_stop` asked for."""
    with _told_in_one_line("take back the stop of", run):
        (run.folder / STOP_REQUEST).unlink(missing_ok=True)


def report(run: Run, *, phase: str, **facts: Any) -> None:
    """Write `status.json`: what the run is at, its process and the time. `facts` are plain values."""
    write_json(run.folder / "status.json", {"phase": phase, **facts, "pid": os.getpid(), "heartbeat": now_text()})


def progress_of(run: Run) -> dict[str, Any]:
    """`status.json` as last written; empty before the first and when it cannot be read."""
    try:
        content = json.loads((run.folder / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


@contextmanager
def _told_in_one_line(doing: str, run: Run) -> Iterator[None]:
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


def _seconds_since(moment: str) -> float:
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()
    except (ValueError, TypeError):  # no time, or none with a zone
        return float("inf")
