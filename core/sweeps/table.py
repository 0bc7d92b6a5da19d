"""The trials of a sweep in their order, the one that misses fewest on validation first."""

from typing import TYPE_CHECKING

from core.sweeps.sweep import Sweep
from core.sweeps.trials import Trial, read_trials

if TYPE_CHECKING:
    import pandas as pd

MEASURED = (
    *("val_fnr", "val_fnr_low", "val_fnr_high", "val_fpr", "val_auc"),
    *("threshold", "epochs_trained"),
)
"""Columns with figures, all of validation."""


def ranked(trials: tuple[Trial, ...]) -> list[Trial]:
    """The finished trials, the best first: fewest missed, then the higher AUC, then fewer epochs, then the earlier."""
    return sorted(
        (trial for trial in trials if trial.standing is not None),
        key=lambda trial: (*trial.standing.order, trial.number) if trial.standing else (),
    )


def winner(sweep: Sweep) -> Trial | None:
    """The best trial so far; None while none is finished.

    Raises:
        WorkError: the sweep's database cannot be read.
    """
    best = ranked(read_trials(sweep))
    return best[0] if best else None


def trials_table(sweep: Sweep) -> "pd.DataFrame":
    """A row a trial: the finished by rank, then those not over, then the failed.

    Columns: `rank` (1 for the best, missing without one), `trial` (from 1), `status` (finished, running or failed), a
    column for each varied field, those in `MEASURED` (shares in [0, 1], of validation, missing without them),
    `run` (its id), `error` (why it failed).

    Raises:
        WorkError: the sweep's database cannot be read.
    """
    import pandas as pd

    trials = read_trials(sweep)
    ranks = {trial.number: rank for rank, trial in enumerate(ranked(trials), start=1)}
    states = ("finished", "running", "failed")
    rows = [
        {
            "rank": ranks.get(trial.number),
            "trial": trial.number + 1,
            "status": trial.state,
            **{name: trial.values.get(name) for name in sweep.space},
            **_measured(trial),
            "run": trial.run,
            "error": trial.error,
        }
        for trial in sorted(trials, key=lambda t: (states.index(t.state), ranks.get(t.number, 0), t.number))
    ]
    columns = ["rank", "trial", "status", *sweep.space, *MEASURED, "run", "error"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"rank": "Int64", "epochs_trained": "Int64", **dict.fromkeys(MEASURED[:-1], "float64")})


def _measured(trial: Trial) -> dict[str, float | int | None]:
    at = trial.standing
    if at is None:
        return dict.fromkeys(MEASURED)
    figures = (at.fnr.value, at.fnr.low, at.fnr.high, at.fpr.value, at.auc, at.threshold, at.epochs)
    return dict(zip(MEASURED, figures, strict=True))
