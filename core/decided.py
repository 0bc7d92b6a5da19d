"""The threshold in force for a run, and every change of it: one file, so that neither is there without the other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.calibration import read_calibration
from core.errors import RequestError, RunDamagedError, WorkError
from core.evaluation.decision.operating_point import OperatingPoint, fixed_point
from core.files import write_json
from core.results import point_for_scores, split_results, splits_of
from core.runs import Run, now_text, read_json, read_run

POINT_FILE = "operating_point.json"
DAMAGED_FILE = "operating_point.damaged.json"
_LOCK_SECONDS = 10


@dataclass(frozen=True)
class Change:
    """One change of the threshold.

    Attributes:
        number: 1 is the first.
        point: what came into force, with its time.
        back_to: number of the earlier change that was put in force again, 0 for the default; None where the
            threshold was newly chosen.
    """

    number: int
    point: OperatingPoint
    back_to: int | None = None


def point_in_force(run: Run) -> OperatingPoint:
    """The run's operating point, for the kind of scores in force; 0.5, called "default", while nobody has chosen one.

    Raises:
        RunDamagedError: the file cannot be read, or holds no operating point; or as `core.results.point_for_scores`.
        RequestError: as `core.results.point_for_scores`.
    """
    point = stored_point(run)
    return _default(run) if point is None else point_for_scores(run, point)


def stored_point(run: Run) -> OperatingPoint | None:
    """The operating point as it was chosen, for whichever kind of scores; None while nobody has.

    Raises:
        RunDamagedError: the file cannot be read, or holds no operating point.
    """
    if not (run.folder / POINT_FILE).exists():
        return None
    try:
        return OperatingPoint.from_json(read_json(run, POINT_FILE))
    except (RunDamagedError, ValueError) as error:
        raise _damaged(run) from error


def point_history(run: Run) -> tuple[Change, ...]:
    """Every change of the run's threshold, oldest first; the last is in force.

    A file of an earlier version, which kept no history, is its own first change.

    Raises:
        RunDamagedError: the file cannot be read, or its history contradicts itself.
    """
    if not (run.folder / POINT_FILE).exists():
        return ()
    try:
        content = read_json(run, POINT_FILE)
        point = OperatingPoint.from_json(content)
        if "history" not in content:
            return (Change(1, point),)
        changes = tuple(_change(number, entry) for number, entry in enumerate(content["history"], start=1))
        if not changes or changes[-1].point != point:
            raise ValueError("the last change is not what is in force")
        return changes
    except (RunDamagedError, ValueError, TypeError, KeyError) as error:
        raise _damaged(run) from error


def save_point(run: Run, point: OperatingPoint) -> OperatingPoint:
    """Make `point`, whose `score_kind` is that of the scores it was chosen on, the one in force, everywhere.

    Gives it back with the time and the fingerprint of the data.

    Changes made at the same time come one after the other, and none is lost. Where the file is damaged it is kept
    beside the new one, under `DAMAGED_FILE`, and a new history begins.

    Raises:
        RequestError: other scores are in force by now than it was chosen on; nothing is changed.
        RunNotFoundError: the run is gone.
        WorkError: the run's folder cannot be written.
    """

    def add(changes: tuple[Change, ...]) -> Change:
        kind = _kind(run)
        if point.score_kind != kind:
            raise RequestError(
                f"the threshold was chosen on {point.score_kind or 'raw'} scores of run {run.id}, but by now "
                f"{kind or 'raw'} ones are in force; choose it again"
            )
        return Change(len(changes) + 1, _stamped(run, point))

    return _changed(run, add, keep_damage=True).point


def take_back(run: Run, *, to: int | None = None) -> OperatingPoint:
    """Put an earlier operating point in force again, as a change of its own; gives it back.

    Args:
        run: whose threshold it is.
        to: number of the change whose point is wanted, 0 for the default; without it the one that was in force before
            the present one was chosen, so that going back again goes further back.

    Raises:
        RequestError: there is nothing to take back, no change of that number, or its rule cannot be met on the scores
            in force; nothing is changed then.
        RunNotFoundError: the run is gone.
        RunDamagedError: the history cannot be read.
        WorkError: the run's folder cannot be written.
    """

    def add(changes: tuple[Change, ...]) -> Change:
        target = before(changes) if to is None else to
        if target is None:
            raise RequestError(f"expected a threshold to take back in run {run.id}, found none; choose one first")
        if not 0 <= target <= len(changes):
            raise RequestError(f"expected the number of a change from 0 to {len(changes)}, found {target}")
        earlier = _stamped(run, _default(run) if target == 0 else changes[target - 1].point)
        point_for_scores(run, earlier)  # refused before anything is written, where the scores in force do not allow it
        return Change(len(changes) + 1, earlier, _origin(changes, target))

    return point_for_scores(run, _changed(run, add, keep_damage=False).point)


def before(changes: tuple[Change, ...]) -> int | None:
    """Number of the change that was in force before the present threshold was chosen, 0 for the default.

    None where there is nothing to go back to: no change at all, or the default in force again.
    """
    if not changes:
        return None
    present = _origin(changes, len(changes))
    return _origin(changes, present - 1) if present else None


def _origin(changes: tuple[Change, ...], number: int) -> int:
    """The change in which the point of this one was chosen: itself, or the one it went back to; 0 for the default."""
    back_to = changes[number - 1].back_to if number else None
    return number if back_to is None else back_to


def _changed(run: Run, add: Callable[[tuple[Change, ...]], Change], *, keep_damage: bool) -> Change:
    """Read, add and write while nobody else does."""
    path = run.folder / POINT_FILE
    read_run(run.folder)  # a lock would bring the folder of a deleted run back
    try:
        with FileLock(run.folder / ".operating_point.lock", timeout=_LOCK_SECONDS):
            changes = _read_or_put_aside(run) if keep_damage else point_history(run)
            new = add(changes)
            entries = [_entry(change) for change in (*changes, new)]
            write_json(path, {**new.point.to_json(), "history": entries})
            return new
    except Timeout:
        raise WorkError(f"somebody else is choosing a threshold for run {run.id} just now; try again") from None
    except OSError as error:
        raise WorkError(f"cannot write {path}: {error.strerror or error}; look at its rights") from error


def _read_or_put_aside(run: Run) -> tuple[Change, ...]:
    try:
        return point_history(run)
    except RunDamagedError:
        (run.folder / POINT_FILE).replace(run.folder / DAMAGED_FILE)
        return ()


def _default(run: Run) -> OperatingPoint:
    if run.has_results and "val" not in splits_of(run):
        raise RequestError(
            f"no threshold is in force for run {run.id}, which has no validation split to choose one on; evaluate it "
            "at one that you give (--threshold), or train again with a validation split"
        )
    return replace(fixed_point(split_results(run, "val").scored, split="val"), score_kind=_kind(run))


def _kind(run: Run) -> str:
    calibration = read_calibration(run)
    return "" if calibration is None else calibration.score_kind


def _stamped(run: Run, point: OperatingPoint) -> OperatingPoint:
    return replace(point, data_fingerprint=run.record.data_fingerprint, chosen_at=now_text())


def _entry(change: Change) -> dict[str, Any]:
    return {"back_to": change.back_to, "point": change.point.to_json()}


def _change(number: int, entry: Any) -> Change:
    back_to = entry["back_to"]
    if back_to is not None and not (isinstance(back_to, int) and 0 <= back_to < number):
        raise ValueError(f"change {number} goes back to {back_to!r}")
    return Change(number, OperatingPoint.from_json(entry["point"]), back_to)


def _damaged(run: Run) -> RunDamagedError:
    path: Path = run.folder / POINT_FILE
    return RunDamagedError(
        f"expected an operating point in {path}, found damage; save one again, "
        f"for instance with `python -m core threshold {run.id} --max-fnr 0.05 --save`"
    )
