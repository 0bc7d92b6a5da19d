"""Working through a sweep: a trial is chosen, trained as an ordinary run, looked at on validation; then the next.

Several processes may do so at once, and each may die at any moment: a trial whose process died is taken up by the next
one that looks, and its run goes on from its last epoch.
"""

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from filelock import FileLock, Timeout

from core.errors import DatasetError, ExplorerError, RequestError, RunNotFoundError, WorkError, failure_line
from core.files import is_disk_full
from core.runs import Run, create_run, list_runs, read_run
from core.sweeps.rule import standing
from core.sweeps.status import at_work, stop_is_requested, stop_run
from core.sweeps.sweep import OPENED_FILE, Sweep, read_sweep
from core.sweeps.trials import Trial, ask, asking, completed, name_run, read_trials, tell_failed, tell_finished
from core.training import jobs
from core.training.config import config_from_json, with_settings
from core.training.signs import Told

_LOOK_AGAIN_SECONDS = 0.5


def run_sweep(sweep: Sweep, *, told: Told | None = None) -> None:
    """Train trial after trial in this process until there are as many as wanted, or somebody asks to stop.

    A trial that fails is noted with its reason, and the next one begins.

    Raises:
        RequestError: the sweep is being stopped.
        DatasetError: its dataset cannot be used, by any trial.
        WorkError: its folder or its database cannot be written, or the disk is full. The trial at hand is not lost.
    """
    with at_work(sweep):
        while not stop_is_requested(sweep):
            with _claimed_trial(sweep) as trial:
                if trial is None:
                    return
                _carry_out(sweep, trial, told)


@contextmanager
def _claimed_trial(sweep: Sweep) -> Iterator[Trial | None]:
    """A trial that is this process's alone: one that was left behind, else a new one, else None."""
    with asking(sweep):
        trial, lock = _next(read_sweep(sweep.folder))  # how many are wanted may have changed meanwhile
    try:
        yield trial
    finally:
        if lock is not None:
            lock.release()


def _next(sweep: Sweep) -> tuple[Trial | None, FileLock | None]:
    trials = read_trials(sweep)
    over = sum(trial.state != "running" for trial in trials)
    if over >= sweep.trials or (sweep.folder / OPENED_FILE).exists():
        return None, None
    for trial in trials:
        if trial.state == "running":
            lock = _lock_of(sweep, trial)
            with suppress(Timeout):  # somebody is at work on it
                lock.acquire(timeout=0)
                if read_trials(sweep)[trial.number].state == "running":
                    return completed(sweep, trial), lock
                lock.release()  # whoever held it was done just after we had read the trials
    asked = ask(sweep)
    if asked is None:
        return None, None
    lock = _lock_of(sweep, asked)
    lock.acquire(timeout=2)
    return asked, lock


def _lock_of(sweep: Sweep, trial: Trial) -> FileLock:
    return FileLock(sweep.folder / f".trial-{trial.number}.lock")


def _carry_out(sweep: Sweep, trial: Trial, told: Told | None) -> None:
    """Train a trial and note what came of it; one that is stopped with its sweep is left to be taken up again."""
    run: Run | None = None
    try:
        run = _run_of(sweep, trial)
        run = _trained(sweep, run, _telling(sweep, trial, run, told))
        if run.record.status == "finished":
            found = standing(run, sweep.rule)
            _check_same_data(sweep, found.data)
            tell_finished(sweep, trial, found)
        elif not stop_is_requested(sweep):
            tell_failed(sweep, trial, "somebody stopped its run")
    except DatasetError:
        raise  # no other trial would fare better; this one is taken up again
    except ExplorerError as error:
        if is_disk_full(error):
            raise  # nor would one after this, before there is space again
        tell_failed(sweep, trial, failure_line(error))
    except Exception as error:
        if run is not None:
            with suppress(OSError), run.log_path.open("a", encoding="utf-8") as log:
                log.write(traceback.format_exc())
        tell_failed(sweep, trial, " ".join(f"{type(error).__name__}: {error}; see the run's log.txt".split()))


def _run_of(sweep: Sweep, trial: Trial) -> Run:
    """The trial's run, as it is by now; made, where the trial was left before it had one."""
    if trial.run:
        with suppress(RunNotFoundError):  # somebody removed it: train it anew
            return read_run(sweep.runs_folder / trial.run)
    config = with_settings(sweep.config, trial.values)
    with asking(sweep):
        named = {other.run for other in read_trials(sweep)}
        for run in list_runs(sweep.runs_folder)[0]:
            if run.record.sweep == sweep.id and run.id not in named and config_from_json(run.record.config) == config:
                break  # its process died before it could name it
        else:
            run = create_run(
                sweep.runs_folder,
                config=config.to_json(),
                data=sweep.data,
                preset=sweep.preset,
                preset_config=sweep.preset_config,
                sweep=sweep.id,
            )
        name_run(sweep, trial, run.id)
    return run


def _trained(sweep: Sweep, run: Run, told: Told) -> Run:
    """The run, executed to its end, by this process or by whoever else works on it."""
    from core.training.execute import execute

    while run.record.status != "finished" and not stop_is_requested(sweep):
        if not jobs.is_claimed(run):
            try:
                return execute(run, told=told)
            except RequestError:
                if not jobs.is_claimed(run) and read_run(run.folder).record.status != "finished":
                    raise
        time.sleep(_LOOK_AGAIN_SECONDS)
        run = read_run(run.folder)
    return run


def _telling(sweep: Sweep, trial: Trial, run: Run, told: Told | None) -> Told:
    """Passes on what the run tells, with the trial's number; the sweep's stop reaches the run this way too."""

    def tell(phase: str, share: float, words: str) -> None:
        if stop_is_requested(sweep):
            stop_run(run.folder)
        which = f"trial {trial.number + 1} of {sweep.trials}"
        if phase == "epoch":
            with suppress(OSError), run.log_path.open("a", encoding="utf-8") as log:
                log.write(words + "\n")
        if told is not None:
            told(*((phase, share, f"{which}, {words}") if phase == "epoch" else (f"{which}: {phase}", share, words)))

    return tell


def _check_same_data(sweep: Sweep, fingerprint: str) -> None:
    for other in read_trials(sweep):
        if other.standing is not None and other.standing.data != fingerprint:
            raise WorkError(
                "the dataset, or what was decided about it, changed since the first trial, so their figures cannot be "
                "compared; begin a new sweep"
            )
