"""For whom is it worse: the same figures for each part of the scans, the worst first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation.delong import auc_delong
from core.evaluation.draws import DRAWS
from core.evaluation.intervals import Estimate
from core.evaluation.scored import Scored
from core.evaluation.shares import difference_estimate, share_estimate
from core.evaluation.subgroup_cuts import cut_column

FEWEST_POSITIVES = 10  # below, even a faultless FNR could truly be above a quarter
FEWEST_GROUPS = 5  # with positives, where scans are not independent


@dataclass(frozen=True)
class Subgroup:
    """One part of the scans at one threshold; intervals are 95 %.

    Attributes:
        column: by what the scans were parted.
        part: the part's name.
        n: its scans, of which `positives` are positive, in `groups` groups.
        missed: positives not called positive.
        alarms: others called positive.
        fnr: share of its positives missed.
        fpr: share of its others called positive.
        auc: chance that one of its positives scores above one of its others.
        too_small: why its FNR tells little, in words; empty where there is enough.
    """

    column: str
    part: str
    n: int
    positives: int
    groups: int
    missed: int
    alarms: int
    fnr: Estimate
    fpr: Estimate
    auc: Estimate
    too_small: str


@dataclass(frozen=True)
class Gap:
    """How much more is missed in a column's worst part than in the rest of the scans.

    Attributes:
        column: by what the scans were parted.
        worst: of the parts that are not too small and miss no less than the rest, the one of which that is surest:
            with the highest lower bound of the difference.
        fnr: FNR of that part less FNR of all other scans, with its 95 % interval.
    """

    column: str
    worst: str
    fnr: Estimate


@dataclass(frozen=True)
class Subgroups:
    """Every part of every column, and what was left out.

    Attributes:
        threshold: scans with score >= threshold were called positive.
        parts: those with enough positives first, the worst (highest lower bound of FNR) first; then the others.
        gaps: one a column that has two parts or more with enough positives, of which one misses no less than the rest;
            the widest first.
        left_out: columns without subgroups, with the reason.
        method: how the intervals were made.
    """

    threshold: float
    parts: tuple[Subgroup, ...]
    gaps: tuple[Gap, ...]
    left_out: Mapping[str, str]
    method: str

    @property
    def large_enough(self) -> tuple[Subgroup, ...]:
        """The parts that are not too small."""
        return tuple(part for part in self.parts if not part.too_small)

    @property
    def caution(self) -> str:
        """What looking at so many does, in a sentence; empty where there is nothing to compare."""
        looked_at = len(self.large_enough)
        if looked_at < 2:
            return ""
        return (
            f"{looked_at} subgroups were looked at: about {looked_at / 20:.1f} of their 95 % intervals miss the truth "
            "by chance alone, and the worst of many always looks worse than it is. A gap found here is a question to "
            "put to new data, not an answer."
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values, None for NaN."""
        estimates = ("fnr", "fpr", "auc")
        return {
            "threshold": self.threshold,
            "subgroups": [
                vars(part) | {name: getattr(part, name).to_json() for name in estimates} for part in self.parts
            ],
            "gaps": [vars(gap) | {"fnr": gap.fnr.to_json()} for gap in self.gaps],
            "left_out": dict(self.left_out),
            "caution": self.caution,
            "interval_method": self.method,
        }


