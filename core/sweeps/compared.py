"""Among how many networks validation chose a run's: what a promise made on validation has to cover."""

from dataclasses import replace
from typing import TypeVar

from core.errors import RequestError, RunNotFoundError
from core.evaluation.decision.rules import MaxFnr, MaxFpr, Rule, Zones
from core.runs import Run
from core.sweeps.space import Choices
from core.sweeps.sweep import Sweep, find_sweep
from core.sweeps.trials import read_trials
from core.training.config import config_from_json

_AnyRule = TypeVar("_AnyRule", bound=Rule)


def networks_compared(run: Run) -> int:
    """How many networks the run's was chosen among by figures on validation: epochs, of all trials of its sweep.

    Epochs are those that were asked for, as early stopping looks at validation too.

    Raises:
        RequestError: the run is a trial of a sweep that is not here.
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
    return (epochs if keeps_best else 1) * trials


def over_the_choice(run: Run, rule: _AnyRule) -> _AnyRule:
    """The rule, its promise covering that validation chose the run's network too. Raises as `networks_compared`."""
    if isinstance(rule, MaxFnr | MaxFpr) and rule.confidence is not None:
        return replace(rule, networks=networks_compared(run))
    if isinstance(rule, Zones) and not (rule.out_confidence is None and rule.in_confidence is None):
        return replace(rule, networks=networks_compared(run))
    return rule


def _sweep_of(run: Run) -> Sweep:
    try:
        return find_sweep(run.record.sweep, run.folder.parent)
    except RunNotFoundError as error:
        raise RequestError(
            f"nothing can be promised of run {run.id}: it is one of the trials of sweep {run.record.sweep}, which is "
            "not here to say how many there were; copy the sweep's folder too, or choose without a promise"
        ) from error
