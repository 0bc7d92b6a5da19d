"""Every threshold at once: ROC, precision-recall and rates along the threshold.

The tables hold one row for each distinct score and nothing is thinned out or smoothed:
between two neighbouring scores no threshold behaves differently.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation.scored import Scored
from core.evaluation.steps import in_order, steps_of


def roc_points(scored: Scored) -> pd.DataFrame:
    """ROC curve, columns `threshold, fpr, fnr, tpr`, from nothing called positive downwards.

    The first row has threshold +inf; then one row a distinct score, falling. A rate whose
    class is absent is NaN throughout.
    """
    thresholds, tp, fp = _counts_downwards(scored)
    thresholds, tp, fp = np.r_[np.inf, thresholds], np.r_[0, tp], np.r_[0, fp]
    return pd.DataFrame(
        {
            "threshold": thresholds,
            "fpr": _share(fp, scored.negatives),
            "fnr": _share(scored.positives - tp, scored.positives),
            "tpr": _share(tp, scored.positives),
        }
    )


def precision_recall_points(scored: Scored) -> pd.DataFrame:
    """Precision-recall curve, columns `threshold, precision, recall`, one row a distinct score, falling.

    There is no row for "nothing called positive": precision has no value there.
    """
    thresholds, tp, fp = _counts_downwards(scored)
    return pd.DataFrame(
        {
            "threshold": thresholds,
            "precision": tp / (tp + fp),
            "recall": _share(tp, scored.positives),
        }
    )


def threshold_curve(scored: Scored) -> pd.DataFrame:
    """What each threshold does, rising, columns `threshold, fnr, fpr, precision, accuracy, tp, fp, fn, tn`.

    One row for each distinct score, and for 0 and 1. The counts hold from the row before
    (excluded) to the row itself (included). Shares of nothing are NaN.
    """
    n, positives, negatives = scored.n, scored.positives, scored.negatives
    scores, positive = in_order(scored, 0.0, 1.0)
    first = np.flatnonzero(np.append(True, scores[1:] != scores[:-1]))  # of the scans with one score
    # Written into two blocks without intermediate tables: for a million scans, asking the system for fresh memory
    # takes longer than the arithmetic.
    rates, counts = np.empty((5, first.size)), np.empty((4, first.size), np.int64)
    thresholds, fnr, fpr, precision, accuracy = rates
    tp, fp, fn, tn = counts
    np.take(scores, first, out=thresholds, mode="clip")
    below = first
    below[1:] -= 1  # less the 0 that was sorted in
    np.take(np.cumsum(positive, out=positive), below, out=fn, mode="clip")
    fn[0] = 0
    np.subtract(below, fn, out=tn)
    np.subtract(positives, fn, out=tp)
    np.subtract(negatives, tn, out=fp)
    with np.errstate(invalid="ignore"):  # shares of nothing are NaN
        np.divide(fn, positives, out=fnr)
        np.divide(fp, negatives, out=fpr)
        np.divide(tp, np.subtract(n, below, out=below), out=precision)
        np.divide(np.add(tp, tn, out=below), n, out=accuracy)
    return pd.DataFrame(
        {
            "threshold": thresholds,
            "fnr": fnr,
            "fpr": fpr,
            "precision": precision,
            "accuracy": accuracy,
            "tp": tp,
            "fp": fp,
            "fn": fn,
            "tn": tn,
        },
        copy=False,
    )


def roc_auc_score(scored: Scored) -> float:
    """Chance that a positive scores above a negative, ties counting half; NaN with one class absent."""
    if not scored.positives or not scored.negatives:
        return math.nan
    return steps_of(scored).area


def average_precision_score(scored: Scored) -> float:
    """Precision averaged over the steps of recall, without interpolation; NaN with one class absent.

    Source: definition as in scikit-learn, sum over thresholds of (R_k - R_{k-1}) P_k.
    """
    if not scored.positives or not scored.negatives:
        return math.nan
    points = precision_recall_points(scored)
    return float((np.diff(points["recall"], prepend=0.0) * points["precision"]).sum())


def _counts_downwards(scored: Scored) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Distinct scores falling, with found positives and false alarms at each: (k,), (k,), (k,)."""
    steps = steps_of(scored)
    found = scored.positives - (steps.positives_to - steps.positives)
    alarms = scored.negatives - (steps.negatives_to - steps.negatives)
    return steps.scores[::-1], found[::-1], alarms[::-1]


def _share(counts: NDArray[np.int64], total: int) -> NDArray[np.float64]:
    return counts / total if total else np.full(counts.shape, np.nan)
