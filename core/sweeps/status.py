"""Who works on a sweep, how far it is, and how it is started and stopped: told by file locks, which never lie."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from core.errors import ExplorerError, RequestError, WorkError, failure_line
from core.files import write_json
from core.processes import is_held, start_command
from core.run_record import Status
from core.runs import now_text, read_run, read_status, seconds_since
from core.sweeps.sweep import Sweep
from core.sweeps.trials import asking, read_trials
from core.training import jobs

STOP_REQUEST = "stop.request"
_START_GRACE_SECONDS = 60  # from the start of a process to its holding a lock
_KILLED = "its process ended without a word (killed, or out of memory); going on takes its trial up where it was"


@dataclass(frozen=True)
class SweepStatus:
    """How far a sweep is.

    Attributes:
        status: the words of a run's status; `finished` once as many trials as wanted have ended.
        error: why it failed, in one line.
        wanted: trials asked for.
        finished: trials with a standing on validation: those looked at.
        failed: trials that came to nothing.
        running: ids of the runs of trials that are not over.
        processes: how many work on it now.
    """

    status: Status
    error: str
    wanted: int
    finished: int
    failed: int
    running: tuple[str, ...]
    processes: int

    @property
    def says(self) -> str:
        """How many trials were looked at, in a sentence."""
        looked = f"Trials looked at on validation: {self.finished} of {self.wanted}"
        return f"{looked}; failed: {self.failed}." if self.failed else f"{looked}."


def sweep_status(sweep: Sweep) -> SweepStatus:
    """How far the sweep is now.

    Raises:
        WorkError: its database cannot be read.
    """
    processes = len(_workers(sweep))
    told = read_status(sweep.folder)  # before the trials: a process writes its end after its last trial
    trials = read_trials(sweep)
    ended = {state: [trial for trial in trials if trial.state == state] for state in ("running", "finished", "failed")}
    status, error = _status_words(sweep, told)
    if processes:
        status, error = "running", ""
    elif len(ended["finished"]) + len(ended["failed"]) >= sweep.trials:
        status, error = ("finished", "") if ended["finished"] else ("failed", _all_failed(ended["failed"][0].error))
    return SweepStatus(
        status=status,
        error=error,
        wanted=sweep.trials,
        finished=len(ended["finished"]),
        failed=len(ended["failed"]),
        running=tuple(trial.run for trial in ended["running"] if trial.run),
        processes=processes,
    )


def start_in_background(sweep: Sweep) -> int:
    """Start `python -m core sweep <folder>` in a session of its own, low priority; returns its process id.

    It outlives this process, a closed browser and a stopped server. Started twice, two processes share the trials.

    Raises:
        RequestError: it is being stopped.
        WorkError: the folder cannot be written, or no process can be started.
    """
    with asking(sweep):
        _refuse_while_stopping(sweep)
        if not _workers(sweep):
            forget_stop(sweep)
            _report(sweep, "starting")
    try:
        return start_command(["sweep", str(sweep.folder.resolve()), "--background"], log_path=sweep.log_path)
    except OSError as error:
        raise WorkError(
            f"cannot start sweep {sweep.id}: {error.strerror or error}; look at the rights and space of {sweep.folder}"
        ) from error


def request_stop(sweep: Sweep) -> None:
    """Ask all processes of the sweep to stop after the step at hand; what they train can be gone on with.

    Raises:
        RequestError: nobody works on it.
        WorkError: its folder cannot be written.
    """
    status = sweep_status(sweep)
    if status.status not in ("queued", "running"):
        raise RequestError(f"expected a sweep at work to stop, found {sweep.id} {status.status}")
    try:
        (sweep.folder / STOP_REQUEST).touch()
    except OSError as error:
        raise WorkError(f"cannot stop sweep {sweep.id}: {error.strerror or error}; look at its rights") from error
    for name in status.running:
        stop_run(sweep.runs_folder / name)


def stop_run(folder: Path) -> None:
    """Pass the sweep's stop on to a run of it, where it is at work."""
    with suppress(ExplorerError):  # it has just ended
        run = read_run(folder)
        if jobs.is_claimed(run) and not jobs.stop_is_requested(run):
            jobs.request_stop(run)


def stop_is_requested(sweep: Sweep) -> bool:
    """Whether somebody asked the sweep to stop."""
    return (sweep.folder / STOP_REQUEST).exists()


def forget_stop(sweep: Sweep) -> None:
    """Take back what `request_stop` asked for."""
    with suppress(OSError):
        (sweep.folder / STOP_REQUEST).unlink(missing_ok=True)


@contextmanager
def at_work(sweep: Sweep) -> Iterator[None]:
    """Be known as one of the processes that work on the sweep, and say at the end how it went.

    Raises:
        RequestError: the sweep is being stopped.
        WorkError: its folder cannot be written.
    """
    lock = FileLock(sweep.folder / f".worker-{os.getpid()}-{secrets.token_hex(4)}.lock")
    with asking(sweep):
        others = _workers(sweep)
        for path in set(sweep.folder.glob(".worker-*.lock")) - set(others):
            path.unlink(missing_ok=True)  # of processes that were killed
        if others:
            _refuse_while_stopping(sweep)
        elif read_status(sweep.folder).get("phase") != "starting":
            forget_stop(sweep)  # it was meant for a process that has ended since
        lock.acquire(timeout=2)
        _report(sweep, "working")
    try:
        yield
        _report(sweep, "stopped" if stop_is_requested(sweep) else "done")
    except KeyboardInterrupt:
        _report(sweep, "stopped")
        raise
    except Exception as error:
        words = failure_line(error) if isinstance(error, ExplorerError) else f"{type(error).__name__}: {error}"
        with suppress(WorkError):
            _report(sweep, "failed", " ".join(words.split()))
        raise
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def _workers(sweep: Sweep) -> list[Path]:
    return [path for path in sweep.folder.glob(".worker-*.lock") if is_held(path)]


def _refuse_while_stopping(sweep: Sweep) -> None:
    if stop_is_requested(sweep) and _workers(sweep):
        raise RequestError(f"expected sweep {sweep.id} to go on with, but it is being stopped; wait until it has")


def _status_words(sweep: Sweep, told: dict[str, Any]) -> tuple[Status, str]:
    """What the folder says where nobody is at work and trials are left."""
    phase = told.get("phase", "starting")
    if phase == "stopped":
        return "stopped", ""
    if phase == "failed":
        return "failed", str(told.get("error", ""))
    if phase == "starting" and seconds_since(str(told.get("time") or sweep.created)) < _START_GRACE_SECONDS:
        return "queued", ""
    return "failed", _KILLED


def _all_failed(first: str) -> str:
    return f"every trial failed, the first so: {first}"


def _report(sweep: Sweep, phase: str, error: str = "") -> None:
    write_json(sweep.folder / "status.json", {"phase": phase, "error": error, "pid": os.getpid(), "time": now_text()})
