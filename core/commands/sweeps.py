"""Commands about sweeps."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from core.commands.datasets import Facts
from core.errors import RequestError, RunNotFoundError
from core.training.signs import Told

if TYPE_CHECKING:
    from core.sweeps.opening import Opened
    from core.sweeps.sweep import Sweep

_WIDTH = 6  # of the narrowest column


def sweep_of(
    target: str,
    *,
    runs_folder: Path,
    preset: str | None,
    vary: list[str],
    settings: Facts,
    trials: int | None,
    rule: Facts,
) -> "Sweep":
    """The sweep to work on: one that was begun, or a new one over a dataset.

    Args:
        target: a sweep's folder or id, else a dataset's folder.
        runs_folder: where the sweep and its runs are.
        preset: of a new one (fnr-first).
        vary: `field=a,b` and `field=low..high`; without any the preset's own grid.
        settings: fields that all trials have.
        trials: how many; of a sweep that was begun it is changed.
        rule: `max_fpr` or `threshold`, as `Rule` takes them; empty for the default.

    Raises:
        RequestError: something of it cannot be used, or a sweep that was begun is asked for anew.
    """
    from core.sweeps.rule import Rule
    from core.sweeps.space import parse_space, space_of_preset
    from core.sweeps.sweep import find_sweep, new_sweep

    try:
        sweep = find_sweep(target, runs_folder)
    except RunNotFoundError as error:
        if not Path(target).is_dir():
            raise RequestError(
                f"expected a dataset's folder, or a sweep's folder or id, found neither at {target!r}; "
                "`python -m core sweep DATA --preset fnr-first` begins one"
            ) from error
        preset = preset or "fnr-first"
        space = parse_space(vary) if vary else space_of_preset(preset, settings)
        return new_sweep(
            runs_folder,
            data=Path(target),
            preset=preset,
            space=space,
            settings=settings,
            rule=Rule(**rule) if rule else None,
            trials=trials,
        )
    if preset or vary or settings or rule:
        raise RequestError(
            f"expected sweep {sweep.id} to go on as it was begun, found --preset, --vary, --set, --init, --max-fpr or "
            "--threshold; leave them out, or give a dataset to begin a new one"
        )
    return sweep if trials is None or trials == sweep.trials else sweep.with_trials(trials)


def sweep(found: "Sweep", *, open_test: bool, told: Told) -> Facts:
    """Work through a sweep, or go on with it; open the winner's test figures where asked to."""
    from core.sweeps.opening import open_test as opened_now
    from core.sweeps.opening import opened_test
    from core.sweeps.working import run_sweep

    run_sweep(found, told=told)
    if open_test:
        opened_now(found)
    return facts_of(found, opened_test(found))


def facts_of(found: "Sweep", opened: "Opened | None") -> Facts:
    """What a sweep found so far, as plain values."""
    from core.sweeps.space import space_words
    from core.sweeps.status import sweep_status
    from core.sweeps.table import trials_table, winner

    status, best = sweep_status(found), winner(found)
    return {
        "sweep": found.id,
        "status": status.status,
        "folder": str(found.folder),
        "data": str(found.data),
        "preset": found.preset,
        "varied": space_words(found.space),
        "rule": found.rule.says,
        "wanted": status.wanted,
        "looked_at": status.finished,
        "failed": status.failed,
        "error": status.error,
        "trials": json.loads(trials_table(found).to_json(orient="records", double_precision=15)),
        "winner": best.run if best else None,
        "says": status.says,
        "opened": asdict(opened) | {"says": opened.says} if opened else None,
    }


def for_people(facts: Facts) -> Facts:
    """A sweep's facts, short enough to be read as lines."""
    said = {
        "sweep": facts["sweep"],
        "status": facts["status"],
        "folder": facts["folder"],
        "varied": facts["varied"],
        "ranked by": facts["rule"],
        "trials": _aligned([_row(trial) for trial in facts["trials"]]),
        "winner": facts["winner"],
        "says": facts["says"],
    }
    if facts["error"]:
        said["error"] = facts["error"]
    opened = facts["opened"]
    if opened is None:
        said["test"] = "closed; --open-test opens the winner's figures, once, when all trials are over"
    else:
        test = {name: opened["test"][name] for name in ("n", "positives", "fnr", "fpr", "auc", "accuracy")}
        said |= {"test": {"run": opened["run"], "threshold": opened["threshold"], **test}, "test says": opened["says"]}
    return said


def _row(trial: Facts) -> dict[str, str]:
    """A trial's cells by column; the measured columns in the words of people."""
    from core.sweeps.table import MEASURED

    known = trial["val_fnr"] is not None
    interval = f"{trial['val_fnr']:.3f} ({trial['val_fnr_low']:.3f} to {trial['val_fnr_high']:.3f})" if known else ""
    names = [name for name in trial if name not in (*MEASURED, "rank", "trial", "status", "run", "error")]
    return {
        "rank": str(trial["rank"] or ""),
        **{name: f"{trial[name]:.3g}" if isinstance(trial[name], float) else str(trial[name]) for name in names},
        "val FNR (95 %)": interval,
        "val AUC": f"{trial['val_auc']:.3f}" if known else "",
        "trained": str(trial["epochs_trained"] or ""),
        "status": trial["status"],
        "run": " ".join(text for text in (trial["run"], trial["error"]) if text),
    }


def _aligned(rows: list[dict[str, str]]) -> list[list[str]]:
    """A heading and the rows, every column as wide as its widest cell."""
    if not rows:
        return []
    whole = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(_WIDTH, *map(len, column)) for column in zip(*whole, strict=True)]
    return [[f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)] for row in whole]
