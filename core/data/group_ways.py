"""The ways to tell what belongs together, as people write them, and what each can promise."""

from dataclasses import dataclass
from typing import Any

from core.errors import ConfigError

BLOCK_SIZE = 25  # neighbouring slices of one patient are rarely more than so many files
MAX_PATTERN_LENGTH = 200
EXPECTED = "patient, pattern:REGEX, near-duplicates, blocks, blocks:NUMBER or scan"

_BOTH_SIDES = "slices of one patient may be on both sides: figures will be too good"
GROUP_SOURCES = {
    "patient": "groups are patients: no patient is on two sides of the split",
    "pattern": "groups come from a pattern over the file names: as good as the pattern tells patients apart",
    "near-duplicates": f"groups are clusters of scans that look nearly the same; beyond that {_BOTH_SIDES}",
    "blocks": "groups are blocks of consecutive numbers in the file names, as neighbouring slices often have; "
    "a patient at the edge of two blocks may be on both sides",
    "content": f"only exact copies and frames of one file stay together, {_BOTH_SIDES}",
    "scan": f"each scan is a group by itself, {_BOTH_SIDES}",
}
"""What groups come from, and what a split by them can promise; sentences without a capital or a full stop."""


@dataclass(frozen=True)
class GroupWay:
    """One way to group. `kind` is "" (automatic), or a key of `GROUP_SOURCES` but "content"."""

    kind: str = ""
    pattern: str = ""
    block_size: int = BLOCK_SIZE

    @property
    def text(self) -> str:
        """As people write it; `group_way(way.text) == way`."""
        if self.kind == "pattern":
            return f"pattern:{self.pattern}"
        return f"blocks:{self.block_size}" if self.kind == "blocks" else self.kind


def group_way(text: str) -> GroupWay:
    """What a text such as "blocks:25" asks for; "" is automatic.

    Raises:
        ConfigError: it is none of the ways, or its pattern or number cannot be used.
    """
    kind, colon, rest = text.strip().partition(":")
    if kind == "pattern" and rest:
        compiled_pattern(rest)
        return GroupWay("pattern", pattern=rest)
    if kind == "blocks" and (not colon or (rest.isascii() and rest.isdecimal() and 2 <= int(rest[:9]) <= 10_000)):
        return GroupWay("blocks", block_size=int(rest) if colon else BLOCK_SIZE)
    if kind in ("", "patient", "near-duplicates", "scan") and not colon:
        return GroupWay(kind)
    raise ConfigError(f"expected group_by to be {EXPECTED}, found {text!r}")


def compiled_pattern(pattern: str) -> Any:
    """A regular expression of RE2's kind: a pattern from anywhere can neither hang nor fill the memory.

    Gives an object with `search`, as Python's `re` does. RE2 has no look-around and no back references.

    Raises:
        ConfigError: it is no such expression, or longer than `MAX_PATTERN_LENGTH`.
    """
    import re2  # only where somebody asks for a pattern

    if len(pattern) > MAX_PATTERN_LENGTH:
        raise ConfigError(f"expected a pattern of at most {MAX_PATTERN_LENGTH} characters, found {len(pattern)}")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise ConfigError(
            f"expected a regular expression (RE2), found {pattern!r}: {' '.join(reason.split())}; correct it"
        ) from None
