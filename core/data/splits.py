"""Which scan is for training, which for choosing, which for the final figures."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from core.data.split_ways import SplitWay
from core.errors import DatasetError
from core.evaluation.splits import SPLITS, torn_groups

FOLDS = 5  # test is a fifth of all, val a fifth of the rest: 64/16/20 %
SLICE_WARNING = "slices of one patient may be on both sides: figures will be too good"


def assign_splits(table: pd.DataFrame, *, seed: int, way: SplitWay | None = None) -> tuple[pd.Series, str]:
    """Put every scan into `train`, `val` or `test`, and say in a sentence how that was done.

    By default a split that the dataset gives is taken as it is, else one is drawn by group. Of a given split, and of
    one by a column, no `test` is made up; where there is no `val`, a fifth of `train` becomes it. Drawn splits are
    64/16/20 %: every class has its share in each part, and, but for splits by slice, no group is in two. Folds
    partition the scans: each is in `test` once. The same scans and seed give the same split, in whatever order the
    rows come.

    Args:
        table: usable scans only: `path` (unique), `label`, `group`, `split`, `problem` and any further columns,
            shape (n,) each.
        seed: at least 0.
        way: how to split.

    Returns:
        "train", "val" or "test", indexed as `table`, and the sentence.

    Raises:
        DatasetError: a part would lack one of the classes (but for a given `test`, which is taken as it is); or the
            table has no such column or value, or no given split.
        ValueError: `table` holds rows with a problem, or a path twice.
    """
    if (table["problem"] != "").any():
        raise ValueError("expected usable scans only, got rows with a problem")
    if table["path"].duplicated().any():
        raise ValueError("expected every path once, got one twice")
    ordered = table.set_axis(range(len(table))).sort_values("path")
    kind = (way.kind if way else "") or ("given" if (ordered["split"] != "").any() else "group")
    drawn = True
    if kind == "given":
        split, how = _given(ordered, seed)
        drawn = "test" not in set(ordered["split"])
    elif way is not None and kind == "column":
        split, how = _by_column(ordered, way, seed)
        drawn = False
    elif way is not None and kind == "fold":
        split, how = _fold(ordered, way, seed)
    else:
        by_slice = kind == "slice"
        split, how = _drawn(ordered.assign(group=ordered["path"]) if by_slice else ordered, seed)
        if by_slice:
            how = f"Split by slice, whatever their groups (seed {seed}): {SLICE_WARNING}"
    parts = SPLITS if "test" in set(split) else ("train", "val")
    if parts != SPLITS:
        how += ", without a test part"
    for part in parts:
        if part != "test" or drawn:
            _check_classes(ordered["label"], split, part)
    how += _torn_words(split, ordered["group"])
    counts = [(name, int((split == name).sum())) for name in parts]
    sizes = ", ".join(f"{count} {name} ({count / len(split):.0%})" for name, count in counts)
    return split.sort_index().set_axis(table.index), f"{how}: {sizes}."


def split_preview(table: pd.DataFrame, split: pd.Series) -> pd.DataFrame:
    """How many scans and groups of each class each part holds.

    Args:
        table: `label` and `group`, shape (n,) each.
        split: indexed as `table`.

    Returns:
        A row a part and class, in the usual order: `split`, `class`, `scans`, `groups`.
    """
    counted = (
        pd.DataFrame({"split": split, "class": table["label"], "group": table["group"]})
        .groupby(["split", "class"])["group"]
        .agg(scans="size", groups="nunique")
    )
    parts = [part for part in SPLITS if part in set(split)]
    rows = pd.MultiIndex.from_product([parts, sorted(table["label"].unique())], names=["split", "class"])
    return counted.reindex(rows, fill_value=0).reset_index()


def _given(table: pd.DataFrame, seed: int) -> tuple[pd.Series, str]:
    split = table["split"].copy()
    if (split == "").all():
        raise DatasetError("expected a split in index.csv, found none; split by group, or add a column split")
    if "train" not in set(split):
        raise DatasetError("expected scans in the split 'train', found none; correct the split in index.csv")
    for part in {"train", "val"} & set(split):
        _check_given(table["label"], split, part)
    how = "Split as the dataset gives it"
    if "val" not in set(split):
        how += _with_val(table, split, seed)
    return split, how


def _by_column(table: pd.DataFrame, way: SplitWay, seed: int) -> tuple[pd.Series, str]:
    if way.column not in table.columns:
        raise DatasetError(
            f"expected a column to split by among {', '.join(map(str, table.columns))}, found '{way.column}'"
        )
    values = table[way.column].map(as_value)
    held_out = values == way.value
    if not held_out.any():
        there = sorted(set(values) - {""})
        some = ", ".join(there[:8]) + (", ..." if len(there) > 8 else "")
        raise DatasetError(f"expected a value of '{way.column}' to leave out among {some}, found '{way.value}'")
    if held_out.all():
        raise DatasetError(f"expected other values of '{way.column}' than '{way.value}' to train on, found none")
    split = pd.Series(np.where(held_out, "test", "train"), index=table.index, name="split", dtype="str")
    for part in ("train", "test"):
        if lacking := _lacking(table["label"], split, part):
            whose = f"'{way.value}' has" if part == "test" else f"all but '{way.value}' have"
            raise DatasetError(
                f"the split '{part}' would hold no scan of '{lacking}': {whose} none in {way.column}; "
                "leave another value out, or split otherwise"
            )
    how = f"Split by {way.column}: all of '{way.value}' is test"
    return split, how + _with_val(table, split, seed)


def _drawn(table: pd.DataFrame, seed: int) -> tuple[pd.Series, str]:
    split = pd.Series("train", index=table.index, name="split", dtype="str")
    split[table.index[_one_fold(table, seed)]] = "test"
    rest = table[split == "train"]
    split[rest.index[_one_fold(rest, seed)]] = "val"
    return split, f"Split by class and {_unit(table)}, no group in two parts (seed {seed})"


def _fold(table: pd.DataFrame, way: SplitWay, seed: int) -> tuple[pd.Series, str]:
    parts = _folds(table, way.folds, seed)
    split = pd.Series("train", index=table.index, name="split", dtype="str")
    split[table.index[parts[way.fold - 1]]] = "test"
    how = f"Fold {way.fold} of {way.folds} by class and {_unit(table)} is test, no group in two parts"
    return split, how + _with_val(table, split, seed)


def _with_val(table: pd.DataFrame, split: pd.Series, seed: int) -> str:
    """Turn a fifth of `train` into `val`, in place; gives the words for it."""
    rest = table[split == "train"]
    split[rest.index[_one_fold(rest, seed)]] = "val"
    return f", with a fifth of train taken as val by {_unit(rest)} (seed {seed})"


def as_value(value: object) -> str:
    """A value of a column as people write it: 3 for 3.0, empty for none."""
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.15g}"
    return str(value)


def _unit(table: pd.DataFrame) -> str:
    """What is kept whole: the patient where every scan has one."""
    if table["group"].str.startswith("patient:").all():
        return "patient"
    return "scan" if table["group"].is_unique else "group"


def _one_fold(table: pd.DataFrame, seed: int) -> NDArray[np.intp]:
    """Row numbers of about a fifth of the table: the fold whose class shares come nearest to a fifth."""
    labels = table["label"].to_numpy(object)
    names, counts = np.unique(labels, return_counts=True)
    # With fewer scans of a class than folds scikit-learn would leave some folds without it.
    folds = min(FOLDS, int(counts.min()))
    if folds < 2:
        rare = names[counts.argmin()]
        raise DatasetError(f"cannot split: there is only 1 scan of '{rare}' left to divide; add scans of it")

    def distance(fold: NDArray[np.intp]) -> tuple[bool, float]:
        inside = np.array([(labels[fold] == name).sum() for name in names])
        lacking = bool((inside == 0).any() or (inside == counts).any())
        return lacking, float(np.abs(inside / counts - 1 / FOLDS).sum())

    return min(_folds(table, folds, seed), key=distance)


def _folds(table: pd.DataFrame, folds: int, seed: int) -> list[NDArray[np.intp]]:
    """Row numbers of each fold: they partition the rows, no group is in two, classes have about their share in each."""
    labels, groups = table["label"].to_numpy(object), table["group"].to_numpy(object)
    scarcest = int(np.unique(labels, return_counts=True)[1].min())
    if scarcest < folds or len(np.unique(groups)) < folds:
        raise DatasetError(
            f"expected at least {folds} scans of every class and {folds} groups for {folds} folds, found "
            f"{scarcest} scans of one class and {len(np.unique(groups))} groups; ask for fewer folds"
        )
    if table["group"].is_unique:
        parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(labels, labels)
    else:
        parts = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(labels, labels, groups)
    return [fold for _, fold in parts]


def _torn_words(split: pd.Series, groups: pd.Series) -> str:
    torn = torn_groups(split, groups)
    if not torn:
        return ""
    return f" ({torn} groups lie in more than one part)" if torn > 1 else " (1 group lies in two parts)"


def _check_given(labels: pd.Series, split: pd.Series, part: str) -> None:
    if lacking := _lacking(labels, split, part):
        raise DatasetError(
            f"expected scans of every class in the split '{part}', found none of '{lacking}' there; "
            "correct the split in index.csv"
        )


def _check_classes(labels: pd.Series, split: pd.Series, part: str) -> None:
    if lacking := _lacking(labels, split, part):
        raise DatasetError(
            f"the split '{part}' would hold no scan of '{lacking}', it has too few groups; "
            "add scans of other patients, group or split otherwise, or give another split in index.csv"
        )


def _lacking(labels: pd.Series, split: pd.Series, part: str) -> str:
    """The first class by name that has no scan in a part; empty where all have."""
    return min(set(labels) - set(labels[split == part]), default="")
