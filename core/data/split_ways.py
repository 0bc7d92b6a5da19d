"""The ways to split a dataset, as people write them."""

from dataclasses import dataclass

from core.errors import ConfigError

EXPECTED = "given, group, slice, column:NAME=VALUE or fold:NUMBER/FOLDS"
MAX_FOLDS = 20


@dataclass(frozen=True)
class SplitWay:
    """One way to split. `kind` is "" (as given, else by group), "given", "group", "slice", "column" or "fold"."""

    kind: str = ""
    column: str = ""
    value: str = ""
    fold: int = 1
    folds: int = 5

    @property
    def text(self) -> str:
        """As people write it; `split_way(way.text) == way`."""
        if self.kind == "column":
            return f"column:{self.column}={self.value}"
        return f"fold:{self.fold}/{self.folds}" if self.kind == "fold" else self.kind


def split_way(text: str) -> SplitWay:
    """What a text such as "fold:2/5" asks for; "" is as the dataset gives it, else by group.

    Raises:
        ConfigError: it is none of the ways.
    """
    kind, colon, rest = text.strip().partition(":")
    if kind in ("", "given", "group", "slice") and not colon:
        return SplitWay(kind)
    if kind == "column":
        column, equals, value = rest.partition("=")
        if column.strip() and equals and value.strip():
            return SplitWay("column", column=column.strip(), value=value.strip())
    if kind == "fold":
        fold, _, folds = rest.partition("/")
        if all(part.isascii() and part.isdecimal() and len(part) < 4 for part in (fold, folds)):
            way = SplitWay("fold", fold=int(fold), folds=int(folds))
            if 2 <= way.folds <= MAX_FOLDS and 1 <= way.fold <= way.folds:
                return way
    raise ConfigError(f"expected split_by to be {EXPECTED}, found {text!r}")
