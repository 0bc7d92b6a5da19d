"""Cross-validated scores, and their AUC with an interval, each fold judged by itself.

Models of different folds have seen different shares of the classes, so their scores are not on one scale. Pooling
them makes an AUC too small, most of all where whole groups are held out. Here only pairs of scans within one fold are
compared; the AUC is the share of all those pairs that are ranked rightly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from core.evaluation.intervals import Estimate, WeightedStatistic, group_bootstrap, in_doubt
from core.evaluation.resampled import weighted_auc
from core.evaluation.scored import Scored

MOST_FOLDS = 5
DRAWS = 1000

Rows = NDArray[np.intp]
Fold = tuple[Rows, Rows]  # rows to learn from, rows to judge


@dataclass(frozen=True, eq=False)
class Judged:
    """What one model says about the scans held out from it: their `rows` (k,) and their `scores` (k, classes)."""

    rows: Rows
    scores: NDArray[np.float64]


def group_folds(labels: NDArray[np.int64], groups: NDArray[np.int64], *, seed: int) -> list[Fold]:
    """Up to five folds with about the same shares of the classes, no group in two; fewer where groups are few.

    Args:
        labels: class numbers, shape (n,).
        groups: group numbers, shape (n,); the scan's own number for a split by scan.
        seed: same seed, same folds.

    Returns:
        No fold at all where a class has fewer than two groups.
    """
    fewest = min(np.unique(groups[labels == label]).size for label in np.unique(labels))
    if fewest < 2:
        return []
    folds = min(MOST_FOLDS, fewest)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    found = splitter.split(np.zeros(len(labels)), labels, groups)
    # A fold that cannot teach every class would say nothing of the data.
    classes = np.unique(labels).size
    return [(train, test) for train, test in found if np.unique(labels[train]).size == classes]


def auc_of(judged: Sequence[Judged], positive: NDArray[np.bool_], column: int) -> WeightedStatistic:
    """AUC of one class against the others, as a function of scan weights (draws, n); NaN where undefined.

    Args:
        judged: of every fold, of any number of repeats.
        positive: which scans are of the class, shape (n,).
        column: of the class in the scores.
    """
    folds = []
    for fold in judged:
        truth = positive[fold.rows]
        if truth.any() and not truth.all():
            scores = fold.scores[:, column]
            ranks = np.searchsorted(np.unique(scores), scores)  # an AUC knows only the order
            folds.append((fold.rows, truth, weighted_auc(Scored.of(ranks / max(ranks.max(), 1), truth))))

    def auc(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        right, pairs = np.zeros(len(weights)), np.zeros(len(weights))
        for rows, truth, within in folds:
            drawn = weights[:, rows]  # (draws, k)
            count = (drawn * truth).sum(axis=1) * (drawn * ~truth).sum(axis=1)
            right += np.where(count > 0, np.nan_to_num(within(drawn)) * count, 0.0)
            pairs += count
        return np.divide(right, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)

    return auc


def auc_within_folds(
    judged: Sequence[Judged], positive: NDArray[np.bool_], column: int, groups: NDArray[np.int64], *, seed: int
) -> Estimate:
    """That AUC with a 95 % interval from drawing whole groups.

    Where every draw agrees, as with a faultless result, the interval is Wilson's over as many trials as the scarcer
    side has groups, as in `core.evaluation.resampled.auc_estimate`.
    """
    estimate = group_bootstrap(auc_of(judged, positive, column), groups, draws=DRAWS, seed=seed)
    return in_doubt(estimate, min(np.unique(groups[side]).size for side in (positive, ~positive)))
