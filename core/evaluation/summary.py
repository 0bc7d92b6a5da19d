"""A split's whole report at one threshold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.at_threshold import SCORES, SHARES, at_threshold
from core.evaluation.classified import Classified
from core.evaluation.decision.operating_point import check_threshold
from core.evaluation.draws import DRAWS, few_groups_words
from core.evaluation.intervals import Estimate
from core.evaluation.ranking import Ranking, ranking_of

_RANKING = ("auc", "auc_delong", "average_precision", "brier", "log_loss")

METHOD_OF = {
    **dict.fromkeys(SHARES, "rates"),
    **dict.fromkeys(SCORES, "scores"),
    **dict.fromkeys(("macro_recall", "macro_precision", "macro_f1"), "scores"),
    "micro_f1": "rates",
    "auc": "auc",
    "average_precision": "auc",
    **dict.fromkeys(("auc_delong", "micro_auc"), "delong"),
    **dict.fromkeys(("brier", "log_loss"), "losses"),
    "macro_auc": "macro_auc",
}
"""Which of `Evaluation.interval_methods` made the interval of each figure."""


@dataclass(frozen=True)
class Evaluation:
    """What a model does to one split at one threshold; intervals are 95 %.

    Attributes:
        split: the split's name.
        threshold: scans with score >= threshold are called positive.
        positive: the positive class; what is not said to be over all classes is this one against the rest.
        n: scans, of which `positives` are positive, in `groups` groups.
        unit: what has a score each and is called a scan here: "scan", or "patient" or "group" where scores were joined.
        accuracy: share of scans given their own class, over all classes.
        fnr: share of positives missed.
        fpr: share of the others called positive: false alarms.
        precision: share of positive calls that are right.
        recall: share of positives found, 1 - fnr.
        specificity: share of the others cleared, 1 - fpr.
        npv: share of cleared scans that are rightly so.
        auc: chance that a positive scores above another; depends on no threshold.
        auc_delong: the same, with DeLong's interval.
        f1: harmonic mean of precision and recall.
        f2: the same with recall counting twice as much.
        balanced_accuracy: mean recall over all classes.
        mcc: Matthews' correlation of truth and prediction over all classes, in [-1, 1].
        kappa: Cohen's kappa, agreement beyond chance over all classes.
        average_precision: area under the precision-recall steps, NaN with one class absent.
        brier: mean squared distance of score and truth, lower is better.
        log_loss: mean of -log of the probability of each scan's own class, over all classes, lower is better.
        averages: macro and micro averages over the classes, by name; empty for two classes.
        by_class: recall, precision, F1 and AUC of each class against the rest; empty for two classes.
        classes: names, in the order of the confusion matrix.
        confusion: counts, row the truth, column the prediction.
        interval_methods: how the intervals were made, in words; `METHOD_OF` says which belongs to what.
    """

    split: str
    threshold: float
    positive: str
    n: int
    positives: int
    groups: int
    unit: str
    accuracy: Estimate
    fnr: Estimate
    fpr: Estimate
    precision: Estimate
    recall: Estimate
    specificity: Estimate
    npv: Estimate
    auc: Estimate
    auc_delong: Estimate
    f1: Estimate
    f2: Estimate
    balanced_accuracy: Estimate
    mcc: Estimate
    kappa: Estimate
    average_precision: Estimate
    brier: Estimate
    log_loss: Estimate
    averages: Mapping[str, Estimate]
    by_class: Mapping[str, Mapping[str, Estimate]]
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    interval_methods: Mapping[str, str]

    @property
    def counted(self) -> str:
        """What `n` counts: scans, patients or groups."""
        return f"{self.unit}s"

    def to_json(self) -> dict[str, Any]:
        """As plain values, None for NaN."""
        return {
            "split": self.split,
            "threshold": self.threshold,
            "positive": self.positive,
            "n": self.n,
            "positives": self.positives,
            "groups": self.groups,
            "counted": self.counted,
            **{name: getattr(self, name).to_json() for name in (*SHARES, *SCORES, *_RANKING)},
            "averages": {name: estimate.to_json() for name, estimate in self.averages.items()},
            "by_class": {
                name: {figure: estimate.to_json() for figure, estimate in figures.items()}
                for name, figures in self.by_class.items()
            },
            "confusion": {"classes": list(self.classes), "matrix": [list(row) for row in self.confusion]},
            "interval_methods": dict(self.interval_methods),
        }


def evaluate(
    probabilities: ArrayLike,
    true_labels: Sequence[str] | NDArray[np.str_],
    groups: Iterable[object],
    *,
    classes: tuple[str, ...],
    positive: str,
    threshold: float,
    split: str,
    draws: int = DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Everything worth knowing about a split at a threshold that was chosen elsewhere.

    Args:
        probabilities: shape (n, classes), in [0, 1].
        true_labels: class of each scan, shape (n,).
        groups: group of each scan, shape (n,).
        classes: names of the columns.
        positive: the class whose miss hurts.
        threshold: in [0, 1]; what is called positive, and what else: `predicted_labels`.
        split: the split's name.
        draws: resamples for the intervals that are made so.
        seed: of the resampling.

    Raises:
        ValueError: the split is empty, shapes differ, a probability is not in [0, 1], a label or
            the positive class is not among the classes, or the threshold is out of range.
    """
    check_threshold(threshold)
    classified = Classified.of(probabilities, true_labels, groups, classes=classes, positive=positive)
    return evaluation_at(classified, threshold, split=split, draws=draws, seed=seed)


