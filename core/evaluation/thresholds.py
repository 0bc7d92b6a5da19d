"""Where to cut: choosing a threshold by the share of positives it may miss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.special import betaincinv

from core.evaluation.confusion import counts_at, rates
from core.evaluation.intervals import Estimate, check_confidence
from core.evaluation.scored import Scored

DEFAULT_THRESHOLD = 0.5
USUAL_MAX_FPR = 0.1  # false alarms at which epochs and trials are compared by what they miss


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold, how and on which split it was chosen, and its rates there.

    Attributes:
        threshold: scans with score >= threshold are called positive.
        rule: how it was chosen: `max_fnr=0.05`, `max_fnr=0.05, confidence=0.95`, `fixed=0.3`, `default`.
        split: where it was chosen; its rates are those of this split, with 95 % intervals (Wilson).
        n: scans of that split, of which `positives` are positive.
        promise: what it promises of new scans, in a sentence; empty for a threshold somebody set.
    """

    threshold: float
    rule: str
    split: str
    fnr: Estimate
    fpr: Estimate
    n: int
    positives: int
    promise: str = ""

    def to_json(self) -> dict[str, Any]:
        """As plain values; the threshold survives the way through JSON to the last bit."""
        return asdict(self) | {"fnr": self.fnr.to_json(), "fpr": self.fpr.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OperatingPoint:
        """What `to_json` wrote.

        Raises:
            ValueError: a field is missing or not of its kind.
        """
        try:
            return cls(
                threshold=float(data["threshold"]),
                rule=str(data["rule"]),
                split=str(data["split"]),
                fnr=Estimate.from_json(data["fnr"]),
                fpr=Estimate.from_json(data["fpr"]),
                n=int(data["n"]),
                positives=int(data["positives"]),
                promise=str(data.get("promise", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"an operating point needs threshold, rule, split, fnr, fpr, n and positives: {error!r}"
            ) from None


def operating_point(
    scored: Scored, *, max_fnr: float, confidence: float | None = None, split: str = "val"
) -> OperatingPoint:
    """Highest threshold that misses at most `max_fnr` of the positive scans.

    The threshold is the score of a positive scan, not a round number near it, so it holds for
    the very scores it was chosen on. Choose it on scores as they are stored (float32 to float64
    loses nothing, the other way does).

    Args:
        scored: scores and labels of the split to choose on, which must not be `test`.
        max_fnr: tolerated share of missed positives, in [0, 1). Misses are counted whole:
            0.1 of 10 positives allows one miss, 0.1 of 9 none.
        confidence: without it the share holds on these scans. With it, in (0, 1), it is promised
            for new scans like these: the chance, over the choice of these scans, that the true FNR
            exceeds `max_fnr` is at most 1 - confidence. The promise takes scans as independent.
        split: name of the split, kept in the answer.

    With `confidence` thresholds are tried from the most lenient upwards, each with the one-sided
    upper bound on its FNR, and trying stops at the first that fails; a fixed order needs no
    correction for the number tried. Sources: bound, C. J. Clopper and E. S. Pearson, "The use of
    confidence or fiducial limits", Biometrika 26 (1934); order, A. N. Angelopoulos et al., "Learn then
    Test", 2021, arXiv:2110.01052; that a score of the sample may serve as threshold, S. S. Wilks,
    "Determination of sample sizes for setting tolerance limits", Annals of Mathematical Statistics 12 (1941).

    Raises:
        ValueError: one class is absent, max_fnr or confidence is out of range, or there are too
            few positives for the promise (the text says how many it takes).
    """
    if not 0 <= max_fnr < 1:
        raise ValueError(f"max_fnr must lie in [0, 1), found {max_fnr:g}")
    if not scored.positives or not scored.negatives:
        raise ValueError(
            "a threshold needs positive and other scans to be chosen on, "
            f"found {scored.positives} positive and {scored.negatives} others in {split}"
        )
    positives = scored.positives
    rule = f"max_fnr={max_fnr:g}"
    misses = np.arange(positives)
    if confidence is None:
        # Dividing rounds to the nearest float, as reading "0.1" does: 1/10 <= 0.1 holds, exactly.
        tolerated = misses / positives <= max_fnr
    else:
        check_confidence(confidence)
        rule += f", confidence={confidence:g}"
        tolerated = betaincinv(misses + 1, positives - misses, confidence) <= max_fnr
        if not tolerated[0]:
            raise ValueError(_too_few(positives, max_fnr, confidence, split))
    # The bound rises with the misses, so the last tolerated count is the one before the first failure.
    allowed = int(np.flatnonzero(tolerated)[-1])
    # Any threshold above the (allowed + 1)-th lowest positive misses one too many.
    threshold = float(np.sort(scored.scores[scored.labels])[allowed])
    promise = promise_words(scored, max_fnr=max_fnr, confidence=confidence, split=split)
    return replace(_point(scored, threshold, rule, split), promise=promise)


def promise_words(scored: Scored, *, max_fnr: float, confidence: float | None = None, split: str = "val") -> str:
    """In a sentence: what a threshold chosen so promises, over how many positive scans of how many groups.

    Args:
        scored, max_fnr, confidence, split: as for `operating_point`.
    """
    groups = len(set(scored.groups[scored.labels].tolist()))
    scans = f"{scored.positives} positive scan{'s' if scored.positives != 1 else ''}"
    if groups < scored.positives:
        scans += f" of {groups} group{'s' if groups != 1 else ''}"
    if confidence is None:
        return f"At most {max_fnr:.4g} are missed of the {scans} in {split}; nothing is promised of new ones."
    promise = (
        f"New scans like the {scans} in {split} have an FNR of at most {max_fnr:.4g}, at {confidence:g} confidence"
    )
    if groups < scored.positives:
        return f"{promise}; this takes scans as independent, and scans of one group are not: it promises too much."
    return f"{promise}."


def fnr_at_fpr(scored: Scored, max_fpr: float) -> float:
    """Share of the positive scans missed at the lowest threshold that calls at most `max_fpr` of the others positive.

    False alarms are counted whole, as misses are in `operating_point`. Lower is better; NaN where a class is absent.
    """
    if not 0 <= max_fpr <= 1:
        raise ValueError(f"max_fpr must lie in [0, 1], found {max_fpr:g}")
    if not scored.positives or not scored.negatives:
        return float("nan")
    return float((scored.scores[scored.labels] <= highest_cleared(scored, max_fpr)).mean())


def highest_cleared(scored: Scored, max_fpr: float) -> float:
    """The score that a threshold must exceed for at most `max_fpr` of the other scans to be called positive.

    Minus infinity where all of them may be. `scored` holds at least one of them; `max_fpr` lies in [0, 1].
    """
    others = np.sort(scored.scores[~scored.labels])[::-1]
    # Dividing rounds to the nearest float, as reading "0.1" does: 1/10 <= 0.1 holds, exactly.
    allowed = int(np.flatnonzero(np.arange(others.size + 1) / others.size <= max_fpr)[-1])
    return float(others[allowed]) if allowed < others.size else -math.inf


def fixed_point(
    scored: Scored, threshold: float = DEFAULT_THRESHOLD, *, rule: str | None = None, split: str = "val"
) -> OperatingPoint:
    """A threshold somebody set, with its rates on this split (NaN where a class is absent).

    Without a rule it is `default` for 0.5 and `fixed=...` for any other.

    Raises:
        ValueError: the threshold is not in [0, 1].
    """
    check_threshold(threshold)
    if rule is None:
        rule = "default" if threshold == DEFAULT_THRESHOLD else f"fixed={threshold:g}"
    return _point(scored, float(threshold), rule, split)


def positives_needed(max_fnr: float, confidence: float) -> int:
    """Fewest positives from which `max_fnr` can be promised at all: that many without a single miss.

    None missed of n bounds the FNR by 1 - (1 - confidence)^(1/n): 59 positives for 5 % at 95 %.

    Raises:
        ValueError: max_fnr is not within (0, 1), or confidence is not.
    """
    check_confidence(confidence)
    if not 0 < max_fnr < 1:
        raise ValueError(f"max_fnr must lie between 0 and 1 to be promised, found {max_fnr:g}")
    n = max(1, math.ceil(math.log1p(-confidence) / math.log1p(-max_fnr)) - 1)
    while betaincinv(1, n, confidence) > max_fnr:  # the logarithms' rounding, at most a step or two
        n += 1
    return n


def check_threshold(threshold: float) -> None:
    """Raise ValueError unless the threshold lies in [0, 1]."""
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must lie in [0, 1], found {threshold:g}")


def _point(scored: Scored, threshold: float, rule: str, split: str) -> OperatingPoint:
    at = rates(counts_at(scored, threshold))
    return OperatingPoint(threshold, rule, split, at.fnr, at.fpr, scored.n, scored.positives)


def _too_few(positives: int, max_fnr: float, confidence: float, split: str) -> str:
    if max_fnr == 0:
        return "no number of scans can promise that nothing is ever missed: ask for max_fnr above 0"
    return (
        f"{positives} positives in {split} cannot promise an FNR of at most {max_fnr:g} at {confidence:g} "
        f"confidence: it takes {positives_needed(max_fnr, confidence)}, or a larger max_fnr"
    )
