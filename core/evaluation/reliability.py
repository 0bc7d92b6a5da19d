"""Do scores mean what they say: of scans scored 0.3, are three in ten positive?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation.draws import DRAWS
from core.evaluation.intervals import Estimate, none_if_nan
from core.evaluation.scored import Scored
from core.evaluation.shares import share_estimate

Binning = Literal["equal count", "equal width"]
BINNINGS: tuple[Binning, ...] = ("equal count", "equal width")
BINS = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """Scans of like scores, and how many of them are positive.

    Attributes:
        low: lower edge of the bin; a score on an edge belongs to the bin below it.
        high: upper edge.
        n: scans, of which `positives` are positive.
        mean_score: the mean of their scores: the share of positives that they promise.
        share: the share of positives there is, with its 95 % interval.
    """

    low: float
    high: float
    n: int
    positives: int
    mean_score: float
    share: Estimate


@dataclass(frozen=True)
class BrierParts:
    """The Brier score in parts: `brier = reliability - resolution + uncertainty + within`, exactly.

    Attributes:
        brier: mean squared distance of score and truth, in [0, 1], lower is better.
        reliability: of each bin's mean score from its share of positives; 0 is best.
        resolution: of each bin's share of positives from the overall one; higher is better.
        uncertainty: what knowing nothing but the overall share would cost; no model changes it.
        within: what is left because the scores within a bin differ.

    Sources: A. H. Murphy, "A new vector partition of the probability score", Journal of Applied Meteorology 12 (1973),
    595-600; the remainder, D. B. Stephenson, C. A. S. Coelho, I. T. Jolliffe, "Two extra components in the Brier score
    decomposition", Weather and Forecasting 23 (2008), 752-757.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


@dataclass(frozen=True)
class Calibration:
    """How well scores keep their word on one split.

    Attributes:
        binning: how the bins were cut: as many scans in each, or as wide each.
        bins: from low scores to high ones, none without scans; their shares have intervals.
        ece: expected calibration error, the mean distance of a scan's bin's mean score from its share of positives;
            it depends on the binning.
        brier: the Brier score and its parts, by the same bins.
        n: scans, of which `positives` are positive.
        method: how the intervals of the bins were made, of whichever kinds there are.
    """

    binning: Binning
    bins: tuple[ReliabilityBin, ...]
    ece: float
    brier: BrierParts
    n: int
    positives: int
    method: str

    @property
    def table(self) -> pd.DataFrame:
        """A row a bin: `from, to, scans, positives, mean score, share, low, high`."""
        rows = [
            (b.low, b.high, b.n, b.positives, b.mean_score, b.share.value, b.share.low, b.share.high) for b in self.bins
        ]
        columns = ["from", "to", "scans", "positives", "mean score", "share", "low", "high"]
        return pd.DataFrame(rows, columns=columns)

    def to_json(self) -> dict[str, Any]:
        """As plain values, None for NaN."""
        return {
            "binning": self.binning,
            "ece": none_if_nan(self.ece),
            "brier": {name: none_if_nan(value) for name, value in vars(self.brier).items()},
            "bins": [vars(one) | {"share": one.share.to_json()} for one in self.bins],
            "interval_method": self.method,
        }


def calibration_of(scored: Scored, *, bins: int = BINS, binning: Binning = "equal count") -> Calibration:
    """Reliability bins, ECE and Brier parts of one split; NaN and no bins without scans.

    The share of positives in a bin has Wilson's interval where no group has two scans in the bin; else it is from
    drawing whole groups, and there is none where the bin holds one group.

    Source of the ECE: M. Pakdaman Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using
    Bayesian binning", AAAI Conference on Artificial Intelligence (2015), 2901-2907.

    Args:
        scored: scores and truth.
        bins: how many at most; equal scores are never torn apart, so there may be fewer.
        binning: "equal count" or "equal width" (of [0, 1]).

    Raises:
        ValueError: less than one bin, or a binning there is not.
    """
    number, edges = _binned(scored.scores, bins, binning)
    there = np.unique(number)
    cut = tuple(_bin(scored, number == k, float(edges[k]), float(edges[k + 1])) for k in there.tolist())
    gaps = [one.n * abs(one.share.value - one.mean_score) for one in cut]
    return Calibration(
        binning=binning,
        bins=cut,
        ece=sum(gaps) / scored.n if scored.n else math.nan,
        brier=_brier_parts(scored, number, len(edges) - 1),
        n=scored.n,
        positives=scored.positives,
        method=_method([(one.n, scored.groups_with(number == k)) for one, k in zip(cut, there, strict=True)], scored),
    )


def _binned(scores: NDArray[np.float64], bins: int, binning: str) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The bin of each score (n,), and the edges (bins + 1,); scores on an edge lie below it."""
    if bins < 1:
        raise ValueError(f"bins must be at least 1, found {bins}")
    if binning not in BINNINGS:
        raise ValueError(f"binning must be one of {', '.join(BINNINGS)}; found {binning!r}")
    edges = np.linspace(0, 1, bins + 1)
    if binning == "equal count" and scores.size:
        # Scores themselves, by whole ranks: an edge between two of them would fall by the last bit of its rounding.
        edges = np.sort(scores)[np.arange(bins + 1) * (scores.size - 1) // bins]
    return np.searchsorted(edges[1:-1], scores, side="left"), edges


def _bin(scored: Scored, mask: NDArray[np.bool_], low: float, high: float) -> ReliabilityBin:
    return ReliabilityBin(
        low=low,
        high=high,
        n=int(mask.sum()),
        positives=int(scored.labels[mask].sum()),
        mean_score=float(scored.scores[mask].mean()),
        share=share_estimate(scored.labels[mask], np.ones(int(mask.sum()), dtype=np.bool_), scored.group_numbers[mask]),
    )


def _method(sizes: list[tuple[int, int]], scored: Scored) -> str:
    """How `share_estimate` made the intervals of bins with so many scans of so many groups."""
    if scored.independent:
        return "95 % Wilson score intervals, each independent of the others"
    wilson = "95 % Wilson score intervals over the scans of a bin in which no group has two"
    if all(scans == groups for scans, groups in sizes):
        return wilson
    parts = []
    if any(scans > groups > 1 for scans, groups in sizes):
        parts.append(
            f"95 % percentile intervals of {DRAWS:,} resamples of whole groups, Wilson over groups where all agree"
        )
    if any(scans > groups == 1 for scans, groups in sizes):
        parts.append("no interval for a bin of several scans of one group")
    if any(scans == groups for scans, groups in sizes):
        parts.append(wilson)
    return "; ".join(parts)


def _brier_parts(scored: Scored, number: NDArray[np.intp], bins: int) -> BrierParts:
    if not scored.n:
        return BrierParts(math.nan, math.nan, math.nan, math.nan, math.nan)
    truth = scored.labels.astype(np.float64)
    count = np.maximum(np.bincount(number, minlength=bins), 1)
    mean_score = (np.bincount(number, weights=scored.scores, minlength=bins) / count)[number]  # (n,)
    share = (np.bincount(number, weights=truth, minlength=bins) / count)[number]
    overall = truth.mean()
    off_score, off_truth = scored.scores - mean_score, truth - share
    return BrierParts(
        brier=float(np.mean((scored.scores - truth) ** 2)),
        reliability=float(np.mean((mean_score - share) ** 2)),
        resolution=float(np.mean((share - overall) ** 2)),
        uncertainty=float(overall * (1 - overall)),
        within=float(np.mean(off_score**2 - 2 * off_score * off_truth)),
    )
