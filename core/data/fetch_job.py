"""Fetching in the background, for a page that must not wait: how far it is, how it ended, and a way to stop it."""

import logging
import threading
import time
from pathlib import Path

from core.data.fetching import Download, Fetched, fetch
from core.errors import ExplorerError, WorkError, failure_line

_log = logging.getLogger(__name__)


class FetchJob:
    """One public set on its way; ends with the process that it runs in.

    Attributes:
        done_bytes: what has come so far.
        total_bytes: about what will have; 0 while nothing is known.
        fetched: where it lies, once it does.
        error: why it failed, one line; empty while it works, where it did, and where it was stopped.
    """

    def __init__(self, name: str, into: Path, *, download: Download | None = None) -> None:
        self.done_bytes = self.total_bytes = 0
        self.fetched: Fetched | None = None
        self.error = ""
        self._arguments = (name, into, download)
        self._stop = threading.Event()
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._work, name=f"fetch-{name}", daemon=True)
        self._thread.start()

    @property
    def is_working(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    @property
    def seconds_left(self) -> float | None:
        """About how long it will take, from its pace so far; None while that is a guess."""
        if not 0 < self.done_bytes < self.total_bytes:
            return None
        return (time.monotonic() - self._started) * (self.total_bytes / self.done_bytes - 1)

    def stop(self) -> None:
        """Ask it to end; what has come is thrown away."""
        self._stop.set()

    def wait(self, timeout_seconds: float) -> None:
        """Until it has ended, or as long as that."""
        self._thread.join(timeout_seconds)

    def _work(self) -> None:
        name, into, download = self._arguments
        try:
            self.fetched = fetch(name, into, progress=self._move, download=download)
        except _StoppedError:
            pass
        except ExplorerError as error:
            self.error = failure_line(error)
        except Exception:  # nobody else would see it: this is a thread's end
            _log.exception("fetching %s failed", name)
            self.error = f"fetching {name} failed; details are in the server's log"

    def _move(self, done: int, total: int) -> None:
        if self._stop.is_set():
            raise _StoppedError
        self.done_bytes, self.total_bytes = done, total


class _StoppedError(WorkError):
    """Somebody asked it to stop."""
