"""Budgets counted in whole scans: how far a threshold may go before it misses or alarms too many.

All of it lives on the split given: what holds for new scans is in `core.evaluation.decision.guarantee`.
"""

from __future__ import annotations

import math

import numpy as np

from core.evaluation.scored import Scored

USUAL_MAX_FPR = 0.1  # false alarms at which epochs and trials are compared by what they miss


def allowed_events(total: int, budget: float) -> int:
    """The largest count whose share of `total` is within the budget: 0.1 of 10 allows one, 0.1 of 9 none."""
    # Dividing rounds to the nearest float, as reading "0.1" does: 1/10 <= 0.1 holds, exactly.
    return int(np.flatnonzero(np.arange(total + 1) / total <= budget)[-1])


def highest_with_misses(scored: Scored, max_fnr: float) -> float:
    """The highest threshold that misses at most `max_fnr`, in [0, 1), of the positives: the score of one of them."""
    # Any threshold above the (allowed + 1)-th lowest positive misses one too many.
    return float(np.sort(scored.scores[scored.labels])[allowed_events(scored.positives, max_fnr)])


def lowest_with_alarms(scored: Scored, max_fpr: float) -> float:
    """The lowest threshold that alarms at most `max_fpr` of the others: the score of a scan, if one is high enough.

    Where every scan scores too low it lies just above them all, and nothing is called positive.

    Raises:
        ValueError: more of the others than that have the score 1, which every threshold in [0, 1] calls positive.
    """
    return lowest_above(scored, highest_cleared(scored, max_fpr))


def lowest_above(scored: Scored, cleared: float) -> float:
    """The lowest score of a scan above `cleared`; where there is none, the next number after it.

    Raises:
        ValueError: that is not in [0, 1].
    """
    above = scored.scores[scored.scores > cleared]
    threshold = float(above.min()) if above.size else math.nextafter(cleared, math.inf)
    if threshold > 1:
        raise ValueError("more of the others have the score 1 than may be alarmed: every threshold calls them positive")
    return threshold


def fnr_at_fpr(scored: Scored, max_fpr: float) -> float:
    """Share of the positive scans missed at the lowest threshold that calls at most `max_fpr` of the others positive.

    Lower is better; NaN where a class is absent.
    """
    if not 0 <= max_fpr <= 1:
        raise ValueError(f"max_fpr must lie in [0, 1], found {max_fpr:g}")
    if not scored.positives or not scored.negatives:
        return math.nan
    return float((scored.scores[scored.labels] <= highest_cleared(scored, max_fpr)).mean())


def highest_cleared(scored: Scored, max_fpr: float) -> float:
    """The score that a threshold must exceed for at most `max_fpr` of the other scans to be called positive.

    Minus infinity where all of them may be. `scored` holds at least one of them; `max_fpr` lies in [0, 1].
    """
    others = np.sort(scored.scores[~scored.labels])[::-1]
    allowed = allowed_events(others.size, max_fpr)
    return float(others[allowed]) if allowed < others.size else -math.inf
