"""How a process ended and why, in one line that says what to do.

A process that is killed cannot say so itself. Its parent knows the signal and the peak of its memory; the system
counts the processes it ended because memory ran out; the log has the last words.
"""

import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.runs import Run

GOES_ON = "resume goes on from the last epoch"
_LESS_MEMORY = f"end other programs, or train again with a smaller batch_size or image_size; {GOES_ON}"
_LITTLE_SPACE_BYTES = 1024 * 1024
_NATIVE_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT)
_FATAL = "Fatal Python error: "
_NO_SPACE = ("no space left on device", "disk quota exceeded")
_NO_MEMORY = ("memoryerror", "bad_alloc", "cannot allocate memory", "can't allocate memory", "out of memory")


@dataclass(frozen=True)
class Ending:
    """How a process ended.

    Attributes:
        pid: its process id.
        exit_status: what it returned; None where a signal ended it.
        signal: what ended it; None where it returned.
        peak_memory_gib: the most memory it held at once.
        memory_kills: how many processes the system ended for want of memory in the last seconds of its life.
    """

    pid: int
    exit_status: int | None
    signal: int | None
    peak_memory_gib: float
    memory_kills: int = 0


def cause_of_death(ending: Ending, last_words: Sequence[str], folder: Path) -> str:
    """Why a process ended before its run had, in one line.

    Args:
        ending: as its parent saw it.
        last_words: the last lines of its log, the last one last.
        folder: the run's, whose disk may be full.
    """
    said = "\n".join(last_words).lower()
    peak = f"it held {ending.peak_memory_gib:.1f} GiB at most"
    if ending.signal == signal.SIGKILL and ending.memory_kills:
        return f"the system ended it because memory ran out ({peak}); {_LESS_MEMORY}"
    if ending.signal is not None and ending.signal not in _NATIVE_CRASHES:
        return _told_of_signal(ending.signal, peak)
    if any(words in said for words in _NO_SPACE) or is_full(folder):
        return _disk_is_full(folder)
    if any(words in said for words in _NO_MEMORY):
        return f"memory ran out ({peak}); {_LESS_MEMORY}"
    how = f"signal {_named(ending.signal)}" if ending.signal else f"exit status {ending.exit_status}"
    fatal = [line for line in last_words if line.startswith(_FATAL)]  # a stack comes after it
    last = (*fatal, *last_words[-1:], "it left no word in its log")[0].removeprefix("error: ")
    return f"it crashed with {how}: {last}; see the last lines of its log, {GOES_ON}"


def without_a_word(run: Run) -> str:
    """Why a process may have ended that nobody watched over, in one line."""
    if is_full(run.folder):
        return _disk_is_full(run.folder)
    return f"its process ended without a word (killed, or out of memory); {GOES_ON}"


def is_full(folder: Path) -> bool:
    """Whether the folder's disk has no space to speak of."""
    try:
        return shutil.disk_usage(folder).free < _LITTLE_SPACE_BYTES
    except OSError:
        return False


def memory_kills() -> int:
    """How many processes the system has ended since it came up because memory ran out; 0 where it does not count."""
    try:
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _told_of_signal(number: int, peak: str) -> str:
    if number == signal.SIGKILL:
        return (
            f"killed by signal {_named(number)}: by somebody, or by the system because memory ran out ({peak}); "
            f"{GOES_ON}"
        )
    if number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        return f"ended by signal {_named(number)}: by somebody, or because the machine went down; {GOES_ON}"
    return f"ended by signal {_named(number)}; {GOES_ON}"


def _disk_is_full(folder: Path) -> str:
    return f"the disk of {folder} is full; free some space, then {GOES_ON}"


def _named(number: int) -> str:
    try:
        return f"{number} ({signal.Signals(number).name})"
    except ValueError:
        return str(number)
