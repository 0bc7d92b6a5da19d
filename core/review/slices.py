"""The slices of a group in their order: what a wheel turns through."""

import re
from collections.abc import Iterable

_NUMBERS = re.compile(r"(\d+)")


def in_order(paths: Iterable[str]) -> tuple[str, ...]:
    """Paths as people count: `slice-9` before `slice-10`, frame 9 before frame 10."""
    return tuple(sorted(paths, key=_counted))


def _counted(path: str) -> tuple[tuple[int, int, str], ...]:
    parts = _NUMBERS.split(path)
    # Digits stand at odd places; each part is a triple, so that any two can be compared.
    return tuple((1, int(part), part) if place % 2 else (0, 0, part) for place, part in enumerate(parts))
