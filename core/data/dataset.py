"""A dataset as it was found: its table, its groups, and what was decided about it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from core.data.corrected_labels import CORRECTION_COLUMNS
from core.data.decisions import Decision
from core.data.group_ways import GROUP_SOURCES

COLUMNS = (
    *("path", "label", "group", "split"),
    *("width", "height", "mode", "format", "bytes", "sha256", "problem"),
    *("pixels", "metadata", "remark"),
)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A folder of scans, looked at once.

    `table` has a row for every scan that the folder claims to have: `COLUMNS`, then index.csv's further
    columns (as numbers where all their values are). `problem` is empty where the scan can be used.
    `group_source` is what groups come from, a key of `core.data.group_ways.GROUP_SOURCES`, and `group_by` how to ask
    for the same groups again. `notes` are sentences about the folder as a whole, `decisions` those in force.
    """

    root: Path
    table: pd.DataFrame
    group_source: str
    group_by: str
    notes: tuple[str, ...]
    decisions: tuple[Decision, ...] = ()

    @cached_property
    def usable(self) -> pd.DataFrame:
        """The rows without a problem."""
        return self.table[self.table["problem"] == ""]

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels of the usable scans, sorted."""
        return tuple(sorted(self.usable["label"].unique()))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over what the usable scans are (path, label, content, group, split), in whatever order."""
        columns = self.usable[["path", "label", "sha256", "group", "split"]]
        rows = sorted("\0".join(row) for row in columns.itertuples(index=False, name=None))
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    @property
    def has_given_split(self) -> bool:
        """Whether the dataset says itself which scan is in which split."""
        return bool((self.usable["split"] != "").any())

    @property
    def further_columns(self) -> tuple[str, ...]:
        """What index.csv says beyond path, label, patient and split, and what readers corrected."""
        return tuple(name for name in self.table.columns if name not in (*COLUMNS, *CORRECTION_COLUMNS))

    @property
    def group_meaning(self) -> str:
        """What the groups can promise about a split, in a sentence for people."""
        return GROUP_SOURCES[self.group_source]
