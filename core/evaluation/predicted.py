"""From probabilities to predictions, and how each class fares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.evaluation.agreement import f_betas, precisions, precisions_or_zero, recalls
from core.evaluation.confusion import class_numbers, confusion_matrix
from core.evaluation.scored import Scored, checked_groups


def predicted_labels(
    probabilities: ArrayLike, *, classes: Sequence[str], positive: str, threshold: float
) -> NDArray[np.str_]:
    """Class of each scan, shape (n,): the positive class if its probability reaches the threshold,
    else the likeliest of the others (the first of them where several are equally likely).

    With two classes that is the threshold alone. With more, the threshold still decides about the
    positive class, so the confusion matrix has the same misses and false alarms as the rates.

    Args:
        probabilities: shape (n, classes), in [0, 1].
        classes: names of the columns.
        positive: one of them.
        threshold: positive if its probability >= threshold.

    Raises:
        ValueError: shapes differ, a probability is not in [0, 1], or positive is not a class.
    """
    values = checked_probabilities(probabilities, classes)
    if positive not in classes:
        raise ValueError(f"the positive class must be among {', '.join(classes)}; found {positive!r}")
    column = list(classes).index(positive)
    return np.array(classes, dtype=np.str_)[predicted_numbers(values, column=column, threshold=threshold)]


def predicted_numbers(values: NDArray[np.float64], *, column: int, threshold: float) -> NDArray[np.intp]:
    """The same as numbers of classes, shape (n,), for checked probabilities; `column` is that of the positive class."""
    if values.shape[1] == 2:
        return np.where(values[:, column] >= threshold, column, 1 - column)
    others = values.copy()
    others[:, column] = -1.0  # below every probability: never the likeliest
    return np.where(values[:, column] >= threshold, column, others.argmax(axis=1))


def one_vs_rest(
    probabilities: ArrayLike,
    true_labels: Sequence[str] | NDArray[np.str_],
    groups: Iterable[object],
    classes: Sequence[str],
) -> dict[str, Scored]:
    """Each class in turn as the positive one, by class name.

    Raises:
        ValueError: shapes differ, a probability is not in [0, 1], or a label is not a class.
    """
    values = checked_probabilities(probabilities, classes)
    truth = class_numbers(true_labels, classes)
    names = checked_groups(groups)
    return {name: Scored(values[:, k], truth == k, names) for k, name in enumerate(classes)}


def classification_report(
    true_labels: Sequence[str] | NDArray[np.str_],
    predicted_labels: Sequence[str] | NDArray[np.str_],
    classes: Sequence[str],
) -> pd.DataFrame:
    """Columns `precision, recall, f1, support`; a row a class, then `macro average`, `weighted average`.

    Averages are over the classes that have scans; weights are their scans. A share of nothing is NaN, not 0: a class
    that is never called has no precision. In the averages it counts as 0 there (`precisions_or_zero`), as in F1. A
    class that the split does not hold has no recall and no F1.

    Raises:
        ValueError: lengths differ, or a label is not among the classes.
    """
    matrix = confusion_matrix(true_labels, predicted_labels, classes).astype(np.float64)
    support, recall, f1 = matrix.sum(axis=1), recalls(matrix), f_betas(matrix)
    table = pd.DataFrame(
        {"precision": precisions(matrix), "recall": recall, "f1": f1}, index=pd.Index(list(classes), name="class")
    )
    counted = support > 0
    averaged = np.stack([precisions_or_zero(matrix), recall, f1], axis=1)[counted]
    for name, weights in (("macro average", None), ("weighted average", support[counted])):
        table.loc[name] = np.average(averaged, axis=0, weights=weights) if counted.any() else np.nan
    table["support"] = [*support.astype(int), int(support.sum()), int(support.sum())]
    return table


def checked_probabilities(probabilities: ArrayLike, classes: Sequence[str]) -> NDArray[np.float64]:
    """A float64 copy of shape (n, classes), or a ValueError saying what is wrong."""
    if len(classes) < 2 or len(set(classes)) != len(classes):
        raise ValueError(f"there must be two or more different classes, found {', '.join(classes) or 'none'}")
    values = np.array(probabilities, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(classes):
        raise ValueError(f"probabilities must have shape (n, {len(classes)}), found shape {values.shape}")
    if not ((values >= 0) & (values <= 1)).all():  # NaN fails both
        wrong = values[~((values >= 0) & (values <= 1))][0]
        raise ValueError(f"probabilities must lie in [0, 1], found {wrong:g}")
    return values
