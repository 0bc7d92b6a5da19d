"""What two thresholds do: ruled out below the lower, ruled in from the upper on, referred to a reader in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.evaluation.at_threshold import rates_at
from core.evaluation.decision.operating_point import OperatingPoint, check_threshold
from core.evaluation.draws import DRAWS
from core.evaluation.intervals import Estimate
from core.evaluation.scored import Scored
from core.evaluation.shares import share_estimate

RULED_OUT, REFERRED, RULED_IN = "ruled out", "referred", "ruled in"
ZONES = (RULED_OUT, REFERRED, RULED_IN)
MEANING = (
    "Below the lower threshold a scan is ruled out, from the upper on it is ruled in, and a reader sees those in "
    "between. Positive means not ruled out."
)
"""What the zones are, and what the decision says where two thresholds are in force."""


@dataclass(frozen=True)
class ZoneFigures:
    """The three zones of one split, with 95 % intervals.

    Attributes:
        lower, upper: ruled out if score < lower, ruled in if score >= upper, else referred.
        positives: positive scans by zone, in the order of `ZONES`.
        others: the other scans by zone, likewise.
        fnr: share of all positives that are ruled out: missed, and no reader sees them.
        fpr: share of all others that are ruled in: alarmed, and no reader sees them.
        referred: share of all scans that are referred.
        npv: share of the ruled out that are rightly so, where positives are as frequent as here.
        ppv: share of the ruled in that are rightly so, likewise.
        by_groups: whether intervals are from drawing groups, because scans are not independent; else Wilson's.
    """

    lower: float
    upper: float
    positives: tuple[int, int, int]
    others: tuple[int, int, int]
    fnr: Estimate
    fpr: Estimate
    referred: Estimate
    npv: Estimate
    ppv: Estimate
    by_groups: bool

    @property
    def needs_reader(self) -> bool:
        """Whether there is a zone in between."""
        return self.lower < self.upper

    def to_json(self) -> dict[str, Any]:
        """As plain values, None for NaN."""
        return {
            "lower": self.lower,
            "upper": self.upper,
            "fnr": self.fnr.to_json(),
            "fpr": self.fpr.to_json(),
            "referred": self.referred.to_json(),
            "npv": self.npv.to_json(),
            "ppv": self.ppv.to_json(),
            "zones": [
                {"zone": zone, "positives": positives, "others": others}
                for zone, positives, others in zip(ZONES, self.positives, self.others, strict=True)
            ],
        }


def zone_of(score: float, lower: float, upper: float | None) -> str:
    """The zone of one score, of `ZONES`; empty where there is no upper threshold."""
    if upper is None:
        return ""
    if score < lower:
        return RULED_OUT
    return RULED_IN if score >= upper else REFERRED


def zone_figures(scored: Scored, lower: float, upper: float, *, draws: int = DRAWS, seed: int = 0) -> ZoneFigures:
    """The zones of scans at two thresholds that were chosen elsewhere.

    FNR and NPV are those of `rates_at` at the lower threshold, FPR and PPV those at the upper, to the last bit, so that
    one number has one interval wherever it stands.

    Args:
        scored: at least one scan; a share of nothing is NaN.
        lower, upper: in [0, 1], the lower not above the upper.
        draws, seed: of the intervals, where scans are not independent.

    Raises:
        ValueError: a threshold is out of range, or the lower lies above the upper.
    """
    check_threshold(lower)
    check_threshold(upper)
    if lower > upper:
        raise ValueError(f"the lower threshold must not lie above the upper, found {lower:g} and {upper:g}")
    zone = (scored.scores >= lower).astype(np.intp) + (scored.scores >= upper)  # number in ZONES
    counts = np.bincount(zone + 3 * ~scored.labels, minlength=6)
    at_lower, at_upper = (rates_at(scored, threshold, draws=draws, seed=seed) for threshold in (lower, upper))
    everybody = np.ones(scored.n, dtype=bool)
    return ZoneFigures(
        lower=float(lower),
        upper=float(upper),
        positives=(int(counts[0]), int(counts[1]), int(counts[2])),
        others=(int(counts[3]), int(counts[4]), int(counts[5])),
        fnr=at_lower.fnr,
        fpr=at_upper.fpr,
        referred=share_estimate(zone == 1, everybody, scored.group_numbers, draws=draws, seed=seed),
        npv=at_lower.npv,
        ppv=at_upper.ppv,
        by_groups=not scored.independent,
    )


def with_upper(point: OperatingPoint, scored: Scored, upper: float | None) -> OperatingPoint:
    """The point with a second threshold and what the two do on the scans it was chosen on; itself without one.

    Raises:
        ValueError: as `zone_figures`.
    """
    if upper is None:
        return point
    zones = zone_figures(scored, point.threshold, upper)
    return replace(point, upper=zones.upper, ruled_in_fpr=zones.fpr, referred=zones.referred)
