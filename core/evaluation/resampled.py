"""AUC and average precision with intervals from resampling whole groups."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.evaluation.agreement import share
from core.evaluation.blocks import Blocks, blocks_of
from core.evaluation.curves import average_precision_score, roc_auc_score
from core.evaluation.draws import DRAWS, percentile_estimate
from core.evaluation.intervals import Estimate, WeightedStatistic, check_confidence, in_doubt
from core.evaluation.scored import Scored

_NOTHING = Estimate(math.nan, math.nan, math.nan)


def auc_estimate(scored: Scored, *, draws: int = DRAWS, seed: int = 0, confidence: float = 0.95) -> Estimate:
    """Area under the ROC curve with a group-bootstrap interval; NaN with one class absent.

    A faultless result resamples to nothing but faultless results, and the bootstrap's interval
    shrinks to a point that claims certainty. There the interval is Wilson's, taken over as many
    trials as the scarcer class has groups: the variance of an AUC of a is at most
    a(1-a)/min(positives, negatives). Source of the bound: Z. W. Birnbaum and O. M. Klose, "Bounds for
    the variance of the Mann-Whitney statistic", Annals of Mathematical Statistics 28 (1957), 933-945.

    The interval is NaN where a class has fewer than two groups (resamples know only one of its like), or where fewer
    than half of the resamples hold both classes. With few it is too narrow (`few_groups_words`).

    Raises:
        ValueError: draws is not positive, or confidence not within (0, 1).
    """
    return ranking_estimates(scored, draws=draws, seed=seed, confidence=confidence)[0]


def ranking_estimates(
    scored: Scored, *, draws: int = DRAWS, seed: int = 0, confidence: float = 0.95
) -> tuple[Estimate, Estimate]:
    """AUC and average precision from the same resamples, both as `auc_estimate` makes them."""
    check_confidence(confidence)
    if draws < 1:
        raise ValueError(f"draws must be at least 1, found {draws}")
    if not scored.positives or not scored.negatives:
        return _NOTHING, _NOTHING
    blocks = blocks_of(scored)
    area, precision = roc_auc_score(scored), average_precision_score(scored)
    units = min(scored.groups_with(scored.labels), scored.groups_with(~scored.labels))
    if units < 2:
        return Estimate(area, math.nan, math.nan), Estimate(precision, math.nan, math.nan)
    positives, negatives = blocks.drawn(scored, draws=draws, seed=seed)
    # Within blocks of several scores precision is told a little wrong, in the sample as in its resamples.
    in_sample = (counts[None].astype(np.float64) for counts in (blocks.positives, blocks.negatives))
    shift = precision - _average_precisions(*in_sample)[0]
    aucs = _aucs(blocks, positives, negatives)
    precisions = np.clip(_average_precisions(positives, negatives) + shift, 0, 1)
    of_area = percentile_estimate(area, aucs, confidence=confidence)
    of_precision = percentile_estimate(precision, precisions, confidence=confidence)
    return in_doubt(of_area, units, confidence), in_doubt(of_precision, units, confidence)


def weighted_auc(scored: Scored) -> WeightedStatistic:
    """AUC as a function of scan weights (draws, n): share of pairs ranked rightly, ties half."""
    order = np.argsort(scored.scores, kind="stable")
    ranked = scored.scores[order]
    tie_starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]) if scored.n else np.array([], int)
    is_positive = scored.labels[order]

    def auc(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        sorted_weights = weights[:, order]  # (draws, n)
        positives = np.add.reduceat(sorted_weights * is_positive, tie_starts, axis=1)  # (draws, distinct)
        negatives = np.add.reduceat(sorted_weights * ~is_positive, tie_starts, axis=1)
        negatives_below = np.cumsum(negatives, axis=1) - negatives
        pairs_right = (positives * (negatives_below + negatives / 2)).sum(axis=1)
        return share(pairs_right, positives.sum(axis=1) * negatives.sum(axis=1))

    return auc


def _aucs(blocks: Blocks, positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> NDArray[np.float64]:
    """AUC of each resample, shape (draws,), from its counts by block, shape (draws, b)."""
    below = np.cumsum(negatives, axis=1)
    below -= negatives * (1 - blocks.pairs_right)
    return share(np.einsum("db,db->d", positives, below), positives.sum(axis=1) * negatives.sum(axis=1))


def _average_precisions(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average precision of each resample, a step a block; NaN where a class is absent."""
    total, others = positives.sum(axis=1), negatives.sum(axis=1)
    found = np.cumsum(positives[:, ::-1], axis=1)
    called = found + np.cumsum(negatives[:, ::-1], axis=1)
    precision = np.divide(found, called, out=np.zeros(found.shape), where=called > 0)
    areas = np.einsum("db,db->d", positives[:, ::-1], precision)
    return np.where(others > 0, share(areas, total), np.nan)
