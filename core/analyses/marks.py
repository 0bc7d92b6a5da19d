"""What an analysis was made from, as a short text: another one says that its result does not hold any more."""

import hashlib
from functools import lru_cache
from pathlib import Path

from core.analyses.kinds import KINDS
from core.calibration import temperature_in_force
from core.runs import Run

_MADE_FROM = ("predictions.parquet", "best.safetensors")


def mark_of(run: Run, kind: str) -> str:
    """A hash over what a result depends on: predictions, weights, and the version of the kind's method.

    Where the result holds scores, the temperature in force too.

    Raises:
        RunDamagedError: `calibration.json` is damaged, where it matters.
    """
    parts = [f"{kind} {KINDS[kind].version}"]
    for name in _MADE_FROM:
        try:
            found = (run.folder / name).stat()
        except OSError:
            parts.append("none")
        else:
            parts.append(_content_hash(str(run.folder / name), found.st_mtime_ns, found.st_size))
    temperature = temperature_in_force(run) if KINDS[kind].has_scores else None
    if temperature is not None:
        parts.append(f"temperature {temperature.value!r}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@lru_cache(maxsize=64)
def _content_hash(path: str, _changed_ns: int, _size: int) -> str:
    """By content, so that a copied run keeps its results; once for each state of the file."""
    import xxhash

    found = xxhash.xxh3_128()
    try:
        with Path(path).open("rb") as file:
            while part := file.read(1 << 20):
                found.update(part)
    except OSError:
        return "unreadable"
    return found.hexdigest()
