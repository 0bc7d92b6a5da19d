"""A dataset as a table: one row a scan, with what it is, what it belongs to and what is wrong with it."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core.data.folders import dataset_root, dataset_signature
from core.data.grouping import GROUP_SOURCES, group_scans
from core.data.images import ScanFacts, inspect_scan
from core.data.layout import Listing, list_scans
from core.data.parallel import each_in_threads
from core.data.positive import guess_positive
from core.errors import DatasetError

__all__ = [
    "COLUMNS",
    "Dataset",
    "check_trainable",
    "dataset_signature",
    "guess_positive",
    "index_dataset",
    "summary",
]

COLUMNS = (
    *("path", "label", "group", "split"),
    *("width", "height", "mode", "format", "bytes", "sha256", "problem"),
)
# Classes become columns of the tables that a run is read from, beside these.
RESERVED_CLASSES = frozenset(
    {"path", "label", "split", "group", "score", "predicted", "cell", "scan", "decision", "threshold", "problem"}
)
MIN_SCANS = 10
MIN_GROUPS_PER_CLASS = 5  # one for each of the five folds that a split is drawn from


@dataclass(frozen=True, eq=False)
class Dataset:
    """A folder of scans, looked at once.

    `table` has a row for every scan that the folder claims to have: `COLUMNS`, then index.csv's further
    columns (as numbers where all their values are). `problem` is empty where the scan can be used.
    `group_source` is what groups come from: "patient", "content" or "scan". `notes` are sentences about the
    folder as a whole.
    """

    root: Path
    table: pd.DataFrame
    group_source: str
    notes: tuple[str, ...]

    @property
    def usable(self) -> pd.DataFrame:
        """The rows without a problem."""
        return self.table[self.table["problem"] == ""]

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels of the usable scans, sorted."""
        return tuple(sorted(self.usable["label"].unique()))

    @property
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
    def group_meaning(self) -> str:
        """What the groups can promise about a split, in a sentence for people."""
        return GROUP_SOURCES[self.group_source]


def index_dataset(
    folder: Path | str,
    *,
    progress: Callable[[int, int], None] | None = None,
    workers: int | None = None,
) -> Dataset:
    """Look at every file of a dataset: decode it once, hash it, group it, say what is wrong with it.

    Args:
        folder: class folders, or a folder with an index.csv, or both (then index.csv decides).
        progress: called with (done, total) after each file.
        workers: threads; by default a few for each core.

    Raises:
        DatasetError: there is no such folder, no scan in it, or its index.csv is of no use. A scan that is of
            no use is no error but a row with a `problem`.
    """
    root = dataset_root(folder)
    listing = list_scans(root)
    good = [scan for scan in listing.scans if not scan.problem]
    inspected = each_in_threads(inspect_scan, [root / scan.path for scan in good], workers=workers, progress=progress)
    table = _table(listing, list(inspected))
    table["problem"] = table["problem"].where(table["problem"] != "", _label_conflicts(table))
    patient_ids = pd.Series([scan.patient_id for scan in listing.scans], index=table.index)
    table["group"], source, group_notes = group_scans(table, patient_ids)
    return Dataset(root, table, source, listing.notes + group_notes)


def check_trainable(dataset: Dataset) -> None:
    """Pass if a model can be trained on the dataset, and be tested on scans it has not seen.

    Raises:
        DatasetError: fewer than two classes or ten usable scans, a class named as a column of the results, too
            few groups of a class to split, or a given split without `train`.
    """
    usable, root = dataset.usable, dataset.root
    left_out = len(dataset.table) - len(usable)
    aside = f" ({left_out} more have problems)" if left_out else ""
    if len(usable) < MIN_SCANS:
        raise DatasetError(
            f"expected at least {MIN_SCANS} usable scans in {root}, found {len(usable)}{aside}; add scans"
        )
    if len(dataset.classes) < 2:
        raise DatasetError(
            f"expected at least two classes in {root}, found only '{dataset.classes[0]}'{aside}; "
            "add a folder or rows of another class"
        )
    reserved = [label for label in dataset.classes if label in RESERVED_CLASSES]
    if reserved:
        raise DatasetError(
            f"expected class names other than the columns of the results, found '{reserved[0]}' in {root}; "
            f"rename the class, for instance to '{reserved[0]}-class'"
        )
    if dataset.has_given_split:
        if "train" not in set(usable["split"]):
            found = ", ".join(sorted(usable["split"].unique()))
            raise DatasetError(f"expected scans in the split 'train' in {root}, found only {found}; add some")
        return
    for label, groups in usable.groupby("label")["group"].nunique().items():
        if groups < MIN_GROUPS_PER_CLASS:
            raise DatasetError(
                f"expected at least {MIN_GROUPS_PER_CLASS} groups of every class in {root}, "
                f"found {groups} of '{label}'; add scans of other patients, or give a split in index.csv"
            )


def summary(dataset: Dataset) -> dict[str, Any]:
    """What is there and what is wrong with it, as plain values fit for JSON."""
    usable = dataset.usable
    broken = dataset.table.loc[dataset.table["problem"] != "", ["path", "problem"]]
    return {
        "scans": len(dataset.table),
        "usable": len(usable),
        "classes": _counts(usable["label"]),
        "groups": int(usable["group"].nunique()),
        "problems": [{"path": path, "problem": text} for path, text in broken.itertuples(index=False)],
        "splits": _counts(usable.loc[usable["split"] != "", "split"]),
        "notes": list(dataset.notes),
        "group_source": dataset.group_source,
    }


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(value): int(count) for value, count in values.value_counts().sort_index().items()}


def _table(listing: Listing, inspected: list[ScanFacts]) -> pd.DataFrame:
    """`COLUMNS` (group still empty) and the further ones; `inspected` are the scans without a problem."""
    facts_of_good = iter(inspected)
    rows = []
    for scan in listing.scans:
        facts = ScanFacts(problem=scan.problem) if scan.problem else next(facts_of_good)
        rows.append({"path": scan.path, "label": scan.label, "group": "", "split": scan.split} | asdict(facts))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    for name in listing.further_columns:
        values = pd.Series([scan.further[name] for scan in listing.scans], index=table.index)
        # The table's own columns keep their names: index.csv may well bring a "width" of its own.
        table[f"{name} (index.csv)" if name in COLUMNS else name] = _numbers_if_all_are(values)
    return table


def _numbers_if_all_are(values: pd.Series) -> pd.Series:
    """Numbers (empty becomes NaN) if every value is one; text stays text, and so do ids such as 007."""
    filled = values[values != ""]
    if filled.empty or filled.str.match(r"[+-]?0\d").any():
        return values
    numbers = pd.to_numeric(filled, errors="coerce")
    return values if numbers.isna().any() else numbers.reindex(values.index)


def _label_conflicts(table: pd.DataFrame) -> pd.Series:
    """The problem of each usable scan whose very content is there under another label too, else empty."""
    problems = dict.fromkeys(table.index, "")
    usable = table[table["problem"] == ""]
    copies = usable[usable.duplicated("sha256", keep=False)]
    for _, same in copies.groupby("sha256"):
        if same["label"].nunique() < 2:
            continue
        for row, label in same["label"].items():
            other = same[same["label"] != label].iloc[0]
            problems[row] = f"same content as {other['path']}, labelled {other['label']}: one of the labels is wrong"
    return pd.Series(problems, dtype="str")
