"""The last audit of each dataset, kept in the cache; and the process that makes one while people look at the page."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.audit.findings import Audit, audit_from_json
from core.data.cache_folder import cache_folder
from core.data.dataset import Dataset
from core.errors import RequestError, WorkError
from core.files import write_json
from core.processes import is_held, start_command

VERSION = 1  # goes up whenever an audit would find something else
_SECONDS_BETWEEN_REPORTS = 0.4
_START_GRACE_SECONDS = 30.0


class AuditStoppedError(WorkError):
    """Somebody asked to stop."""


def kept_audit(dataset: Dataset) -> Audit | None:
    """The audit of this dataset as it is now, where one is kept; None where it must be made."""
    try:
        content = json.loads((_folder(dataset.root) / "audit.json").read_text(encoding="utf-8"))
        if content["version"] != VERSION or content["of"] != _mark(dataset):
            return None
        return settled(audit_from_json(content["audit"]), dataset)
    except (OSError, WorkError, ValueError, KeyError, TypeError):
        return None


def last_audit(root: Path) -> Audit | None:
    """The audit last kept of the dataset in this folder, whatever has become of the dataset since; None without one."""
    try:
        content = json.loads((_folder(root) / "audit.json").read_text(encoding="utf-8"))
        return audit_from_json(content["audit"]) if content["version"] == VERSION else None
    except (OSError, WorkError, ValueError, KeyError, TypeError):
        return None


def settled(audit: Audit, dataset: Dataset) -> Audit:
    """The audit with each finding saying what was decided about it, by the decisions in force."""
    decided = {decision.finding: decision.says for decision in dataset.decisions if decision.finding}
    return replace(
        audit, findings=tuple(replace(finding, settled=decided.get(finding.id, "")) for finding in audit.findings)
    )


def kept_or_made(
    dataset: Dataset,
    make: Callable[[Callable[[str, int, int], None]], Audit],
    *,
    again: bool,
    told: Callable[[str, int, int], None],
) -> Audit:
    """The audit that is kept, else a new one, which is kept then; one process at a time makes it.

    Args:
        dataset: as indexed now.
        make: makes it, given whom to tell (phase, done, total).
        again: whether to make a new one in any case.
        told: is told as well.

    Raises:
        RequestError: another process makes one just now.
        AuditStoppedError: somebody asked to stop.
    """
    folder = _folder(dataset.root)
    if not again and (kept := kept_audit(dataset)) is not None:
        (folder / "status.json").unlink(missing_ok=True)  # nobody need wait for it
        return kept
    try:
        with FileLock(folder / ".lock", timeout=2):
            (folder / "stop.request").unlink(missing_ok=True)
            audit = make(_Reporter(folder, told).tell)
            write_json(folder / "audit.json", {"version": VERSION, "of": _mark(dataset), "audit": audit.to_json()})
            return audit
    except Timeout:
        raise RequestError(f"another process audits {dataset.root} just now; wait for it") from None


def start_audit(dataset: Dataset) -> None:
    """Begin an audit in a process of its own, unless one is at work.

    Raises:
        WorkError: no process can be started.
    """
    folder = _folder(dataset.root)
    if is_at_work(dataset.root):
        return
    try:
        write_json(folder / "status.json", {"phase": "starting", "done": 0, "total": 1, "at": time.time()})
        (folder / "log.txt").unlink(missing_ok=True)
        start_command(
            ["audit", str(dataset.root), "--group-by", dataset.group_by, "--background"], log_path=folder / "log.txt"
        )
    except OSError as error:
        raise WorkError(f"cannot start the audit: {error.strerror or error}; look at the rights of {folder}") from error


def is_at_work(root: Path) -> bool:
    """Whether a process audits this dataset now, or is about to."""
    folder = _folder(root)
    if is_held(folder / ".lock"):
        return True
    status = progress_of(root)
    started_at = status.get("at")
    just_now = isinstance(started_at, float) and 0 <= time.time() - started_at < _START_GRACE_SECONDS
    return status.get("phase") == "starting" and just_now and not last_words(root)


def progress_of(root: Path) -> dict[str, Any]:
    """`phase`, `done` and `total` as last told; empty where nothing was."""
    try:
        content = json.loads((_folder(root) / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def last_words(root: Path) -> str:
    """The error that the last audit in the background ended with; empty where it did not."""
    try:
        lines = (_folder(root) / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.removeprefix("error: ") for line in reversed(lines) if line.startswith("error: ")), "")


def stop_audit(root: Path) -> None:
    """Ask the process to stop at its next step."""
    with suppress(OSError):
        (_folder(root) / "stop.request").touch()


class _Reporter:
    def __init__(self, folder: Path, told: Callable[[str, int, int], None]) -> None:
        self._folder, self._told, self._at, self._phase = folder, told, 0.0, ""

    def tell(self, phase: str, done: int, total: int) -> None:
        now = time.monotonic()
        if phase == self._phase and now - self._at < _SECONDS_BETWEEN_REPORTS:
            return
        self._at, self._phase = now, phase
        if (self._folder / "stop.request").exists():
            (self._folder / "stop.request").unlink(missing_ok=True)
            raise AuditStoppedError("the audit was stopped, nothing of it is kept; begin it again when you like")
        self._told(phase, done, total)
        write_json(self._folder / "status.json", {"phase": phase, "done": done, "total": total, "pid": os.getpid()})


def _folder(root: Path) -> Path:
    return cache_folder("audits", hashlib.sha256(bytes(root.resolve())).hexdigest()[:32])


def _mark(dataset: Dataset) -> str:
    """A hash over all that an audit depends on; decisions count by what they change."""
    columns = dataset.table[["path", "label", "sha256", "group", "split", "problem"]]
    rows = sorted("\0".join(map(str, row)) for row in columns.itertuples(index=False, name=None))
    return hashlib.sha256("\n".join([dataset.group_by, *rows]).encode(errors="surrogateescape")).hexdigest()
