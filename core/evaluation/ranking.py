"""What a split's scores are worth before anybody cuts: figures that no threshold changes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.evaluation.classified import Classified
from core.evaluation.delong import auc_delong, auc_influence, on_logit_scale
from core.evaluation.draws import DRAWS
from core.evaluation.intervals import Estimate, wilson_around
from core.evaluation.losses import brier_score, log_loss
from core.evaluation.resampled import ranking_estimates
from core.evaluation.scored import Scored


@dataclass(frozen=True)
class Ranking:
    """The figures of a split that depend on no threshold; all but the losses are better when higher.

    Attributes:
        auc: chance that a positive scores above another, with the interval of resampled groups.
        auc_delong: the same with DeLong's interval.
        average_precision: area under the precision-recall steps.
        brier: mean squared distance of score and truth.
        log_loss: mean of -log of the probability of each scan's own class, over all classes.
        averages: `macro_auc` and `micro_auc`; empty for two classes.
        class_aucs: AUC of each class against the rest with DeLong's interval, by name; empty for two classes.
    """

    auc: Estimate
    auc_delong: Estimate
    average_precision: Estimate
    brier: Estimate
    log_loss: Estimate
    averages: dict[str, Estimate]
    class_aucs: dict[str, Estimate]


def ranking_of(split: Classified, *, draws: int = DRAWS, seed: int = 0) -> Ranking:
    """Every figure with its 95 % interval; NaN where a class is absent."""
    auc, average_precision = ranking_estimates(split.scored, draws=draws, seed=seed)
    several = len(split.classes) > 2
    return Ranking(
        auc=auc,
        auc_delong=auc_delong(split.scored),
        average_precision=average_precision,
        brier=brier_score(split.scored),
        log_loss=log_loss(split.probabilities, split.truth, split.groups),
        averages={"macro_auc": macro_auc(split), "micro_auc": micro_auc(split)} if several else {},
        class_aucs={name: auc_delong(scored) for name, scored in split.by_class.items()} if several else {},
    )


def macro_auc(split: Classified, *, confidence: float = 0.95) -> Estimate:
    """Mean of the AUCs of each class against the rest, every class counting alike; classes without scans are left out.

    The interval is normal on the logit scale, as that of `auc_delong`, from how far each group moves the mean; Wilson's
    over the groups of the scarcest class where none does, or where the mean is 0 or 1. As with `auc_delong` it is NaN
    where a class has fewer than two groups with its scans, or with others: one group's AUC does not tell how far
    another's would lie from it.
    """
    counted = [scored for scored in split.by_class.values() if scored.positives and scored.negatives]
    if not counted:
        return Estimate(math.nan, math.nan, math.nan)
    moved = [auc_influence(scored) for scored in counted]
    value = float(np.mean([area for area, _ in moved]))
    fewest = min(min(scored.groups_with(scored.labels), scored.groups_with(~scored.labels)) for scored in counted)
    if fewest < 2:
        return Estimate(value, math.nan, math.nan)
    by_group = np.bincount(split.groups, weights=np.mean([influence for _, influence in moved], axis=0))
    error = math.sqrt(by_group.size / (by_group.size - 1) * float(by_group @ by_group))
    if error == 0 or not 0 < value < 1:
        return wilson_around(value, fewest, confidence)
    return on_logit_scale(value, error, confidence)


def micro_auc(split: Classified) -> Estimate:
    """AUC over all pairs of scan and class taken together, frequent classes counting more, with DeLong's interval.

    A scan's pairs belong together, so the interval is that of groups.
    """
    members = list(split.by_class.values())
    return auc_delong(
        Scored(
            np.concatenate([scored.scores for scored in members]),
            np.concatenate([scored.labels for scored in members]),
            np.concatenate([scored.groups for scored in members]),
        )
    )
