"""Which scan is for training, which for choosing, which for the final figures."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from core.errors import DatasetError
from core.evaluation.splits import SPLITS, torn_groups

FOLDS = 5  # test is a fifth of all, val a fifth of the rest: 64/16/20 %


def assign_splits(table: pd.DataFrame, *, seed: int) -> tuple[pd.Series, str]:
    """Put every scan into `train`, `val` or `test`, and say in a sentence how that was done.

    A split that the dataset gives is taken as it is; where it has no `val`, a fifth of `train` becomes it. A
    missing `test` stays missing, and so does a class in a given `test`. Else 64/16/20 %: every class has its
    share in each part, no group is in two. The same scans and seed give the same split, in whatever order the
    rows come.

    Args:
        table: usable scans only: `path` (unique), `label`, `group`, `split`, `problem`, shape (n,) each.
        seed: at least 0.

    Returns:
        "train", "val" or "test", indexed as `table`, and the sentence.

    Raises:
        DatasetError: `train` or `val`, or a `test` that was drawn here, would lack one of the classes.
        ValueError: `table` holds rows with a problem, or a path twice.
    """
    if (table["problem"] != "").any():
        raise ValueError("expected usable scans only, got rows with a problem")
    if table["path"].duplicated().any():
        raise ValueError("expected every path once, got one twice")
    ordered = table.set_axis(range(len(table))).sort_values("path")
    parts: tuple[str, ...] = SPLITS
    if (ordered["split"] != "").any():
        split, how = _given(ordered, seed)
        if "test" not in set(split):
            parts = ("train", "val")
            how += ", without a test part"
    else:
        split, how = _drawn(ordered, seed)
    for part in parts:
        if part != "test" or "test" not in set(ordered["split"]):
            _check_classes(ordered["label"], split, part)
    counts = [(name, int((split == name).sum())) for name in parts]
    sizes = ", ".join(f"{count} {name} ({count / len(split):.0%})" for name, count in counts)
    return split.sort_index().set_axis(table.index), f"{how}: {sizes}."


def _given(table: pd.DataFrame, seed: int) -> tuple[pd.Series, str]:
    split = table["split"].copy()
    if "train" not in set(split):
        raise DatasetError("expected scans in the split 'train', found none; correct the split in index.csv")
    for part in {"train", "val"} & set(split):
        _check_given(table["label"], split, part)
    how = "Split as the dataset gives it"
    if "val" not in set(split):
        rest = table[split == "train"]
        split[rest.index[_one_fold(rest, seed)]] = "val"
        how += f", with a fifth of train taken as val by {_unit(rest)} (seed {seed})"
    torn = torn_groups(split, table["group"])
    if torn:
        how += f" ({torn} groups lie in more than one part)" if torn > 1 else " (1 group lies in two parts)"
    return split, how


def _drawn(table: pd.DataFrame, seed: int) -> tuple[pd.Series, str]:
    split = pd.Series("train", index=table.index, name="split", dtype="str")
    split[table.index[_one_fold(table, seed)]] = "test"
    rest = table[split == "train"]
    split[rest.index[_one_fold(rest, seed)]] = "val"
    return split, f"Split by class and {_unit(table)}, no group in two parts (seed {seed})"


def _unit(table: pd.DataFrame) -> str:
    """What is kept whole: the patient where every scan has one."""
    if table["group"].str.startswith("patient:").all():
        return "patient"
    return "scan" if table["group"].is_unique else "group"


def _one_fold(table: pd.DataFrame, seed: int) -> NDArray[np.intp]:
    """Row numbers of about a fifth of the table: the fold whose class shares come nearest to a fifth."""
    labels = table["label"].to_numpy(object)
    groups = table["group"].to_numpy(object)
    names, counts = np.unique(labels, return_counts=True)
    # With fewer scans of a class than folds scikit-learn would leave some folds without it.
    folds = min(FOLDS, int(counts.min()))
    if folds < 2:
        rare = names[counts.argmin()]
        raise DatasetError(f"cannot split: there is only 1 scan of '{rare}' left to divide; add scans of it")
    if table["group"].is_unique:
        parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(labels, labels)
    else:
        parts = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(labels, labels, groups)

    def distance(fold: NDArray[np.intp]) -> tuple[bool, float]:
        inside = np.array([(labels[fold] == name).sum() for name in names])
        lacking = bool((inside == 0).any() or (inside == counts).any())
        return lacking, float(np.abs(inside / counts - 1 / FOLDS).sum())

    return min((fold for _, fold in parts), key=distance)


def _check_given(labels: pd.Series, split: pd.Series, part: str) -> None:
    lacking = sorted(set(labels) - set(labels[split == part]))
    if lacking:
        raise DatasetError(
            f"expected scans of every class in the split '{part}', found none of '{lacking[0]}' there; "
            "correct the split in index.csv"
        )


def _check_classes(labels: pd.Series, split: pd.Series, part: str) -> None:
    lacking = sorted(set(labels) - set(labels[split == part]))
    if lacking:
        raise DatasetError(
            f"the split '{part}' would hold no scan of '{lacking[0]}', it has too few groups; "
            "add scans of other patients, or give another split in index.csv"
        )
