"""Among how many networks validation chose a run's: what a promise made on validation has to cover."""

from dataclasses import replace
from pathlib import Path

from core.calibration import temperature_in_force
from core.errors import RequestError, RunNotFoundError
from core.evaluation.decision.rules import FITTED_ON_THE_SAME, Rule, is_promised
from core.runs import Run, find_run, read_predictions
from core.sweeps.space import Choices
from core.sweeps.sweep import Sweep, find_sweep
from core.sweeps.trials import read_trials
from core.training.config import config_from_json


def networks_compared(run: Run) -> int:
    """How many networks the run's was chosen among by figures on validation: epochs, of all trials of its sweep.

    Epochs are those that were asked for, as early stopping looks at validation too. A run that begins with the weights
    of another one might have begun with those of any of its epochs, so their numbers multiply.

    Raises:
        RequestError: the run is a trial of a sweep that is not here, or the run that it began with is not here.
        ConfigError: the run's settings are none of this version.
        RunDamagedError: its sweep cannot be read.
    """
    config = config_from_json(run.record.config)
    epochs, keeps_best, trials = config.epochs, config.best_by != "last", 1
    if run.record.sweep:
        sweep = _sweep_of(run)
        varied = sweep.space.get("epochs")
        if varied is not None:
            epochs = int(max(varied.values)) if isinstance(varied, Choices) else int(varied.high)
        keeps_best, trials = keeps_best or "best_by" in sweep.space, max(sweep.trials, len(read_trials(sweep)))
    earlier = _began_with(run, config.init)
    return (epochs if keeps_best else 1) * trials * (networks_compared(earlier) if earlier else 1)


def over_the_choice(run: Run, rule: Rule) -> Rule:
    """The rule, its promise covering that validation chose the run's network too.

    Raises:
        RequestError: it is to be promised of several classes' calibrated scores, or on groups that training has seen
            too; or as `networks_compared`.
        ConfigError, RunDamagedError: as `networks_compared`, or the run's calibration is damaged.
    """
    if not is_promised(rule):
        return rule
    if len(run.record.classes) > 2 and temperature_in_force(run) is not None:
        raise RequestError(f"{FITTED_ON_THE_SAME}; go back to raw scores, or choose without a promise")
    table = read_predictions(run)
    learnt, validation = (set(table.loc[table["split"] == split, "group"]) for split in ("train", "val"))
    if torn := len(learnt & validation):
        they_lie = "1 group lies" if torn == 1 else f"{torn:,} groups lie"
        raise RequestError(
            f"nothing can be promised of run {run.id}: {they_lie} in its training split and in validation, which is "
            "not new to it; train again with a split by group, or choose without a promise"
        )
    return replace(rule, networks=networks_compared(run))


def _began_with(run: Run, init: str) -> Run | None:
    """The run whose weights came first; None for the hub's, a file's or none. Of those nobody here has chosen any."""
    if init in ("scratch", "hub") or Path(init).is_file():
        return None
    try:
        return find_run(init, run.folder.parent)
    except RunNotFoundError as error:
        raise RequestError(
            f"nothing can be promised of run {run.id}: it began with the weights of {init}, which is not here to say "
            "among how many networks they were chosen; copy that run too, or choose without a promise"
        ) from error


def _sweep_of(run: Run) -> Sweep:
    try:
        return find_sweep(run.record.sweep, run.folder.parent)
    except RunNotFoundError as error:
        raise RequestError(
            f"nothing can be promised of run {run.id}: it is one of the trials of sweep {run.record.sweep}, which is "
            "not here to say how many there were; copy the sweep's folder too, or choose without a promise"
        ) from error
