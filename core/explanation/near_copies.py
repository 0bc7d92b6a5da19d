"""Whether a scan shows nearly the same as a few others: the same file, the same pixels, or a near-duplicate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.data.folders import refusal
from core.data.images import read_scan, resize_scan
from core.data.near_duplicates import SQUARE_PX, near_pairs
from core.errors import DatasetError
from core.runs import Run, read_index

SAME_FILE, SAME_PIXELS, NEARLY_SAME = "the same file", "the same pixels", "nearly the same picture"


@dataclass(frozen=True)
class Copies:
    """What was found out.

    Attributes:
        of: by path, of those that are copies alone: `SAME_FILE`, `SAME_PIXELS` or `NEARLY_SAME`.
        unread: why a scan could not be compared by its picture, by path.
    """

    of: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)


def contents_of(run: Run) -> dict[str, tuple[str, str]]:
    """SHA-256 of each scan's file and hash of its pixels (empty where the index has none), by path.

    Raises:
        RunDamagedError: the run's index cannot be read.
    """
    index = read_index(run)
    pixels = index["pixels"] if "pixels" in index.columns else [""] * len(index)
    return dict(zip(index["path"], zip(index["sha256"], pixels, strict=True), strict=True))


def copies_among(
    run: Run,
    contents: Mapping[str, tuple[str, str]],
    path: str,
    others: Sequence[str],
    *,
    file: Path | None = None,
) -> Copies:
    """Which of a few scans of a run are copies of a scan, by the rules of the audit (`core.data.near_duplicates`).

    Args:
        contents: SHA-256 of each scan's file and hash of its pixels (empty where unknown), by path.
        path: the scan.
        others: a few scans of the run, such as its nearest neighbours.
        file: where the scan lies, if it is none of the run's.
    """
    root = Path(run.record.data).resolve()
    of = {other: same for other in others if (same := _same(contents.get(path), contents.get(other)))}
    squares, names, unread = [], [], {}
    for name in (path, *(other for other in others if other not in of)):
        try:
            if name == path and file is not None:
                scan = read_scan(file)
            elif reason := refusal(root, name):
                raise DatasetError(f"{name}: {reason}")
            else:
                scan = read_scan(root / name, sha256=contents.get(name, ("", ""))[0])
        except DatasetError as error:
            unread[name] = str(error)
            continue
        squares.append(resize_scan(scan, SQUARE_PX))
        names.append(name)
    if path in names and len(names) > 1:
        pairs = near_pairs(np.stack(squares)).rows
        of |= {names[other]: NEARLY_SAME for one, other in pairs.tolist() if one == 0}
    return Copies(of, unread)


def _same(one: tuple[str, str] | None, other: tuple[str, str] | None) -> str:
    if one is None or other is None:
        return ""
    same_file, same_pixels = (a != "" and a == b for a, b in zip(one, other, strict=True))
    return SAME_FILE if same_file else SAME_PIXELS if same_pixels else ""
