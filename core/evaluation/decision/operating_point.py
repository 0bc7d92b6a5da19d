"""A threshold in force: how, where and when it was chosen, and its rates there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.evaluation.at_threshold import rates_at
from core.evaluation.decision.rule_texts import chosen_words
from core.evaluation.decision.rules import Default, Fixed
from core.evaluation.intervals import Estimate
from core.evaluation.scored import Scored

DEFAULT_THRESHOLD = Default.threshold


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold, how and on which split it was chosen, and its rates there.

    Attributes:
        threshold: scans with score >= threshold are called positive; of two thresholds the lower.
        rule: how it was chosen, as `core.evaluation.decision.rule_texts.parsed_rule` reads it.
        split: where it was chosen; its rates are those of this split, with 95 % intervals (`rates_at`).
        n: scans of that split, of which `positives` are positive.
        promise: what it promises of new scans, in a sentence; empty for a threshold somebody set.
        score_kind: what scores it is meant for: as the network gives them (empty), or "calibrated".
        data_fingerprint: of the dataset that the run was trained on; empty where it is not kept with a run.
        chosen_at: when it was put in force, ISO 8601, UTC; empty before.
        upper: of a decision with two thresholds the second: scans from `threshold` up to it are referred to a reader.
            Equal to `threshold` where nobody needs to be.
        ruled_in_fpr: with two, the share of the others called positive from the second on, which no reader sees.
        referred: with two, the share of all scans in between. Both None with one threshold, and where an earlier
            version has not kept them.
    """

    threshold: float
    rule: str
    split: str
    fnr: Estimate
    fpr: Estimate
    n: int
    positives: int
    promise: str = ""
    score_kind: str = ""
    data_fingerprint: str = ""
    chosen_at: str = ""
    upper: float | None = None
    ruled_in_fpr: Estimate | None = None
    referred: Estimate | None = None

    @property
    def says(self) -> str:
        """How and where it was chosen, in words: `chosen on validation: at most 5 % missed`."""
        return chosen_words(self.rule, self.split)

    def to_json(self) -> dict[str, Any]:
        """As plain values; thresholds survive the way through JSON to the last bit."""
        rates = {name: getattr(self, name) for name in ("fnr", "fpr", "ruled_in_fpr", "referred")}
        return asdict(self) | {name: None if rate is None else rate.to_json() for name, rate in rates.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OperatingPoint:
        """What `to_json` wrote, now or in an earlier version.

        Raises:
            ValueError: a field is missing or not of its kind, or a threshold is not in [0, 1].
        """
        try:
            point = cls(
                threshold=checked_threshold(float(data["threshold"])),
                rule=str(data["rule"]),
                split=str(data["split"]),
                fnr=Estimate.from_json(data["fnr"]),
                fpr=Estimate.from_json(data["fpr"]),
                n=int(data["n"]),
                positives=int(data["positives"]),
                promise=str(data.get("promise", "")),
                score_kind=str(data.get("score_kind", "")),
                data_fingerprint=str(data.get("data_fingerprint", "")),
                chosen_at=str(data.get("chosen_at", "")),
                upper=None if data.get("upper") is None else checked_threshold(float(data["upper"])),
                ruled_in_fpr=_estimate(data.get("ruled_in_fpr")),
                referred=_estimate(data.get("referred")),
            )
            if point.upper is not None and point.upper < point.threshold:
                raise ValueError(f"an upper threshold of {point.upper:g} below the lower of {point.threshold:g}")
            return point
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"an operating point needs threshold, rule, split, fnr, fpr, n and positives: {error!r}"
            ) from None


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
        rule = Default.text if threshold == DEFAULT_THRESHOLD else Fixed(threshold).text
    at = rates_at(scored, threshold)
    return OperatingPoint(float(threshold), rule, split, at.fnr, at.fpr, scored.n, scored.positives)


def check_threshold(threshold: float) -> None:
    """Raise ValueError unless the threshold lies in [0, 1]."""
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must lie in [0, 1], found {threshold:g}")


def checked_threshold(threshold: float) -> float:
    """The threshold itself, if it lies in [0, 1]; ValueError otherwise."""
    check_threshold(threshold)
    return threshold


def _estimate(data: Mapping[str, float | None] | None) -> Estimate | None:
    return None if data is None else Estimate.from_json(data)
