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
from core.evaluation.steps import steps_of

_BLOCK = 16_384  # rows: their counts take half a MiB


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
    """What each threshold does, rising, columns `threshold, fnr, fpr, precision, accuracy`.

    One row for each distinct score, and for 0 and 1. The rates hold from the row before (excluded) to the row itself
    (included); `threshold_counts` gives the scans behind them. Shares of nothing are NaN.
    """
    positives, negatives = scored.positives, scored.negatives
    steps = steps_of(scored, 0.0, 1.0)
    rows = steps.scores.size
    # Rates are written where they stay, and counts live in a block that the processor's cache holds: for a million
    # scans, asking the system for memory and filling it takes longer than the arithmetic.
    rates, counts = np.empty((4, rows)), np.zeros((4, min(_BLOCK, rows)))
    for start in range(0, rows, _BLOCK):
        fnr, fpr, precision, accuracy = rates[:, start : start + _BLOCK]
        tp, fp, fn, tn = counts[:, : fnr.size]
        first = int(start == 0)  # nothing lies below 0: its row keeps the zeros
        below = slice(start + first - 1, start + fnr.size - 1)
        fn[first:] = steps.positives_to[below]
        tn[first:] = steps.negatives_to[below]
        tn[first:] -= 1  # less the 0 that was sorted in
        np.subtract(positives, fn, out=tp)
        np.subtract(negatives, tn, out=fp)
        with np.errstate(invalid="ignore"):  # shares of nothing are NaN
            np.divide(fn, positives, out=fnr)
            np.divide(fp, negatives, out=fpr)
            np.divide(tp, np.add(tp, fp, out=fp), out=precision)
            np.divide(np.add(tp, tn, out=tn), scored.n, out=accuracy)
    columns = dict(zip(("fnr", "fpr", "precision", "accuracy"), rates, strict=True))
    return pd.DataFrame({"threshold": steps.scores, **columns}, copy=False)


def threshold_counts(scored: Scored) -> pd.DataFrame:
    """The scans behind `threshold_curve`, row by row, columns `threshold, tp, fp, fn, tn`."""
    steps = steps_of(scored, 0.0, 1.0)
    fn = np.append(0, steps.positives_to[:-1])
    tn = np.append(0, steps.negatives_to[:-1] - 1)  # less the 0 that was sorted in
    counts = {"tp": scored.positives - fn, "fp": scored.negatives - tn, "fn": fn, "tn": tn}
    return pd.DataFrame({"threshold": steps.scores, **counts})


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
