"""Shares of both classes called positive at thresholds, in the sample and in its resamples: sensitivity and FPR."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.evaluation.draws import DRAWS, drawn_counts, with_doubt
from core.evaluation.scored import Scored


def shares_called(
    scored: Scored, cuts: NDArray[np.float64], *, draws: int = DRAWS, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """FPR and sensitivity, in this order, at each cut: of the sample, and of resamples of whole groups.

    Where all resamples agree on a share, it is drawn with doubt (`with_doubt`), but for the threshold 0, which calls
    everybody whatever the scores.

    Args:
        scored: scans of both classes.
        cuts: thresholds, rising, shape (k,).
        draws: resamples; those without one of the classes are left out.
        seed: of the drawing.

    Returns:
        Shapes (k, 2) and (kept draws, k, 2); None for the resamples where there are fewer than two groups, or where
        fewer than half of the draws are kept.
    """
    # Cells: how many of the cuts a scan reaches, and its truth.
    cell = np.searchsorted(cuts, scored.scores, side="right") * 2 + scored.labels
    cells = 2 * (cuts.size + 1)
    own = _reaching(np.bincount(cell, minlength=cells).astype(np.float64)[None])[0]
    if scored.group_count < 2:
        return own, None
    drawn = _reaching(drawn_counts(cell, cells, scored.group_numbers, draws=draws, seed=seed))
    if len(drawn) * 2 < draws:
        return own, None
    for truth in (0, 1):
        units = scored.groups_with(scored.labels == truth)
        for cut in np.flatnonzero(cuts > 0):
            parts = np.stack([1 - drawn[:, cut, truth], drawn[:, cut, truth]], axis=1)
            drawn[:, cut, truth] = with_doubt(parts, 1, units, seed=(seed, truth + 1))[:, 1]
    return own, drawn


def _reaching(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each class that reaches each cut, shape (kept draws, k, 2), from counts by cell.

    Draws without one of the classes are left out.
    """
    by_cut = counts.reshape(len(counts), -1, 2)  # (draws, k + 1, truth)
    by_cut = by_cut[(by_cut.sum(axis=1) > 0).all(axis=1)]
    return by_cut[:, ::-1].cumsum(axis=1)[:, -2::-1] / by_cut.sum(axis=1, keepdims=True)
