"""`run.json`: what it holds, and whether what it holds can be."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from core.errors import RunDamagedError

SCHEMA = 1
Status = Literal["queued", "running", "finished", "failed", "stopped"]
_CURES = {  # of files that a run can do without
    "calibration.json": "use the network's own scores again, on the Performance page or with "
    "`python -m core calibrate {run} --off`",
}
STATUSES: tuple[Status, ...] = ("queued", "running", "finished", "failed", "stopped")


@dataclass(frozen=True)
class RunRecord:
    """`run.json`: what was asked for, on which data, and how it ended. Times are ISO 8601, UTC."""

    id: str
    status: Status
    created: str
    preset: str
    config: Mapping[str, Any]
    data: str
    phantoms: Mapping[str, int] | None = None  # made at `data` first, where they are not there yet
    positive: str = ""
    classes: tuple[str, ...] = ()
    split_how: str = ""
    split_sizes: Mapping[str, int] = field(default_factory=dict)
    group_by: str = ""
    group_source: str = ""
    decisions: tuple[str, ...] = ()  # those in force for the dataset, as sentences
    data_fingerprint: str = ""
    input_mean: float = 0.5
    input_std: float = 0.25
    device: str = ""
    precision: str = ""
    seed: int = 0
    weights_from: str = ""
    best_epoch: int | None = None
    started: str = ""
    ended: str = ""
    error: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    preset_config: Mapping[str, Any] = field(default_factory=dict)  # the preset's own, as it was then
    sweep: str = ""  # the id of the sweep it belongs to
    bare_images_per_second: float = 0.0  # of steps without data and augmentation, measured when it began
    micro_batch: int = 0  # scans a pass where memory ran out for a whole batch; 0: batches are whole
    corrected: str = ""  # how many labels readers had corrected before, as `core.data.corrected_labels` says it
    notes: tuple[str, ...] = ()  # what else is to be known about the run, as sentences
    schema: int = SCHEMA


def read_record(path: Path) -> RunRecord:
    """The record in a `run.json`; fields of a later version are passed over.

    Raises:
        RunDamagedError: the file cannot be read as one, is of another schema, or its values contradict each other.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("schema") != SCHEMA:
            raise RunDamagedError(
                f"{path} has schema {content.get('schema')}, this version reads {SCHEMA}; use the version that wrote it"
            )
        known = {f.name for f in fields(RunRecord)}
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items() if k in known}
        return _checked(RunRecord(**values))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> RunDamagedError:
    """The error that says in one line that a file of a run is missing or damaged, and what to do."""
    first_line = (str(error).splitlines() or [type(error).__name__])[0][:120]
    reason = "it is missing" if isinstance(error, FileNotFoundError) else f"it is damaged ({first_line})"
    cure = _CURES.get(path.name, "restore the file, resume the run or train again").format(run=path.parent.name)
    return RunDamagedError(f"expected a readable {path.name} in {path.parent}, but {reason}; {cure}")


def _checked(record: RunRecord) -> RunRecord:
    """The record if all its values are of their kind and fit together; ValueError names the first that does not."""
    kinds: dict[str, Callable[[Any], bool]] = {
        "status": lambda value: value in STATUSES,
        "config": lambda value: isinstance(value, dict),
        "phantoms": lambda value: value is None or _are_counts(value),
        "classes": _are_texts,
        "decisions": _are_texts,
        "split_sizes": _are_counts,
        "input_mean": lambda value: type(value) in (int, float),
        "input_std": lambda value: type(value) in (int, float),
        "seed": lambda value: type(value) is int,
        "best_epoch": lambda value: value is None or type(value) is int,
        "versions": lambda value: isinstance(value, dict),
        "preset_config": lambda value: isinstance(value, dict),
        "bare_images_per_second": lambda value: type(value) in (int, float),
        "micro_batch": lambda value: type(value) is int,
        "notes": _are_texts,
        "schema": lambda value: value == SCHEMA,
    }
    for name, value in vars(record).items():
        if not kinds.get(name, lambda value: isinstance(value, str))(value):
            raise ValueError(f"{name} is {value!r}")
    if record.classes and record.positive not in record.classes:
        raise ValueError(f"positive is {record.positive!r}, none of the classes")
    if record.status == "finished":
        _check_finished(record)
    return record


def _check_finished(record: RunRecord) -> None:
    """What is needed to rebuild the network that the results came from."""
    for name, kind in (("backbone", str), ("image_size", int)):
        if type(record.config.get(name)) is not kind:
            raise ValueError(f"config has {name} {record.config.get(name)!r}")


def _are_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(text, str) for text in value)


def _are_counts(value: Any) -> bool:
    return isinstance(value, dict) and all(type(count) is int for count in value.values())
