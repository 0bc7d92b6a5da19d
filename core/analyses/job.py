"""Long analyses of a run in processes of their own: start, progress, stop, and whether a result still holds.

Each lies in `<run>/analyses/<kind>[-<hash of its options>]/`: `status.json`, `log.txt`, and what the kind writes. A
lock there tells whether somebody works on it, however that process ends. `status.json` says "finished" only once all
files are written, together with a mark of the predictions and weights that they were made from, so that neither half a
result nor one of another state of the run is taken for the result.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.analyses.kinds import KINDS
from core.analyses.marks import mark_of
from core.errors import RequestError, RunNotFoundError, WorkError
from core.files import make_folder, write_json
from core.processes import is_alive, is_held, start_command
from core.runs import Run, read_status

_START_GRACE_SECONDS = 60.0  # until a process that was started must hold the lock; a busy machine takes a few
_OF_THE_JOB = {"status.json", "log.txt", "worker.json", "stop.request", ".lock", ".start.lock"}
OUTDATED = "made from other predictions, weights or calibration than the run has now; make it again"


@dataclass(frozen=True)
class Analysis:
    """One analysis of a run, as it stands.

    Attributes:
        kind: a key of `KINDS`.
        options: what it was asked for; an empty one is none.
        status: none, running, finished, failed, stopped or died (its process ended without a word).
        done, of: steps; both 0 while nothing is known.
        seconds_left: at its pace so far; None while that is a guess.
        says: why it failed, died or does not hold any more, one line; else empty.
        folder: where its results lie once it is finished; need not exist before.
    """

    kind: str
    options: Mapping[str, str]
    status: str
    folder: Path
    done: int = 0
    of: int = 0
    seconds_left: float | None = None
    says: str = ""

    @property
    def share(self) -> float:
        """Of its steps done, in [0, 1]."""
        return min(self.done / self.of, 1.0) if self.of > 0 else 0.0

    @property
    def log_path(self) -> Path:
        """What its process printed."""
        return self.folder / "log.txt"


@dataclass(frozen=True)
class Claim:
    """The right to work on an analysis: held by one process at a time.

    Attributes:
        mark: of the predictions and weights as they are at its beginning.
    """

    analysis: Analysis
    mark: str
    lock: FileLock = field(repr=False, compare=False)


def state_of(run: Run, kind: str, options: Mapping[str, str] | None = None) -> Analysis:
    """How an analysis stands now. Reads a few small files; the mark is computed once for each state of the run.

    Raises:
        RequestError: there is no such kind.
        RunDamagedError: the run's calibration is damaged, of a kind that holds scores.
    """
    options = _checked(kind, options)
    folder = _folder(run, kind, options)
    told = read_status(folder)
    done, of = _count(told.get("done")), _count(told.get("of"))
    seconds_left = told.get("seconds_left")
    found = Analysis(kind, options, "none", folder, done, of)
    if is_held(folder / ".lock") or _is_starting(folder, told):
        left = float(seconds_left) if isinstance(seconds_left, (int, float)) else None
        return Analysis(kind, options, "running", folder, done, of, left)
    status, says = str(told.get("status", "none")), str(told.get("says", ""))
    if status in ("running", "starting"):
        says = _last_words(folder) or "its process ended without a word: the machine went down, or somebody ended it"
        return Analysis(kind, options, "died", folder, done, of, says=says)
    if status not in ("finished", "failed", "stopped"):
        return found
    if told.get("mark") != mark_of(run, kind):
        return Analysis(kind, options, "none", folder, says=OUTDATED if status == "finished" else "")
    return Analysis(kind, options, status, folder, done, of, says=says)


def finished_folder(run: Run, kind: str, options: Mapping[str, str] | None = None) -> Path | None:
    """Where the results lie that hold for the run as it is now; None where there are none."""
    found = state_of(run, kind, options)
    return found.folder if found.status == "finished" else None


def start(run: Run, kind: str, options: Mapping[str, str] | None = None) -> Analysis:
    """Begin an analysis in a process of its own, unless one is at work or its result is there and holds.

    Raises:
        RequestError: there is no such kind, or the run is gone or has no results.
        WorkError: the folder cannot be written, or no process can be started.
    """
    options = _checked(kind, options)
    _check_there(run)
    folder = _folder(run, kind, options)
    make_folder(folder)
    try:
        with FileLock(folder / ".start.lock", timeout=10):
            if state_of(run, kind, options).status not in ("running", "finished"):
                for name in ("stop.request", "worker.json", "log.txt"):
                    (folder / name).unlink(missing_ok=True)
                write_json(folder / "status.json", {"status": "starting", "at": time.time(), "options": dict(options)})
                settings = [part for name, value in options.items() for part in ("--set", f"{name}={value}")]
                pid = start_command(
                    ["analyse", str(run.folder.resolve()), kind, *settings, "--background"],
                    log_path=folder / "log.txt",
                )
                write_json(folder / "worker.json", {"pid": pid})
    except Timeout:
        raise WorkError(f"another process starts something in {folder} just now; try again") from None
    except OSError as error:
        raise WorkError(
            f"cannot start it: {error.strerror or error}; look at the space and rights of {folder}"
        ) from error
    return state_of(run, kind, options)


def stop(run: Run, kind: str, options: Mapping[str, str] | None = None) -> None:
    """Ask who works on it to stop at the next step; nothing happens where nobody does."""
    found = state_of(run, kind, options)
    if found.status == "running":
        with suppress(OSError):
            (found.folder / "stop.request").touch()


def discard(run: Run, kind: str, options: Mapping[str, str] | None = None) -> None:
    """Take a finished result for none, as when its files turn out to be damaged: it can be made again then."""
    found = state_of(run, kind, options)
    if found.status == "finished":
        with suppress(OSError):
            (found.folder / "status.json").unlink(missing_ok=True)


def claim(run: Run, kind: str, options: Mapping[str, str] | None = None) -> Claim:
    """Take the right to work on it, and clear away what an earlier worker left.

    Raises:
        RequestError: there is no such kind, the run is gone or has no results, or another process works on it.
        WorkError: the folder cannot be written.
    """
    options = _checked(kind, options)
    _check_there(run)
    folder = _folder(run, kind, options)
    make_folder(folder)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=1)  # who only looks holds it for a moment
    except Timeout:
        raise RequestError(f"another process works on {KINDS[kind].title} of {run.id} just now; wait for it") from None
    except OSError as error:
        raise WorkError(f"cannot write {folder}: {error.strerror or error}; look at its space and rights") from error
    if read_status(folder).get("status") != "starting":  # then whoever asks to stop means this one
        (folder / "stop.request").unlink(missing_ok=True)
    for path in folder.iterdir():
        if path.name not in _OF_THE_JOB and path.is_file():
            path.unlink(missing_ok=True)
    return Claim(Analysis(kind, options, "running", folder), mark_of(run, kind), lock)


def _checked(kind: str, options: Mapping[str, str] | None) -> dict[str, str]:
    if kind not in KINDS:
        raise RequestError(f"expected a kind of analysis among {', '.join(KINDS)}, found {kind!r}")
    return {name: str(value) for name, value in sorted((options or {}).items()) if str(value)}


def _check_there(run: Run) -> None:
    if not (run.folder / "run.json").is_file():
        raise RunNotFoundError(f"expected a run at {run.folder}, found none; it was moved or deleted")
    if not run.has_results:
        raise RequestError(f"expected a finished run, found {run.id} {run.record.status}; train it to its end first")


def _folder(run: Run, kind: str, options: Mapping[str, str]) -> Path:
    if not options:
        return run.folder / "analyses" / kind
    text = json.dumps(options, sort_keys=True)
    return run.folder / "analyses" / f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _is_starting(folder: Path, told: Mapping[str, Any]) -> bool:
    at = told.get("at")
    if (
        told.get("status") != "starting"
        or not isinstance(at, float)
        or not 0 <= time.time() - at < _START_GRACE_SECONDS
    ):
        return False
    try:
        return is_alive(json.loads((folder / "worker.json").read_text(encoding="utf-8")).get("pid"))
    except (OSError, ValueError, AttributeError):
        return True  # not written yet


def _last_words(folder: Path) -> str:
    try:
        lines = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.removeprefix("error: ") for line in reversed(lines) if line.startswith("error: ")), "")


def _count(value: Any) -> int:
    return value if type(value) is int and value >= 0 else 0
