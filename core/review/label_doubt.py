"""Which labels are probably wrong: where networks that did not learn from a scan are sure that it is something else.

Confident learning (Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR
2021): a scan is suspected where some other class is at least as probable as that class usually is on scans that carry
its label. Only scores from outside the training count: a network that has seen a wrong label has learnt it by heart.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data.split_ways import split_way
from core.evaluation.confusion import class_numbers
from core.results import split_results, splits_of
from core.runs import Run, list_runs, read_predictions

COLUMNS = ("path", "label", "doubt", "suspected", "looks_like", "from_split", "by_run", "n_folds")
_OUTSIDE = ("test", "val")


@dataclass(frozen=True, eq=False)
class Doubts:
    """How much each label is doubted.

    Attributes:
        doubt: shape (n,), in [0, 1]; the higher, the likelier wrong.
        suspected: shape (n,), whether another class is as probable as it usually is where it is the label.
        looks_like: number of the class that it looks like instead, shape (n,).
    """

    doubt: NDArray[np.float64]
    suspected: NDArray[np.bool_]
    looks_like: NDArray[np.int64]


def doubts_of(probabilities: NDArray[np.floating], labels: NDArray[np.int64]) -> Doubts:
    """Doubts about the labels of scans that were all scored by one network, from outside its training.

    Args:
        probabilities: shape (n, classes), in [0, 1], at least two classes.
        labels: number of each scan's class, shape (n,).

    The doubt is the normalised margin, (1 - p(label) + highest p(another class)) / 2. A class's usual probability is
    its mean over the scans labelled so; a class without any suspects nothing.
    """
    rows = np.arange(len(labels))
    own = probabilities[rows, labels]
    others = np.array(probabilities, np.float64)
    others[rows, labels] = -np.inf
    looks_like = others.argmax(axis=1)
    doubt = (1 - own + others[rows, looks_like]) / 2
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    usual = np.full(probabilities.shape[1], np.inf)
    usual[counts > 0] = np.bincount(labels, own, len(counts))[counts > 0] / counts[counts > 0]
    confident = np.where(others >= usual, others, -np.inf)
    suspected = confident.max(axis=1) > own
    looks_like = np.where(suspected, confident.argmax(axis=1), looks_like)
    return Doubts(np.clip(doubt, 0, 1), suspected, looks_like)


def label_doubts(run: Run) -> pd.DataFrame:
    """Every scan of a run with the doubt about its label, in the order of its predictions.

    Columns: path, label, doubt (in [0, 1]; NaN for a scan that no network scored from outside its training), suspected,
    looks_like (a class, or empty), from_split (val or test of the run that scored it, or empty), by_run (its id) and
    n_folds (how many runs of a k-fold split the scores are from; 0: this run alone).

    Of a k-fold split every scan is judged by the run in which it was test; scans of folds that nobody trained yet, and
    all scans without such runs, by this run where they are its test or validation scans.

    Raises:
        RequestError: the run is not finished.
        RunDamagedError: predictions or a calibration cannot be read.
    """
    folds = fold_runs(run)
    table = read_predictions(run)[["path", "label"]].reset_index(drop=True)
    row_of = dict(zip(table["path"].tolist(), range(len(table)), strict=True))
    table["doubt"], table["suspected"], table["n_folds"] = np.nan, False, len(folds)
    for column in ("looks_like", "from_split", "by_run"):
        table[column] = pd.Series("", index=table.index, dtype=object)
    judged = np.zeros(len(table), bool)
    for judge, splits in [*((fold, ("test",)) for fold in folds), (run, _OUTSIDE)]:
        found = _judged_by(judge)
        rows = np.array([row_of.get(path, -1) for path in found["path"].tolist()], np.int64)
        new = (rows >= 0) & ~judged[rows] & found["from_split"].isin(splits).to_numpy()
        for column in ("doubt", "suspected", "looks_like", "from_split"):
            table.loc[rows[new], column] = found.loc[new, column].to_numpy()
        table.loc[rows[new], "by_run"] = judge.id
        judged[rows[new]] = True
    return table[list(COLUMNS)]


def ranked(doubts: pd.DataFrame) -> pd.DataFrame:
    """The judged scans, the most doubtful first, ties by path."""
    known = doubts[doubts["doubt"].notna()]
    return known.sort_values(["doubt", "path"], ascending=[False, True], kind="stable").reset_index(drop=True)


def fold_runs(run: Run) -> tuple[Run, ...]:
    """The finished runs beside a run that are its folds: one a fold of one k-fold split of the same data, by fold.

    A run that is a fold itself is taken with the other folds of its own split, trained with its own settings. For
    another run they must be complete, of its classes; of several such sets the one begun last is taken.
    """
    sets: dict[str, dict[int, Run]] = defaultdict(dict)
    for other in reversed(list_runs(run.folder.parent)[0]):  # the oldest first: later ones take their place
        other = run if other.folder == run.folder else other
        way = split_way(str(other.record.config.get("split_by", "")))
        if way.kind == "fold" and other.has_results and _is_about_the_same(run, other):
            sets[_settings(other)][way.fold] = other
    way = split_way(str(run.record.config.get("split_by", "")))
    if way.kind == "fold":
        own = {**sets[_settings(run)], way.fold: run}
        return tuple(own[fold] for fold in sorted(own)) if len(own) > 1 else ()
    complete = [found for found in sets.values() if len(found) == _folds_of(next(iter(found.values())))]
    if not complete:
        return ()
    latest = max(complete, key=lambda found: max(other.record.created for other in found.values()))
    return tuple(latest[fold] for fold in sorted(latest))


def words(doubts: pd.DataFrame) -> str:
    """How the doubts were found, and about how many scans, for people."""
    known = int(doubts["doubt"].notna().sum())
    left = len(doubts) - known
    folds = int(doubts["n_folds"].max()) if len(doubts) else 0
    by = (
        f"by {folds} runs of a k-fold split, each on the fold that it did not learn from"
        if folds
        else "by this run, on the validation and test scans that it did not learn from"
    )
    rest = (
        f" {left:,} others have no score from outside the training and are not ranked"
        f"{'' if folds else '; train with split_by=fold:1/5 to fold:5/5 to judge them too'}."
        if left
        else ""
    )
    return (
        f"{known:,} of {len(doubts):,} labels were judged, {by}; {int(doubts['suspected'].sum()):,} are suspected, "
        f"as another class is at least as probable as it usually is where it is the label.{rest}"
    )


def _judged_by(run: Run) -> pd.DataFrame:
    """The scans that a run did not learn from, with its doubts; what is usual is taken from all of them together."""
    splits = [split for split in _OUTSIDE if split in splits_of(run)] or list(_OUTSIDE)
    results = [split_results(run, split) for split in splits]  # says what is wrong where there are none
    table = pd.concat([one.table for one in results], ignore_index=True)
    classes = results[0].classes
    found = doubts_of(table[list(classes)].to_numpy(np.float64), class_numbers(table["label"].to_numpy(str), classes))
    return pd.DataFrame(
        {
            "path": table["path"],
            "doubt": found.doubt,
            "suspected": found.suspected,
            "looks_like": np.array(classes, object)[found.looks_like],
            "from_split": table["split"].astype(object),
        }
    )


def _is_about_the_same(run: Run, other: Run) -> bool:
    one, two = run.record, other.record
    same_data = one.data_fingerprint != "" and one.data_fingerprint == two.data_fingerprint
    return same_data and set(one.classes) == set(two.classes) and one.config.get("join") == two.config.get("join")


def _settings(run: Run) -> str:
    """All settings of a run but which fold is test, as a text to compare."""
    config = {name: value for name, value in run.record.config.items() if name != "split_by"}
    return f"{_folds_of(run)} {sorted(config.items(), key=str)!r}"


def _folds_of(run: Run) -> int:
    return split_way(str(run.record.config.get("split_by", ""))).folds
