"""The trials of a sweep, kept by Optuna in SQLite: asked for, told of, read.

Only `asking` may add one: it is held by one process at a time, so that no two ask for the same.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock

from core.errors import WorkError
from core.sweeps.rule import Standing
from core.sweeps.space import Choices, Range
from core.sweeps.sweep import Sweep
from core.training.config import TrainingConfig

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

_STUDY = "trials"  # there is one in each database
_WAIT_FOR_DATABASE_SECONDS = 60
_RUN, _STANDING, _ERROR = "run", "standing", "error"


@dataclass(frozen=True)
class Trial:
    """One choice of the varied fields, and what came of it.

    Attributes:
        number: in the order they were asked for, from 0.
        state: `running` until it is told of, whether or not a process is alive.
        values: the varied fields.
        run: id of its run; empty until there is one.
        standing: how it does on validation, once it is finished.
        error: why it failed, in one line.
    """

    number: int
    state: Literal["running", "finished", "failed"]
    values: Mapping[str, Any]
    run: str = ""
    standing: Standing | None = None
    error: str = ""


@contextmanager
def asking(sweep: Sweep) -> Iterator[None]:
    """Hold the sweep while a trial is chosen or the test figures are opened."""
    with FileLock(sweep.folder / ".ask.lock"):
        yield


def read_trials(sweep: Sweep) -> tuple[Trial, ...]:
    """All trials in the order of their numbers; none before the first is asked for.

    Raises:
        WorkError: the database cannot be read.
    """
    if not sweep.trials_path.exists():
        return ()
    with _study(sweep) as (study, _):
        return tuple(_plain(trial) for trial in study.get_trials(deepcopy=False))


def ask(sweep: Sweep) -> Trial | None:
    """A new trial with its values; None when there are as many as wanted. Only while `asking`.

    The values follow from the seed, the number and the trials told of by then, so a sweep that was interrupted
    between two trials goes on as if it had not been.

    Raises:
        WorkError: the database cannot be written.
    """
    if not sweep.trials_path.exists():
        _make(sweep)
    number = len(read_trials(sweep))
    if number >= sweep.trials:
        return None
    with _study(sweep, _sampler(sweep, number)) as (study, _):
        asked = study.ask(_distributions(sweep))
        return Trial(asked.number, "running", dict(asked.params))


def completed(sweep: Sweep, trial: Trial) -> Trial:
    """The trial with a value for each varied field, though whoever asked for it died over it. Only while `asking`.

    Raises:
        WorkError: the database cannot be written.
    """
    if trial.values.keys() == sweep.space.keys():
        return trial
    from optuna.trial import Trial as AskedTrial

    with _study(sweep, _sampler(sweep, trial.number)) as (study, storage):
        study.get_trials(deepcopy=False)  # its cache writes to no trial that it has not seen
        asked = AskedTrial(study, _id_of(trial, storage))
        for name, distribution in _distributions(sweep).items():
            asked._suggest(name, distribution)  # gives again what it has
        return replace(trial, values=dict(asked.params))


def name_run(sweep: Sweep, trial: Trial, run_id: str) -> None:
    """Note which run a trial is trained as."""
    with _study(sweep) as (_, storage):
        storage.set_trial_user_attr(_id_of(trial, storage), _RUN, run_id)


def tell_finished(sweep: Sweep, trial: Trial, standing: Standing) -> None:
    """Note how a trial does on validation."""
    with _study(sweep) as (study, storage):
        storage.set_trial_user_attr(_id_of(trial, storage), _STANDING, standing.to_json())
        study.tell(trial.number, standing.goal)


def tell_failed(sweep: Sweep, trial: Trial, error: str) -> None:
    """Note why a trial came to nothing."""
    from optuna.trial import TrialState

    with _study(sweep) as (study, storage):
        storage.set_trial_user_attr(_id_of(trial, storage), _ERROR, error)
        study.tell(trial.number, state=TrialState.FAIL)


def _id_of(trial: Trial, storage: "RDBStorage") -> int:
    return storage.get_trial_id_from_study_id_trial_number(storage.get_study_id_from_name(_STUDY), trial.number)


@contextmanager
def _study(sweep: Sweep, sampler: "BaseSampler | None" = None) -> Iterator[tuple["Study", "RDBStorage"]]:
    """The sweep's study and its storage; reading waits for no writer."""
    import optuna

    with _told_in_one_line(sweep):
        storage = _storage(sweep.trials_path.resolve())
        try:
            yield optuna.load_study(storage=storage, study_name=_STUDY, sampler=sampler), storage
        finally:
            storage.remove_session()