def subgroups_of(
    scored: Scored, threshold: float, columns: pd.DataFrame, *, draws: int = DRAWS, seed: int = 0
) -> Subgroups:
    """FNR, FPR and AUC for each part of each column, and each column's gap.

    The gap is the worst part's FNR less that of all other scans, its interval made from those of both.
    Underdiagnosis as the rate to compare subgroups by: L. Seyyed-Kalantari, H. Zhang, M. B. A. McDermott, I. Y. Chen,
    M. Ghassemi, "Underdiagnosis bias of artificial intelligence algorithms applied to chest radiographs in under-served
    patient populations", Nature Medicine 27 (2021), 2176-2182.

    Args:
        scored: scores and truth of one split.
        threshold: positive if score >= threshold.
        columns: what is known of each scan, a row a scan in the same order.
        draws: resamples of whole groups.
        seed: of the drawing.

    Raises:
        ValueError: there are not as many rows as scans, or the threshold is NaN.
    """
    if len(columns) != scored.n:
        raise ValueError(f"columns need a row a scan, found {len(columns)} rows for {scored.n} scans")
    if math.isnan(threshold):
        raise ValueError("threshold must be a number, found NaN")
    parts: list[Subgroup] = []
    gaps: list[Gap] = []
    left_out: dict[str, str] = {}
    parted_by: dict[bytes, str] = {}
    for column in columns.columns:
        cut = cut_column(columns[column].reset_index(drop=True))
        if cut.left_out:
            left_out[str(column)] = cut.left_out
            continue
        first = parted_by.setdefault(pd.factorize(cut.parts)[0].tobytes(), str(column))
        if first != str(column):
            left_out[str(column)] = f"it parts the scans just as {first} does"
            continue
        masks = {str(name): (cut.parts == name).to_numpy(np.bool_) for name in cut.parts.cat.categories}
        of_column = [
            _subgroup(scored, threshold, str(column), name, mask, draws, seed)
            for name, mask in masks.items()
            if mask.any()
        ]
        parts += of_column
        enough = [part for part in of_column if not part.too_small]
        if len(enough) > 1:
            of_parts = [_gap(scored, threshold, part, masks[part.part], draws, seed) for part in enough]
            gaps += sorted((gap for gap in of_parts if gap.fnr.value >= 0), key=_sureness)[-1:]
    resamples = f"95 % percentile intervals of {draws:,} resamples of whole groups (seed {seed})"
    rates = (
        "95 % Wilson score intervals, scans independent of each other as far as is known"
        if scored.independent
        else f"{resamples}; Wilson where no group holds two of the scans counted, and over groups where all agree"
    )
    by_groups = "" if scored.independent else ", by groups (Obuchowski)"
    return Subgroups(
        threshold=threshold,
        parts=tuple(sorted(parts, key=lambda part: (bool(part.too_small), *_badness(part)))),
        gaps=tuple(sorted(gaps, key=lambda gap: -gap.fnr.value)),
        left_out=left_out,
        method=f"Rates: {rates}. AUC: 95 % DeLong intervals{by_groups}. "
        "Gaps: from the intervals of both sides (Newcombe).",
    )


def _subgroup(
    scored: Scored, threshold: float, column: str, part: str, mask: NDArray[np.bool_], draws: int, seed: int
) -> Subgroup:
    own = Scored(scored.scores[mask], scored.labels[mask], scored.groups[mask])
    called = own.scores >= threshold
    return Subgroup(
        column=column,
        part=part,
        n=own.n,
        positives=own.positives,
        groups=own.group_count,
        missed=int((own.labels & ~called).sum()),
        alarms=int((~own.labels & called).sum()),
        fnr=share_estimate(~called, own.labels, own.group_numbers, draws=draws, seed=seed),
        fpr=share_estimate(called, ~own.labels, own.group_numbers, draws=draws, seed=seed),
        auc=auc_delong(own),
        too_small=_too_small(own, independent=scored.independent),
    )


def _too_small(own: Scored, *, independent: bool) -> str:
    if not own.positives:
        return "no positives"
    if own.positives < FEWEST_POSITIVES:
        return f"only {own.positives} positive{'s' if own.positives > 1 else ''}, fewer than {FEWEST_POSITIVES}"
    with_positives = own.groups_with(own.labels)
    if not independent and with_positives < FEWEST_GROUPS:
        groups = "1 group" if with_positives == 1 else f"{with_positives} groups"
        return f"its positives are of {groups} only, fewer than {FEWEST_GROUPS}"
    return ""


def _badness(part: Subgroup) -> tuple[float, float]:
    """Sorts the worst first: by the lower bound of FNR, then by FNR itself; what is not known comes last."""
    return tuple(math.inf if math.isnan(value) else -value for value in (part.fnr.low, part.fnr.value))  # type: ignore[return-value]


def _gap(scored: Scored, threshold: float, part: Subgroup, mask: NDArray[np.bool_], draws: int, seed: int) -> Gap:
    missed, others = scored.scores < threshold, scored.labels & ~mask
    rest = share_estimate(missed, others, scored.group_numbers, draws=draws, seed=seed)
    return Gap(part.column, part.part, difference_estimate(part.fnr, rest))


def _sureness(gap: Gap) -> tuple[float, float]:
    """Sorts the surest last: by the lower bound of how much more is missed."""
    return -math.inf if math.isnan(gap.fnr.low) else gap.fnr.low, gap.fnr.value
