"""Trainings as processes of their own: started, stopped, tried again, and found out when they died.

What pages and commands ask of a training stands here; the queue is in `queue`, signs of life are in `signs`.
"""

from datetime import UTC, datetime, timedelta

from core.errors import RequestError, WorkError
from core.processes import is_held, start_command
from core.run_record import Status
from core.runs import Run, now_text, read_run
from core.training.endings import without_a_word
from core.training.queue import (
    START_GRACE_SECONDS,
    device_turn,
    enter,
    is_coming,
    move,
    move_to_end,
    move_to_front,
    queued,
    waiting_before,
)
from core.training.signs import (
    claimed,
    is_claimed,
    last_lines,
    progress_of,
    report,
    seconds_silent,
    told_in_one_line,
)

__all__ = [
    "claimed",
    "current_status",
    "device_turn",
    "forget_stop",
    "is_claimed",
    "last_lines",
    "move",
    "move_to_end",
    "move_to_front",
    "progress_of",
    "queued",
    "report",
    "request_stop",
    "retry",
    "start_in_background",
    "stop_is_requested",
    "waiting_before",
]

STOP_REQUEST = "stop.request"
WATCHER_LOCK = ".watcher.lock"  # held by the supervisor until it has written down how its process ended
HUNG_AFTER_SECONDS = 300  # longer than the validation of a large set on a slow machine, which says nothing
_WORKING: tuple[Status, ...] = ("queued", "running")


def start_in_background(run: Run, command: str | None = None) -> int:
    """Queue the run and start its process, watched over, in a session of its own; returns a process id.

    The process outlives this one, a closed browser and a stopped server. What it prints goes to the run's log.
    A run on phantoms is a demo and goes on as one, any other with `resume`, unless a command is given. A finished
    run keeps its record. Where a process is at work or on its way already, nothing is started.

    Raises:
        WorkError: the log cannot be written, or no process can be started.
    """
    command = command or ("demo" if run.record.phantoms else "resume")
    try:
        with claimed(run):  # two who start a run at once do so one after the other
            run = read_run(run.folder)
            if is_coming(run):
                return int(progress_of(run)["pid"])
            if run.record.status == "finished":
                return _started(run, command)
            forget_stop(run)
            run = run.updated(status="queued", error="", ended="")  # so that it can be stopped from now on
            enter(run)
            report(run, phase="starting")
            try:
                return _started(run, command)
            except WorkError as error:
                run.updated(status="failed", error=str(error), ended=now_text())
                raise
    except RequestError:  # a process is at work on it
        return int(progress_of(run).get("pid") or 0)


def retry(run: Run) -> int:
    """Go on in the background with a run that failed, died or was stopped, from its last epoch; a process id.

    It waits at the end of the queue. Asked of a run that waits or trains already, it does nothing.

    Raises:
        RequestError: the run is finished.
        WorkError: no process can be started.
    """
    if read_run(run.folder).record.status == "finished":
        raise RequestError(f"run {run.id} is finished already; start a new one to train again")
    return start_in_background(run)


def current_status(run: Run) -> tuple[Status, str]:
    """The run's true status and why, in one line: a process that died cannot write it down itself.

    Why is empty while all is well. A process at work that has said nothing for minutes is told too.
    """
    if run.record.status not in _WORKING:
        return run.record.status, run.record.error
    if is_claimed(run):
        return run.record.status, _silence(run)
    run = read_run(run.folder)  # it may have ended between the two looks
    if run.record.status not in _WORKING:
        return run.record.status, run.record.error
    if is_held(run.folder / WATCHER_LOCK):  # on its way, or being asked what it died of
        return run.record.status, ""
    if run.record.status == "queued" and _may_begin(run):
        return "queued", ""
    return "failed", without_a_word(run)


def request_stop(run: Run) -> None:
    """Ask the run's process to stop after the step at hand; a run without one is marked stopped at once.

    Raises:
        RequestError: the run has ended already.
        WorkError: its folder cannot be written.
    """
    if run.record.status not in _WORKING:
        raise RequestError(f"expected a queued or running run to stop, found {run.id} {run.record.status}")
    with told_in_one_line("stop", run):
        (run.folder / STOP_REQUEST).touch()
    if current_status(run)[0] != "failed":
        return
    with claimed(run):
        now = read_run(run.folder)
        if now.record.status in _WORKING:
            now.updated(status="stopped", ended=now_text(), error="")
        forget_stop(run)  # else the next resume would obey it


def stop_is_requested(run: Run) -> bool:
    """Whether somebody asked the run to stop."""
    return (run.folder / STOP_REQUEST).exists()


def forget_stop(run: Run) -> None:
    """Take back what `request_stop` asked for."""
    with told_in_one_line("take back the stop of", run):
        (run.folder / STOP_REQUEST).unlink(missing_ok=True)


def _started(run: Run, command: str) -> int:
    arguments = [str(run.folder.resolve()), command]
    with told_in_one_line("start", run):
        return start_command(arguments, log_path=run.log_path, module="core.training.supervise")


def _may_begin(run: Run) -> bool:
    """Whether a process that was started just now may yet take the run up."""
    is_made_just_now = not progress_of(run) and seconds_silent(run) < START_GRACE_SECONDS
    return is_made_just_now or is_coming(run)


def _silence(run: Run) -> str:
    seconds = seconds_silent(run)
    progress = progress_of(run)
    if not progress or not HUNG_AFTER_SECONDS < seconds < float("inf"):
        return ""
    last = datetime.now(UTC) - timedelta(seconds=seconds)
    return (
        f"no sign of life since {last:%Y-%m-%d %H:%M} UTC, though process {progress.get('pid')} is there; "
        "if it stays so, end that process and resume the run"
    )
