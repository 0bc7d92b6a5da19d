"""Sweeps small enough for tests, and runs whose predictions are made up."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tiny_trainings import TINY

from core.runs import HISTORY_COLUMNS, Run, create_run
from core.sweeps.rule import Rule, standing
from core.sweeps.space import parse_space
from core.sweeps.sweep import Sweep, new_sweep
from core.sweeps.trials import Trial, ask, asking, name_run, tell_failed, tell_finished

SHORT = TINY | {"epochs": 2, "patience": 2}


def short_sweep(
    data: Path, runs: Path, *vary: str, trials: int | None = None, rule: Rule | None = None, **settings: Any
) -> Sweep:
    """A sweep over a dataset whose trials take a second or two; nothing is trained yet."""
    space = parse_space(vary)
    fixed = {name: value for name, value in (SHORT | settings).items() if name not in space}
    return new_sweep(runs, data=data, preset="quick", space=space, settings=fixed, trials=trials, rule=rule)


def made_up_run(sweep: Sweep, scores: dict[str, list[float]], *, epochs: int = 3) -> Run:
    """A finished run of the sweep that gave its scans these scores."""
    run = create_run(sweep.runs_folder, config=sweep.config.to_json(), data=sweep.data, sweep=sweep.id)
    return finished(run, scores, epochs=epochs)


def finished(run: Run, scores: dict[str, list[float]], *, epochs: int = 3, data: str = "as it is") -> Run:
    """The run as if it had given its scans these scores: by split and class, as `val covid`."""
    rows = [
        {"path": f"{key}-{n}.png", "label": label, "split": split, "group": f"{key}-{n}", "covid": score}
        for key, values in scores.items()
        for split, label in [key.split()]
        for n, score in enumerate(values)
    ]
    table = pd.DataFrame(rows)
    table["normal"] = 1 - table["covid"]
    table.to_parquet(run.folder / "predictions.parquet", index=False)
    history = pd.DataFrame(np.zeros((epochs, len(HISTORY_COLUMNS))), columns=list(HISTORY_COLUMNS))
    history.to_csv(run.folder / "history.csv", index=False)
    return run.updated(
        status="finished",
        positive="covid",
        classes=("covid", "normal"),
        split_sizes={name: int((table["split"] == name).sum()) for name in ("train", "val", "test")},
        data_fingerprint=data,
    )


def asked(sweep: Sweep) -> Trial:
    """The next trial of a sweep that is not over."""
    with asking(sweep):
        trial = ask(sweep)
    assert trial is not None
    return trial


def told_of(sweep: Sweep, scores: dict[str, list[float]], *, epochs: int = 3) -> Run:
    """The next trial, finished with these scores."""
    trial = asked(sweep)
    run = made_up_run(sweep, scores, epochs=epochs)
    name_run(sweep, trial, run.id)
    tell_finished(sweep, trial, standing(run, sweep.rule))
    return run


def failed(sweep: Sweep, error: str = "it did not work") -> None:
    """The next trial, failed."""
    tell_failed(sweep, asked(sweep), error)