def _make(sweep: Sweep) -> None:
    """The database with an empty study, put in place when it is complete. Only while `asking`."""
    import optuna

    unfinished = sweep.folder.resolve() / ".trials.tmp.sqlite"
    with _told_in_one_line(sweep):
        for path in unfinished.parent.glob(f"{unfinished.name}*"):
            path.unlink()  # its process was killed
        with closing(sqlite3.connect(unfinished)) as database:
            database.execute("PRAGMA journal_mode=WAL")  # SQLite remembers it in the file
        storage = _opened(unfinished, is_new=True)
        optuna.create_study(storage=storage, study_name=_STUDY, direction="minimize")
        storage.remove_session()
        unfinished.replace(sweep.trials_path)


@lru_cache(maxsize=16)
def _storage(path: Path) -> "RDBStorage":
    """Kept for the statements it has made ready: making them takes longer than carrying them out."""
    return _opened(path, is_new=False)


def _opened(path: Path, *, is_new: bool) -> "RDBStorage":
    import optuna
    from sqlalchemy.pool import NullPool

    optuna.logging.set_verbosity(optuna.logging.ERROR)  # what people need to know, the sweep says itself
    return optuna.storages.RDBStorage(
        f"sqlite:///{path}",
        # No connection outlives its use, so that a sweep's folder can be moved or removed.
        engine_kwargs={"connect_args": {"timeout": _WAIT_FOR_DATABASE_SECONDS}, "poolclass": NullPool},
        skip_compatibility_check=not is_new,
        skip_table_creation=not is_new,
    )


@contextmanager
def _told_in_one_line(sweep: Sweep) -> Iterator[None]:
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, optuna.exceptions.OptunaError, OSError) as error:
        cause = error.__cause__ or error  # Optuna's own words say nothing of the reason
        first_line = (str(cause).splitlines() or [type(cause).__name__])[0][:120]
        raise WorkError(
            f"expected to read and write {sweep.trials_path}, but the database refused ({first_line}); "
            "look at the rights and the free space of its folder, or begin a new sweep"
        ) from error


def _sampler(sweep: Sweep, number: int) -> "BaseSampler":
    """One for this trial alone: made anew each time, it does not matter which process asks."""
    from optuna.samplers import GridSampler, TPESampler

    if sweep.sampler == "grid":
        grid = {name: varied.values for name, varied in sweep.space.items() if isinstance(varied, Choices)}
        return GridSampler(grid, seed=sweep.seed)  # gives the combination of the trial's number
    return TPESampler(seed=(sweep.seed * 100_003 + number) % 2**32)


def _distributions(sweep: Sweep) -> dict[str, "BaseDistribution"]:
    return {name: _distribution(name, varied) for name, varied in sweep.space.items()}


def _distribution(name: str, varied: Choices | Range) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(varied, Choices):
        return CategoricalDistribution(varied.values)
    kinds = {spec.name: type(spec.default) for spec in fields(TrainingConfig)}
    if kinds[name] is int:
        return IntDistribution(int(varied.low), int(varied.high), log=varied.log)
    return FloatDistribution(varied.low, varied.high, log=varied.log)


def _plain(trial: "FrozenTrial") -> Trial:
    from optuna.trial import TrialState

    state: Literal["running", "finished", "failed"] = "running"
    if trial.state.is_finished():
        state = "finished" if trial.state == TrialState.COMPLETE else "failed"
    noted = trial.user_attrs.get(_STANDING)
    return Trial(
        number=trial.number,
        state=state,
        values=dict(trial.params),
        run=str(trial.user_attrs.get(_RUN, "")),
        standing=Standing.from_json(noted) if noted and state == "finished" else None,
        error=str(trial.user_attrs.get(_ERROR, "")),
    )
