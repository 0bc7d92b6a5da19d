"""Every figure at a threshold with its interval: Wilson's where scans are independent, else from resampled groups."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.evaluation.agreement import AVERAGES, Matrices, Share, Values, scores_of, share, shares_of
from core.evaluation.classified import Classified
from core.evaluation.confusion import Rates, counts_at, rates
from core.evaluation.draws import DRAWS, drawn_counts, percentile_estimate, with_doubt
from core.evaluation.intervals import Estimate, in_doubt, wilson_interval
from core.evaluation.scored import Scored

SHARES = ("fnr", "fpr", "recall", "specificity", "precision", "npv", "accuracy")
SCORES = ("balanced_accuracy", "f1", "f2", "mcc", "kappa")


@dataclass(frozen=True, eq=False)
class AtThreshold:
    """What a threshold does to a split.

    Attributes:
        matrix: counts, shape (classes, classes), row the truth, column the prediction.
        figures: `SHARES` and `SCORES` by name.
        averages: of precision, recall and F1 over the classes; empty for two classes.
        by_class: recall, precision and F1 of each class against the rest, by its name; empty for two classes.
    """

    matrix: NDArray[np.int64]
    figures: dict[str, Estimate]
    averages: dict[str, Estimate]
    by_class: dict[str, dict[str, Estimate]]


def at_threshold(split: Classified, threshold: float, *, draws: int = DRAWS, seed: int = 0) -> AtThreshold:
    """Count once, resample the counts once, and read every figure off.

    The positive class's shares are those of `rates_at`, to the last bit, so that every page says the same.
    Where all resamples agree, the percentile interval would claim certainty. There the interval of a share is
    Wilson's, with the groups it is counted in as trials, and there is none where that is a single one; scores are drawn
    with doubt about every class on whose recall all agree (`with_doubt`).
    """
    names, size = split.classes, len(split.classes)
    counted = _Counted(split.cells_at(threshold), size, split.groups, draws, seed)
    figures = {name: counted.share(share) for name, share in shares_of(size, split.column).items()}
    figures |= {name: counted.score(score) for name, score in scores_of(split.column).items()}
    one_class = rates_at(split.scored, threshold, draws=draws, seed=seed)
    figures |= {name: getattr(one_class, name) for name in SHARES if name != "accuracy" or size == 2}
    if size == 2:
        return AtThreshold(counted.matrix, figures, {}, {})
    averages = {name: counted.score(score) for name, score in AVERAGES.items()}
    by_class = {}
    for number, name in enumerate(names):
        shares = shares_of(size, number)
        by_class[name] = {"recall": counted.share(shares["recall"]), "precision": counted.share(shares["precision"])}
        by_class[name]["f1"] = counted.score(scores_of(number)["f1"])
    by_class[split.positive] |= {name: figures[name] for name in ("recall", "precision")}
    return AtThreshold(counted.matrix, figures, averages, by_class)


def rates_at(scored: Scored, threshold: float, *, draws: int = DRAWS, seed: int = 0) -> Rates:
    """All rates of one class against the rest: as `rates` where scans are independent, else from resampled groups.

    Raises:
        ValueError: the threshold is NaN.
    """
    counts = counts_at(scored, threshold)
    if scored.independent:
        return rates(counts)
    cells = 2 * scored.labels + (scored.scores >= threshold)
    counted = _Counted(cells.astype(np.intp), 2, scored.group_numbers, draws, seed)
    found = {name: counted.share(share) for name, share in shares_of(2, 1).items()}
    return Rates(sensitivity=found.pop("recall"), ppv=found.pop("precision"), **found)


class _Counted:
    """A split's counts at a threshold with their resamples."""

    def __init__(self, cells: NDArray[np.intp], size: int, groups: NDArray[np.intp], draws: int, seed: int) -> None:
        self.cells, self.groups, self.seed = cells, groups, seed
        self.matrix = np.bincount(cells, minlength=size * size).reshape(size, size).astype(np.int64)
        self.drawn = drawn_counts(cells, size * size, groups, draws=draws, seed=seed).reshape(draws, size, size)
        self.group_count = int(groups.max()) + 1 if groups.size else 0
        self.independent = self.group_count == groups.size

    def share(self, share: Share) -> Estimate:
        if self.independent:
            return wilson_interval(int(self.matrix[share.counted].sum()), int(self.matrix[share.among].sum()))
        estimate, groups = self._estimate(share.of, self.drawn), self._groups_in(share.among)
        # One group does not tell how far another would lie from it.
        return in_doubt(estimate, groups) if groups > 1 else Estimate(estimate.value, math.nan, math.nan)

    def score(self, score: Callable[[Matrices], Values]) -> Estimate:
        return self._estimate(score, self._in_doubt)

    def _estimate(self, figure: Callable[[Matrices], Values], drawn: Matrices) -> Estimate:
        value = float(figure(self.matrix[None].astype(np.float64))[0])
        if self.group_count < 2:
            return Estimate(value, math.nan, math.nan)
        return percentile_estimate(value, figure(drawn))

    @cached_property
    def _in_doubt(self) -> Matrices:
        """The resamples, with doubt about each class whose recall is the same in all of them."""
        rows = []
        for number in range(len(self.matrix)):
            truth = np.zeros(self.matrix.shape, dtype=bool)
            truth[number] = True
            scans = self.drawn[:, number].sum(axis=1, keepdims=True)
            parts = with_doubt(
                share(self.drawn[:, number], scans), number, self._groups_in(truth), seed=(self.seed, number + 1)
            )
            rows.append(np.nan_to_num(parts) * scans)
        return np.stack(rows, axis=1)

    def _groups_in(self, among: NDArray[np.bool_]) -> int:
        chosen = self.groups[among.ravel()[self.cells]]
        return int(np.count_nonzero(np.bincount(chosen))) if chosen.size else 0
