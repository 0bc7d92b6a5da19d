"""`python -m core.training.supervise RUN COMMAND`: start a training's process, wait for it, and say how it ended.

It loads nothing heavy. The training's process holds the run, not this one: should this one die, the training goes on
and nothing is lost but the reason of an early end.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from core.errors import ExplorerError, RequestError
from core.processes import resident_gib
from core.runs import now_text, read_run
from core.training.endings import Ending, cause_of_death, memory_kills
from core.training.jobs import WATCHER_LOCK
from core.training.signs import claimed, last_lines, progress_of, report

_PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_NICENESS = 10  # the pages stay quick while a training runs
_LOOK_SECONDS = 0.5
_WATCHER_TIMEOUT_SECONDS = 5.0
_REMEMBERED_LOOKS = 20  # a large process takes seconds to be taken apart after it was counted
_PAUSES_SECONDS = (1, 5, 30, 120, 600)  # before trying again to write on a full disk


def supervise(folder: Path, command: str) -> int:
    """Run `python -m core <command> <folder>` to its end, and write down what ended it if it could not do so itself.

    Returns:
        Its exit status, negative where a signal ended it; 1 where another supervisor is at work on the run.
    """
    os.setpriority(os.PRIO_PROCESS, 0, max(os.getpriority(os.PRIO_PROCESS, 0), _NICENESS))  # its children too
    run = read_run(folder)
    lock = FileLock(folder / WATCHER_LOCK, timeout=_WATCHER_TIMEOUT_SECONDS)
    try:
        lock.acquire()  # the one before may just be writing down how its process ended
    except Timeout:
        return 1
    try:
        log_begins_at = run.log_path.stat().st_size if run.log_path.exists() else 0
        if run.record.status == "queued":
            report(run, phase="starting")  # with this process's id: who started it may end at any time
        ending = watched([sys.executable, "-X", "faulthandler", "-m", "core", command, str(folder)])
        why = cause_of_death(ending, last_lines(run, from_byte=log_begins_at), folder)  # as long as the disk is full
        is_written = _write_down(folder, ending.pid, why)
    finally:
        lock.release()
    for pause in () if is_written else _PAUSES_SECONDS:
        time.sleep(pause)
        if _write_down(folder, ending.pid, why):
            break
    return ending.exit_status if ending.exit_status is not None else -(ending.signal or 0)


def watched(arguments: Sequence[str]) -> Ending:
    """Run a command to its end; signals that ask this process to end are passed on to it."""
    kills = deque([memory_kills()], maxlen=_REMEMBERED_LOOKS)
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        with suppress(OSError):
            os.kill(process.pid, number)

    before = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK_SECONDS):
            kills.append(memory_kills())

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    _, status, usage = os.wait4(process.pid, 0)
    ended.set()
    looking.join()
    process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for
    for number, handler in before.items():
        signal.signal(number, handler)
    was_killed = os.WIFSIGNALED(status)
    return Ending(
        pid=process.pid,
        exit_status=None if was_killed else os.WEXITSTATUS(status),
        signal=os.WTERMSIG(status) if was_killed else None,
        peak_memory_gib=resident_gib(usage.ru_maxrss),
        memory_kills=memory_kills() - kills[0],
    )


def _write_down(folder: Path, pid: int, why: str) -> bool:
    """Mark a run as failed that its process left queued or running; False where that cannot be written."""
    try:
        run = read_run(folder)
        with claimed(run):
            run = read_run(folder)
            is_its_own = progress_of(run).get("pid") in (pid, os.getpid())  # else another is to answer for it
            if run.record.status in ("queued", "running") and is_its_own:
                run.updated(status="failed", error=why, ended=now_text())
    except RequestError:  # another process works on it by now, or the run was removed
        return True
    except ExplorerError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(supervise(Path(sys.argv[1]), sys.argv[2]))
