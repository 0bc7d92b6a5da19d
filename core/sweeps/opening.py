"""The one look at test: the winner's figures, opened once when all trials are over, and kept as they were then."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import ExplorerError, RequestError, RunDamagedError
from core.files import write_json
from core.results import raw_results
from core.runs import Run, now_text, read_run
from core.sweeps.status import sweep_status
from core.sweeps.sweep import OPENED_FILE, Sweep, find_sweep
from core.sweeps.table import ranked
from core.sweeps.trials import asking, read_trials


@dataclass(frozen=True)
class Opened:
    """`opened.json`: the winner's figures, and how many it was chosen from.

    Attributes:
        opened: when, ISO 8601, UTC.
        run: the winner's id.
        trials_looked_at: trials whose validation figures it was chosen by.
        trials_failed: trials that came to nothing.
        rule: by what they were ranked, in words.
        threshold: chosen on validation by that rule.
        val, test: figures of the two splits at that threshold, as `Evaluation.to_json` gives them.
    """

    opened: str
    run: str
    trials_looked_at: int
    trials_failed: int
    rule: str
    threshold: float
    val: Mapping[str, Any]
    test: Mapping[str, Any]

    @property
    def says(self) -> str:
        """What these figures are, in a sentence."""
        count = f"{self.trials_looked_at} trial{'s' if self.trials_looked_at != 1 else ''}"
        return (
            f"Run {self.run} is the best of {count} by {self.rule}; its validation figures are flattered by that "
            f"choice, its test figures are not: they were opened once, {self.opened}."
        )


def open_test(sweep: Sweep) -> Opened:
    """The test figures of the sweep's winner: computed the first time, read from `opened.json` ever after.

    Raises:
        RequestError: trials are left or somebody is at work, none is finished, or the winner has no test split.
        RunNotFoundError: the winner's folder is gone.
        WorkError: a file of the winner or of the sweep cannot be read or written.
    """
    with asking(sweep):
        kept = opened_test(sweep)
        if kept is not None:
            return kept
        status = sweep_status(sweep)
        over = status.finished + status.failed
        if status.processes:
            raise RequestError(f"expected sweep {sweep.id} to be over, found a process at work on it; wait, or stop it")
        if over < sweep.trials:
            raise RequestError(
                f"expected all {sweep.trials} trials of sweep {sweep.id} to be over before test is opened, "
                f"found {over}; go on with it first, or be content with fewer: --trials {max(over, 1)}"
            )
        best = ranked(read_trials(sweep))
        if not best or best[0].standing is None:
            raise RequestError(f"expected a trial of sweep {sweep.id} that finished, found none; begin a new sweep")
        run, threshold = read_run(sweep.runs_folder / best[0].run), best[0].standing.threshold
        opened = Opened(
            opened=now_text(),
            run=run.id,
            trials_looked_at=status.finished,
            trials_failed=status.failed,
            rule=sweep.rule.says,
            threshold=threshold,
            val=raw_results(run, "val").evaluated(threshold).to_json(),
            test=raw_results(run, "test").evaluated(threshold).to_json(),
        )
        write_json(sweep.folder / OPENED_FILE, asdict(opened))
        return opened


def opened_test(sweep: Sweep) -> Opened | None:
    """What `open_test` kept; None while nobody has opened it.

    Raises:
        RunDamagedError: `opened.json` cannot be read.
    """
    path = sweep.folder / OPENED_FILE
    if not path.exists():
        return None
    try:
        return Opened(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise RunDamagedError(f"expected a readable {path}, but it is damaged; restore the file") from error


def sweep_words(run: Run) -> str:
    """What it means for a run's figures that a sweep compared it with others; empty where none did."""
    if not run.record.sweep:
        return ""
    try:
        sweep = find_sweep(run.record.sweep, run.folder.parent)
        opened = opened_test(sweep)
    except ExplorerError:  # the run may have been copied here without its sweep
        return f"One of the trials of sweep {run.record.sweep}, which is not here: its test figures are exploratory."
    if opened is not None and opened.run == run.id:
        return opened.says
    return (
        f"One of {sweep.trials} trials of sweep {sweep.id}: its test figures are exploratory, only the winner's "
        "are opened, once."
    )
