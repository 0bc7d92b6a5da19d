"""Carrying out an analysis: the process that does the work, and what it tells of itself."""

import os
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress

from core.analyses.job import Analysis, Claim, claim, state_of
from core.analyses.kinds import KINDS
from core.errors import ExplorerError, WorkError, failure_line
from core.files import is_disk_full, write_json
from core.runs import Run

_SECONDS_BETWEEN_REPORTS = 0.4
_GUESS_BELOW_SECONDS = 2.0  # so long the pace says little


class AnalysisStoppedError(WorkError):
    """Somebody asked to stop."""


def carry_out(
    run: Run,
    kind: str,
    options: Mapping[str, str] | None = None,
    *,
    again: bool = False,
    told: Callable[[int, int], None] | None = None,
) -> Analysis:
    """Work in this process until it is done; what is finished and holds is left as it is unless `again`.

    Raises:
        RequestError: as `claim` says, or the options are wrong.
        AnalysisStoppedError: somebody asked to stop.
        WorkError: it failed.
    """
    if not again and (there := state_of(run, kind, options)).status == "finished":
        return there
    held = claim(run, kind, options)
    try:
        _work(run, held, told)
    finally:
        held.lock.release()
    return state_of(run, kind, options)


def _work(run: Run, held: Claim, told: Callable[[int, int], None] | None) -> None:
    analysis, reporter = held.analysis, _Reporter(held, told)
    try:
        reporter.write("running")
        KINDS[analysis.kind].work()(run, analysis.folder, analysis.options, reporter.tell)
        reporter.write("finished")
    except AnalysisStoppedError:
        reporter.end("stopped", "")
        raise
    except KeyboardInterrupt:
        reporter.end("stopped", "")
        raise
    except ExplorerError as error:
        full = "the disk is full: " if is_disk_full(error) else ""
        reporter.end("failed", full + failure_line(error))
        raise
    except Exception as error:
        with suppress(OSError), analysis.log_path.open("a", encoding="utf-8") as log:
            log.write(traceback.format_exc())
        first_line = (str(error).splitlines() or ["no words"])[0]
        reporter.end("failed", f"unexpected {type(error).__name__}: {first_line}; more is in its log.txt")
        raise


class _Reporter:
    def __init__(self, held: Claim, told: Callable[[int, int], None] | None) -> None:
        self._held, self._told, self._begun, self._at = held, told, time.monotonic(), 0.0
        self._done = self._of = 0

    def tell(self, done: int, of: int) -> None:
        """How far the work is; raises where somebody asked to stop, or the run is gone."""
        self._done, self._of = done, of
        folder = self._held.analysis.folder
        now = time.monotonic()
        if now - self._at < _SECONDS_BETWEEN_REPORTS and done < of:
            return
        self._at = now
        if (folder / "stop.request").exists():
            (folder / "stop.request").unlink(missing_ok=True)
            raise AnalysisStoppedError("it was stopped, nothing of it is kept; begin it again when you like")
        if not (folder.parents[1] / "run.json").exists():
            raise WorkError(f"expected the run {folder.parents[1]} to be there, but it was deleted meanwhile")
        if self._told is not None:
            self._told(done, of)
        self.write("running")

    def write(self, status: str, says: str = "") -> None:
        """`status.json`, whole."""
        spent = time.monotonic() - self._begun
        known = 0 < self._done < self._of and spent > _GUESS_BELOW_SECONDS
        write_json(
            self._held.analysis.folder / "status.json",
            {
                "status": status,
                "done": self._done,
                "of": self._of,
                "seconds": round(spent, 2),
                "seconds_left": round(spent * (self._of / self._done - 1), 1) if known else None,
                "says": says,
                "options": dict(self._held.analysis.options),
                "mark": self._held.mark,
                "pid": os.getpid(),
            },
        )

    def end(self, status: str, says: str) -> None:
        """The last words; where they cannot be written, the free lock tells that nobody works any more."""
        with suppress(WorkError):
            self.write(status, says)
