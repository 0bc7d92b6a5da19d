"""Whether a dataset's scans are still those that a run began with."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from core.data.folders import refusal
from core.data.images import scan_digest
from core.data.parallel import each_in_threads
from core.errors import DatasetError


def check_unchanged(
    root: Path | str, table: pd.DataFrame, *, progress: Callable[[int, int], None] | None = None
) -> None:
    """Pass if every scan has the content it had when it was indexed.

    Args:
        root: the dataset's folder.
        table: a row a scan: `path` (relative to `root`, with `/`), `sha256` as in the index.
        progress: called with (done, total) after each scan.

    Raises:
        DatasetError: the folder is gone, or a scan has changed, is gone or leads outside `root`; the text names the
            first.
    """
    root = Path(root).resolve()
    if not root.is_dir():
        raise DatasetError(f"expected the dataset at {root}, found no folder there; bring it back, or start a new run")
    paths = table["path"].tolist()
    found = each_in_threads(lambda path: _digest(root, path), paths, progress=progress)
    for path, digest, expected in zip(paths, found, table["sha256"], strict=True):
        if digest != expected:
            found_it = "changed" if digest else "missing"
            raise DatasetError(
                f"expected {path} in {root} as it was when the run began, found it {found_it}; "
                "bring it back, or start a new run"
            )


def _digest(root: Path, path: str) -> str:
    """The scan's SHA-256 as the index has it; empty where it cannot be read."""
    if reason := refusal(root, path):
        raise DatasetError(f"{path}: {reason}")
    try:
        return scan_digest(root / path)
    except OSError:
        return ""