def evaluation_at(
    classified: Classified,
    threshold: float,
    *,
    split: str,
    ranking: Ranking | None = None,
    unit: str = "scan",
    draws: int = DRAWS,
    seed: int = 0,
) -> Evaluation:
    """The same for scans that were checked before; `ranking` is theirs, where it was made before, `unit` what they are.

    Raises:
        ValueError: the split is empty, or the threshold is out of range.
    """
    check_threshold(threshold)
    scored = classified.scored
    if not scored.n:
        raise ValueError(f"nothing to evaluate: the split {split} has no scans")
    ranking = ranking or ranking_of(classified, draws=draws, seed=seed)
    cut = at_threshold(classified, threshold, draws=draws, seed=seed)
    return Evaluation(
        split=split,
        threshold=float(threshold),
        positive=classified.positive,
        n=scored.n,
        positives=scored.positives,
        groups=scored.group_count,
        unit=unit,
        **cut.figures,
        **{name: getattr(ranking, name) for name in _RANKING},
        averages=ranking.averages | cut.averages | ({"micro_f1": cut.figures["accuracy"]} if cut.averages else {}),
        by_class={name: figures | {"auc": ranking.class_aucs[name]} for name, figures in cut.by_class.items()},
        classes=classified.classes,
        confusion=tuple(tuple(int(count) for count in row) for row in cut.matrix),
        interval_methods=_interval_methods(classified, unit, draws, seed),
    )


def _interval_methods(classified: Classified, unit: str, draws: int, seed: int) -> dict[str, str]:
    scored = classified.scored
    n, groups, alone = scored.n, scored.group_count, scored.independent
    few = few_groups_words(scored, unit)
    counted = f"{n} {unit}s"
    narrow = f"; {few}" if few else ""
    scarcest = few  # of two classes, which have no macro AUC, it is told already
    if len(classified.classes) > 2:
        there = [of for of in classified.by_class.values() if of.positives]
        scarcest = few_groups_words(min(there, key=lambda of: of.groups_worth(of.labels)), unit)
    drawn = f"single {unit}s ({counted}" if alone else f"whole groups ({groups} groups of {counted}"
    resampled = f"95 % percentile interval of {draws} resamples of {drawn}, seed {seed})"
    trials = f"{unit}s" if alone else "groups"
    return {
        "rates": f"95 % Wilson score interval over {counted}, independent of each other as far as is known"
        if alone
        else f"{resampled}; Wilson over groups where all resamples agree{narrow}",
        "scores": f"{resampled}; a class on whose recall all resamples agree is drawn by Jeffreys' prior over its "
        f"{trials}{narrow if not alone else ''}",
        "auc": f"{resampled}; Wilson over {trials} where all resamples agree{narrow}",
        "delong": "95 % interval by DeLong's method on the logit scale"
        + ("" if alone else f", with {groups} groups as units (Obuchowski)")
        + narrow,
        "macro_auc": f"95 % interval from how far each of the {trials} moves it, on the logit scale"
        + (f"; {scarcest}" if scarcest else ""),
        "losses": f"95 % Student's interval of a mean over {counted}"
        + ("" if alone else f", with {groups} groups as units")
        + f"; where all {unit}s are off by as much, Brier's is Wilson's over {trials}",
    }
