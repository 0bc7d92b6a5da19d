"""The distinct scores of a split with the scans at each, from one sort: what all curves and ranks are read from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.scored import Scored


@dataclass(frozen=True, eq=False)
class Steps:
    """Distinct scores, rising, and how many scans lie up to each (itself included).

    Attributes:
        scores: shape (k,), float64.
        positives_to: positives with at most this score, shape (k,).
        negatives_to: the others likewise, shape (k,).
    """

    scores: NDArray[np.float64]
    positives_to: NDArray[np.int64]
    negatives_to: NDArray[np.int64]

    @property
    def positives(self) -> NDArray[np.int64]:
        """Positives with exactly this score, shape (k,)."""
        return np.diff(self.positives_to, prepend=0)

    @property
    def negatives(self) -> NDArray[np.int64]:
        """The others with exactly this score, shape (k,)."""
        return np.diff(self.negatives_to, prepend=0)

    @property
    def area(self) -> float:
        """Chance that a positive scores above another, ties counting half; both classes must be there."""
        won = float((self.positives * (self.negatives_to - self.negatives / 2)).sum())
        return won / int(self.positives_to[-1]) / int(self.negatives_to[-1])


def steps_of(scored: Scored, *further: float) -> Steps:
    """The steps of a sample, from one sort; `further` scores in [0, 1] are steps too and count as negative."""
    scores, positive = _in_order(scored, *further)
    positives_to = np.cumsum(positive, out=positive)
    negatives_to = np.arange(1, scores.size + 1)
    negatives_to -= positives_to
    differs = scores[1:] != scores[:-1]
    if differs.all():
        return Steps(scores, positives_to, negatives_to)
    last = np.append(differs, True)  # of the scans with one score
    return Steps(scores[last], positives_to[last], negatives_to[last])


def _in_order(scored: Scored, *further: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Scores, rising, and the truth of each as 0 or 1; `further` scores in [0, 1] are sorted in and count as negative.

    Score and truth travel in one number, so no second pass has to look the truth up. The bits of floats in [0, 1] stand
    in the order of the floats and leave the highest two free: shifted by one, with the truth as the lowest bit, they
    are the bits of some finite float, and floats are what is sorted fastest.
    """
    n = scored.n
    both = np.empty((2, n + len(further)))  # one block: fresh memory is dearer than the arithmetic
    scores, positive = both[0], both[1].view(np.int64)
    np.add(scored.scores, 0.0, out=scores[:n])  # makes 0.0 of -0.0, which has the highest bit set
    scores[n:] = further
    bits = scores.view(np.uint64)
    bits <<= np.uint64(1)
    bits[:n] |= scored.labels
    scores.sort()
    np.bitwise_and(bits, np.uint64(1), out=positive.view(np.uint64))
    bits >>= np.uint64(1)
    return scores, positive
