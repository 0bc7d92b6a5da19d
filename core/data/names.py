"""What file names say about which scans belong together: by a pattern, or by consecutive numbers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.data.group_ways import compiled_pattern

_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")


@dataclass(frozen=True)
class PatternPreview:
    """What a pattern yields: how many groups, how many paths it does not fit, and the first groups with their paths."""

    groups: int
    unmatched: int
    examples: tuple[tuple[str, tuple[str, ...]], ...]


def pattern_groups(paths: Sequence[str], pattern: str) -> list[str]:
    """The group that a pattern finds in each path, "" where it does not fit.

    The pattern is a regular expression, searched for in the path; its first bracketed part that took part in the
    match names the group, else the whole match. However it is written, the time is linear in the length of the paths.

    Raises:
        ConfigError: it is no regular expression.
    """
    search = compiled_pattern(pattern).search
    return [_group(search(path)) for path in paths]


def pattern_preview(paths: Sequence[str], pattern: str, *, examples: int = 5) -> PatternPreview:
    """What a pattern yields, for people to look at while they type. Raises ConfigError as `pattern_groups`."""
    by_name: dict[str, list[str]] = {}
    names = pattern_groups(paths, pattern)
    for name, path in zip(names, paths, strict=True):
        if name:
            by_name.setdefault(name, []).append(path)
    first = tuple((name, tuple(found)) for name, found in list(by_name.items())[:examples])
    return PatternPreview(len(by_name), names.count(""), first)


def block_of(path: str, size: int) -> str:
    """The block of consecutive numbers that a path lies in, "" where its name has no number.

    The last number of the name counts, its ending aside; the folder and the rest of the name must be the same for two
    to meet.
    """
    folder, _, name = path.rpartition("/")
    stem, _, ending = name.rpartition(".")
    counted = name if not stem or ending.isdecimal() else stem
    found = _LAST_NUMBER.search(counted)
    if found is None:
        return ""
    stem = f"{counted[: found.start()]}#{name[found.end() :]}"
    first = int(found.group()) // size * size
    return f"{folder}/{stem} {first}-{first + size - 1}".lstrip("/")


def _group(found: Any) -> str:
    if found is None:
        return ""
    named = [part for part in found.groups() if part]
    return str(named[0] if named else found.group())
