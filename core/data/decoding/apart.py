"""Decode in another process: a file that crashes or hangs a decoder costs that process, and one line here.

OpenJPEG, CharLS and GDCM are native code that some damaged files abort or keep busy for ever. A worker process may use
so much memory and processor time and can open no file (`core.data.decoding.worker`); as many as there are cores are
started when first needed, end by themselves when idle, and with this process.
"""

import atexit
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.refusals import UnusableError

HEAD = struct.Struct("<II")  # bytes of JSON, bytes that follow it: each message begins with these
# The worker's limit is processor time; this one is for whatever else may keep it, on a machine however busy.
_LONGEST_SECONDS = 60
_FAILED = "damaged: its pixels cannot be decoded"
# So does a worker end that nobody has asked for a while; absent on Windows, where workers wait on.
_RETIRED = -int(getattr(signal, "SIGALRM", 0))

_Answer = tuple[dict[str, Any], bytes]


def decoded_apart(job: dict[str, Any], content: bytes) -> NDArray[np.generic]:
    """What a worker makes of `content`, shape (h, w) or (h, w, samples).

    Args:
        job: as `core.data.decoding.worker` takes it: plain values, with `kind` and `megapixels`.
        content: what to decode.

    Raises:
        UnusableError: it cannot be decoded, or not within the limits.
    """
    with _places:
        for _ in range(3):
            worker = _idle_worker()
            answer = worker.ask(job, content)
            if answer is not None:
                with _lock:
                    _idle.append(worker)
                break
            if worker.end() != _RETIRED:  # it crashed, was too slow or wanted too much: asking again would not help
                with _lock:
                    _idle.append(_Worker())  # ready for the next file by the time that it comes
                raise UnusableError(_FAILED)
        else:
            raise UnusableError(_FAILED)
    facts, pixels = answer
    if "shape" not in facts:
        raise UnusableError(f"damaged or cut off: {facts['error']}" if facts.get("error") else _FAILED)
    return np.frombuffer(bytearray(pixels), np.dtype(facts["dtype"])).reshape(facts["shape"])


class _Worker:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core.data.decoding.worker"],
            cwd=Path(__file__).resolve().parents[3],
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, job: dict[str, Any], content: bytes) -> _Answer | None:
        """The answer; None where the worker died over it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        words = json.dumps(job).encode()
        watch = threading.Timer(_LONGEST_SECONDS, self._process.kill)
        watch.daemon = True
        watch.start()
        try:
            self._process.stdin.write(HEAD.pack(len(words), len(content)) + words + content)
            self._process.stdin.flush()
            head = self._process.stdout.read(HEAD.size)
            if len(head) < HEAD.size:
                return None
            facts, pixels = (self._process.stdout.read(size) for size in HEAD.unpack(head))
            return json.loads(facts), pixels
        except (OSError, ValueError):
            return None
        finally:
            watch.cancel()

    def end(self) -> int:
        """Kill the process unless it is dead; its exit status."""
        try:
            self._process.wait(0.2)  # what has crashed may need a moment to be gone
        except subprocess.TimeoutExpired:
            self._process.kill()
        status = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        return status


def _idle_worker() -> _Worker:
    with _lock:
        if _idle:
            return _idle.pop()
    return _Worker()


def _end_all() -> None:
    with _lock:
        while _idle:
            _idle.pop().end()


def _forget_all() -> None:
    """In a forked process: the workers belong to the parent, and their pipes must not be shared."""
    global _places, _lock, _idle
    _places, _lock, _idle = _new_places(), threading.Lock(), []


def _new_places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(os.cpu_count() or 1)


_places = _new_places()
_lock = threading.Lock()
_idle: list[_Worker] = []
atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
