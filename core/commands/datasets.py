"""Commands about a dataset."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Told = Callable[[str, float, str], None]
Facts = dict[str, Any]


def phantoms(out: Path, *, count: int, seed: int, told: Told) -> Facts:
    """Write synthetic scans."""
    from core.data.phantoms import write_phantoms

    folder = write_phantoms(
        out,
        count=count,
        seed=seed,
        progress=lambda done, total: told("making scans", done / total, f"{done} of {total}"),
    )
    return {"folder": str(folder), "scans": count, "seed": seed}


def index(data: Path, *, told: Told) -> Facts:
    """What is in a dataset, and what is wrong with it."""
    from core.data.index import index_dataset, summary

    return summary(
        index_dataset(data, progress=lambda done, total: told("checking scans", done / total, f"{done} of {total}"))
    )
