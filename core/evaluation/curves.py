"""Every threshold at once: ROC, precision-recall and rates along the threshold.

The tables hold one row for each distinct score and nothing is thinned out or smoothed:
between two neighbouring scores no threshold behaves differently.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation.resampled import weighted_auc
from core.evaluation.scored import Scored


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
    thresholds = np.unique(np.r_[0.0, scored.scores, 1.0])
    fn = np.searchsorted(np.sort(scored.scores[scored.labels]), thresholds, side="left")
    tn = np.searchsorted(np.sort(scored.scores[~scored.labels]), thresholds, side="left")
    tp, fp = scored.positives - fn, scored.negatives - tn
    called = tp + fp
    precision = np.divide(tp, called, out=np.full(called.shape, np.nan), where=called > 0)
    return pd.DataFrame(
        {
            "threshold": thresholds,
            "fnr": _share(fn, scored.positives),
            "fpr": _share(fp, scored.negatives),
            "precision": precision,
            "accuracy": _share(tp + tn, scored.n),
            "tp": tp,
            "fp": fp,
            "fn": fn,
            "tn": tn,
        }
    )


def roc_auc_score(scored: Scored) -> float:
    """Chance that a positive scores above a negative, ties counting half; NaN with one class absent."""
    if not scored.n:
        return math.nan
    return float(weighted_auc(scored)(np.ones((1, scored.n)))[0])


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
    distinct, position = np.unique(scored.scores, return_inverse=True)
    positives = np.bincount(position[scored.labels], minlength=distinct.size)
    negatives = np.bincount(position[~scored.labels], minlength=distinct.size)
    return distinct[::-1], np.cumsum(positives[::-1]), np.cumsum(negatives[::-1])


def _share(counts: NDArray[np.int64], total: int) -> NDArray[np.float64]:
    return counts / total if total else np.full(counts.shape, np.nan)
