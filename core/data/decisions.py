"""What people decided about a dataset: kept in its own folder, with its history, so that all can be taken back."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from core.data.folders import DECISIONS_FILE, OWN_FOLDER, own_folder
from core.data.group_ways import group_way
from core.errors import ConfigError, DatasetError, WorkError
from core.files import write_json

ACTIONS = ("exclude", "group", "keep")
_SCHEMA = 1


@dataclass(frozen=True)
class Decision:
    """One decision. Times are ISO 8601, UTC.

    Attributes:
        id: given when it is kept.
        made: when.
        kind: of the finding it answers, or "grouping".
        finding: its id, as the audit gives it; empty where there was none.
        action: "exclude" (`paths` are left out), "group" (by `group_by`) or "keep" (nothing is to be done).
        says: what was decided, in words.
        paths: of scans, as in the index.
        group_by: as `core.data.group_ways.group_way` reads it.
        undone: when it was taken back; empty while it is in force.
    """

    kind: str
    action: str
    says: str
    finding: str = ""
    paths: tuple[str, ...] = ()
    group_by: str = ""
    id: str = ""
    made: str = ""
    undone: str = ""


def read_decisions(root: Path) -> tuple[Decision, ...]:
    """The decisions in force, oldest first. Raises DatasetError as `history`."""
    return tuple(decision for decision in history(root) if not decision.undone)


def history(root: Path) -> tuple[Decision, ...]:
    """All decisions ever made about a dataset, oldest first, also those taken back.

    Raises:
        DatasetError: the file cannot be read, or is not one of decisions.
    """
    path = root / OWN_FOLDER / DECISIONS_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != _SCHEMA:
            raise ValueError(f"schema {content['schema']!r}")
        return tuple(_checked(entry) for entry in content["decisions"])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, ConfigError) as error:
        raise DatasetError(
            f"expected decisions in {path}, found damage ({type(error).__name__}: {str(error)[:80]}); "
            "restore the file, or remove it to begin without decisions"
        ) from None


def decide(root: Path, decision: Decision) -> Decision:
    """Keep a decision; gives it back with its id and time.

    Raises:
        ConfigError: it groups by what is no way to group.
        DatasetError: the decisions kept so far cannot be read.
        WorkError: the dataset's folder cannot be written.
        ValueError: a path that is not relative to the dataset's folder, or an action that does not exist.
    """
    group_way(decision.group_by)
    kept = replace(decision, made=datetime.now(UTC).isoformat(timespec="seconds"), undone="")

    def add(before: tuple[Decision, ...]) -> tuple[Decision, ...]:
        nonlocal kept
        kept = replace(kept, id=str(len(before) + 1))
        return (*before, _checked(asdict(kept)))

    _rewrite(root, add)
    return kept


def undo(root: Path, decision_id: str) -> Decision:
    """Take a decision back; gives it as it is now kept.

    Raises:
        DatasetError: there is none of that id in force.
        WorkError: the dataset's folder cannot be written.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    found: list[Decision] = []

    def take_back(before: tuple[Decision, ...]) -> tuple[Decision, ...]:
        after = [replace(d, undone=now) if d.id == decision_id and not d.undone else d for d in before]
        found.extend(new for new, old in zip(after, before, strict=True) if new != old)
        if not found:
            ids = ", ".join(d.id for d in before if not d.undone) or "none"
            raise DatasetError(f"expected the id of a decision in force ({ids}), found {decision_id!r}")
        return tuple(after)

    _rewrite(root, take_back)
    return found[0]


def group_by_of(decisions: tuple[Decision, ...]) -> str:
    """How a dataset is grouped by decision: by the newest one in force that says so, else "" (automatic)."""
    return next((d.group_by for d in reversed(decisions) if d.action == "group"), "")


def excluded_by(decisions: tuple[Decision, ...]) -> dict[str, str]:
    """Why each scan that was decided to be left out is, by path."""
    return {path: decision.says for decision in decisions if decision.action == "exclude" for path in decision.paths}


def _rewrite(root: Path, change: Callable[[tuple[Decision, ...]], tuple[Decision, ...]]) -> None:
    folder = own_folder(root)
    try:
        with FileLock(folder / "decisions.lock", timeout=10):
            after = change(history(root))
            write_json(
                folder / DECISIONS_FILE, {"schema": _SCHEMA, "decisions": [asdict(decision) for decision in after]}
            )
    except Timeout:
        raise WorkError(f"somebody else is deciding about {root} just now; try again") from None
    except OSError as error:
        raise WorkError(
            f"cannot write {folder / DECISIONS_FILE}: {error.strerror or error}; look at its rights"
        ) from error


def _checked(entry: dict[str, Any]) -> Decision:
    """A decision if all its values are of their kind; ValueError names the first that is not."""
    known = {spec.name for spec in fields(Decision)}
    values = {name: value for name, value in entry.items() if name in known}
    paths = values.get("paths", ())
    if not isinstance(paths, list | tuple) or not all(isinstance(path, str) and _is_inside(path) for path in paths):
        raise ValueError("paths that are not relative to the dataset's folder")
    values["paths"] = tuple(paths)
    for name, value in values.items():
        if name != "paths" and not isinstance(value, str):
            raise ValueError(f"{name} is {value!r}")
    if values.get("action") not in ACTIONS:
        raise ValueError(f"action is {values.get('action')!r}")
    group_way(values.get("group_by", ""))
    return Decision(**values)


def _is_inside(path: str) -> bool:
    return bool(path) and not path.startswith("/") and ".." not in PurePosixPath(path).parts
