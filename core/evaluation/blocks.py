"""Scans in blocks of neighbouring scores, so that thousands of resampled rankings fit into memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.draws import DRAWS, drawn_counts
from core.evaluation.scored import Scored
from core.evaluation.steps import Steps, steps_of

BLOCKS = 512
_BLOCKS_AT_AN_END = 64


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks from the lowest scores to the highest, at most some 650, the finer the nearer to the ends.

    Up to 1,024 distinct scores each has a block of its own, and nothing is lost. Beyond, scans within a block keep the
    order they have in the whole sample: what that takes from the spread of a resampled AUC is under a hundredth of it.

    Attributes:
        scores: the lowest score in each, shape (b,).
        positives: how many it holds, shape (b,).
        negatives: how many others, shape (b,).
        pairs_right: of the pairs within it, the share ranked rightly, ties half, shape (b,).
        of_scan: number of each scan's block, shape (n,).
    """

    scores: NDArray[np.float64]
    positives: NDArray[np.int64]
    negatives: NDArray[np.int64]
    pairs_right: NDArray[np.float64]
    of_scan: NDArray[np.intp]

    def drawn(
        self, scored: Scored, *, draws: int = DRAWS, seed: int = 0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Positives and others in each block of each resample of whole groups, both of shape (draws, b)."""
        size = self.scores.size
        counts = drawn_counts(self.of_scan + size * scored.labels, 2 * size, _numbers(scored), draws=draws, seed=seed)
        return counts[:, size:], counts[:, :size]


def blocks_of(scored: Scored) -> Blocks:
    """The blocks of a sample that is not empty."""
    steps = steps_of(scored)
    starts = _starts(steps)
    scores = steps.scores[starts]
    positives, negatives = np.add.reduceat(steps.positives, starts), np.add.reduceat(steps.negatives, starts)
    won = np.add.reduceat(steps.positives * (steps.negatives_to - steps.negatives / 2), starts)
    negatives_before = np.cumsum(negatives) - negatives
    pairs = positives * negatives
    within = np.divide(won - positives * negatives_before, pairs, out=np.full(pairs.shape, 0.5), where=pairs > 0)
    return Blocks(scores, positives, negatives, within, np.searchsorted(scores, scored.scores, side="right") - 1)


def _starts(steps: Steps) -> NDArray[np.intp]:
    """Where blocks begin: at equal shares of the scans, and finely where few positives lie below or others above."""
    size = steps.scores.size
    if size <= 2 * BLOCKS:
        return np.arange(size)
    scans_to = steps.positives_to + steps.negatives_to
    positives, negatives = int(steps.positives_to[-1]), int(steps.negatives_to[-1])
    edges = [
        np.searchsorted(scans_to, np.linspace(0, scans_to[-1], BLOCKS + 1)[1:-1]),
        np.searchsorted(steps.positives_to, _ranks(positives)) + 1,
        np.searchsorted(steps.negatives_to, negatives - _ranks(negatives)) + 1,
    ]
    starts = np.unique(np.concatenate([[0], *edges]))
    return starts[starts < size]


def _ranks(count: int) -> NDArray[np.float64]:
    return np.unique(np.geomspace(1, max(count, 1), _BLOCKS_AT_AN_END).round())


def _numbers(scored: Scored) -> NDArray[np.intp]:
    return np.arange(scored.n) if scored.independent else scored.group_numbers
