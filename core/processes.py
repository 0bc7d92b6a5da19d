"""Processes that outlive who started them, and whether somebody is at work: told by file locks, which never lie.

The operating system gives a lock back when its process ends, however it ends.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

_LOOK_AGAIN_SECONDS = (0.015, 0.025)  # unequal, so that two who look do not keep in step


def resident_gib(ru_maxrss: int) -> float:
    """What `getrusage` says of memory, in GiB: macOS counts it in bytes, others in KiB."""
    return ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 2**30


def start_command(arguments: Sequence[str], *, log_path: Path, module: str = "core") -> int:
    """Start `python -m <module> <arguments>` in a session of its own; returns its process id.

    It outlives this process, a closed browser and a stopped server. What it prints is added to `log_path`.

    Raises:
        OSError: the log cannot be written, or no process can be started.
    """
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=Path(__file__).resolve().parents[1],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Its exit status is collected when it ends, so that it does not stay behind as a zombie.
    threading.Thread(target=process.wait, name=f"reap-{process.pid}", daemon=True).start()
    return process.pid


def is_held(lock_path: Path) -> bool:
    """Whether a process holds this lock now."""
    if not lock_path.exists():
        return False
    for pause_seconds in (*_LOOK_AGAIN_SECONDS, None):
        lock = FileLock(lock_path)
        try:
            lock.acquire(timeout=0)
        except Timeout:  # a worker, or somebody else who looks and holds it for a moment
            if pause_seconds is not None:
                time.sleep(pause_seconds)
        except OSError:
            return False  # a folder that cannot be written has no worker either
        else:
            lock.release()
            return False
    return True


def is_alive(pid: Any) -> bool:
    """Whether a process of this id is there; for moments after its start, before the id can be used again."""
    if type(pid) is not int or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:  # somebody else's
        return True
    except (OSError, OverflowError):
        return False
    return True
