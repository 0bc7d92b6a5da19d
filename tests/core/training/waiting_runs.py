"""Runs that wait or are worked on, without a training: this process and its threads stand for theirs."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiny_trainings import TINY

from core.runs import Run, create_run
from core.training.queue import enter
from core.training.signs import claimed, report

LONG_AGO = "2020-01-01T00:00:00+00:00"


def new_run(folder: Path, *, created: str | None = None) -> Run:
    """A queued run that nobody has started."""
    run = create_run(folder, config=TINY | {"seed": 0}, data=folder / "scans")
    return run.updated(created=created) if created else run


def waiting_run(folder: Path, *, created: str | None = None) -> Run:
    """A run in the queue whose process is on its way."""
    run = new_run(folder, created=created)
    report(run, phase="starting", pid=os.getpid())
    enter(run)
    return run


@contextmanager
def claimed_elsewhere(run: Run) -> Iterator[None]:
    """As if another process worked on the run."""
    begun, done = threading.Event(), threading.Event()

    def work() -> None:
        with claimed(run):
            begun.set()
            done.wait(60)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    try:
        yield
    finally:
        done.set()
        thread.join()
