"""The queue: runs wait for the device in an order that people can change.

`<runs>/.device.lock` is held by the run that trains. `<runs>/queue.json` holds the ids of the others, first to train
first; it is written whole, under a lock of its own. Where it is missing or damaged the runs go in the order in which
they were made, and the next that enters writes it anew.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import ExplorerError, RequestError, WorkError
from core.files import write_json
from core.processes import is_alive
from core.runs import Run, list_runs, read_run
from core.training.signs import is_claimed, progress_of, report, seconds_silent, told_in_one_line

START_GRACE_SECONDS = 60  # from the start of a process to its holding the run
_POLL_SECONDS = 0.3
_SECONDS_BETWEEN_REPORTS = 5.0


def queued(runs_folder: Path) -> list[Run]:
    """The runs that wait for their turn, in the order in which they will get it."""
    order = _written_order(runs_folder)
    places = {run_id: place for place, run_id in enumerate(order)}
    waiting = [run for run in list_runs(runs_folder)[0] if is_waiting(run)]
    return sorted(waiting, key=lambda run: (places.get(run.id, len(order)), run.record.created, run.id))


def is_waiting(run: Run) -> bool:
    """Whether the run is queued and has a process, or is about to have one."""
    return is_coming(run) or (run.record.status == "queued" and is_claimed(run))


def is_coming(run: Run) -> bool:
    """Whether a process that was started for the run has yet to hold it."""
    progress = progress_of(run)
    is_new = progress.get("phase") == "starting" and seconds_silent(run) < START_GRACE_SECONDS
    return run.record.status == "queued" and is_new and is_alive(progress.get("pid"))


def move(run: Run, *, places: int) -> list[Run]:
    """Move a waiting run `places` towards the end of the queue, or towards its front where negative; the new order.

    Raises:
        RequestError: the run does not wait.
        WorkError: the order cannot be written.
    """
    with _changing(run.folder.parent, run):
        order = queued(run.folder.parent)
        ids = [other.id for other in order]
        if run.id not in ids:
            raise RequestError(
                f"expected a waiting run to move, found {run.id} {read_run(run.folder).record.status}; "
                "`python -m core queue` lists those that wait"
            )
        place = ids.index(run.id)
        order.insert(min(max(place + places, 0), len(order)), order.pop(place))
        _write_order(run.folder.parent, [other.id for other in order])
    return order


def move_to_front(run: Run) -> list[Run]:
    """Make a waiting run the next; the new order. Raises as `move` does."""
    return move(run, places=-sys.maxsize)


def move_to_end(run: Run) -> list[Run]:
    """Let a waiting run be the last; the new order. Raises as `move` does."""
    return move(run, places=sys.maxsize)


def enter(run: Run) -> None:
    """Put a run at the end of the queue, wherever it was."""
    with _changing(run.folder.parent, run):
        waiting = [other.id for other in queued(run.folder.parent) if other.id != run.id]
        _write_order(run.folder.parent, [*waiting, run.id])


@contextmanager
def device_turn(run: Run, *, stop_requested: Callable[[], bool]) -> Iterator[bool]:
    """Wait until it is this run's turn to train; gives False when asked to stop meanwhile."""
    lock = FileLock(run.folder.parent / ".device.lock")
    told_ahead, told_at = -1, 0.0
    try:
        while not stop_requested():
            ahead = waiting_before(run)
            if ahead == 0:
                try:
                    with told_in_one_line("queue", run):
                        lock.acquire(timeout=0)
                except Timeout:
                    pass
                else:
                    _leave(run)
                    yield True
                    return
            ahead = max(ahead, 1)
            now = time.monotonic()
            if ahead != told_ahead or now - told_at > _SECONDS_BETWEEN_REPORTS:
                report(run, phase="waiting", ahead=ahead)
                told_ahead, told_at = ahead, now
            time.sleep(_POLL_SECONDS)
        _leave(run)
        yield False
    finally:
        lock.release()


def waiting_before(run: Run) -> int:
    """How many runs wait in front of this one; cheap, for it is asked a few times a second."""
    runs_folder = run.folder.parent
    order = _written_order(runs_folder)
    if run.id not in order:  # its first look, or somebody damaged the file
        with suppress(WorkError):  # without the file the order is that of their making
            enter(run)
        order = _written_order(runs_folder) or [other.id for other in queued(runs_folder)]
    ahead = order[: order.index(run.id)] if run.id in order else order
    return sum(_waits(runs_folder / run_id) for run_id in ahead)


def _waits(folder: Path) -> bool:
    try:
        return is_waiting(read_run(folder))
    except ExplorerError:
        return False


def _leave(run: Run) -> None:
    with suppress(WorkError), _changing(run.folder.parent, run):  # who has had its turn is passed over anyway
        order = _written_order(run.folder.parent)
        if run.id in order:
            _write_order(run.folder.parent, [run_id for run_id in order if run_id != run.id])


def _written_order(runs_folder: Path) -> list[str]:
    """The ids in `queue.json`; none where it cannot be read."""
    try:
        content = json.loads((runs_folder / "queue.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    order = content.get("order") if isinstance(content, dict) else None
    return [run_id for run_id in order if isinstance(run_id, str)] if isinstance(order, list) else []


def _write_order(runs_folder: Path, order: list[str]) -> None:
    write_json(runs_folder / "queue.json", {"order": order})


@contextmanager
def _changing(runs_folder: Path, run: Run) -> Iterator[None]:
    lock = FileLock(runs_folder / ".queue.lock")
    try:
        with told_in_one_line("queue", run):
            lock.acquire(timeout=10)
    except Timeout as error:
        raise WorkError(
            f"another process has held {runs_folder / '.queue.lock'} for 10 s; end it, then try again"
        ) from error
    try:
        yield
    finally:
        lock.release()
