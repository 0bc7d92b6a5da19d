"""An operating point carried over from raw scores to calibrated ones, or back."""

from __future__ import annotations

from dataclasses import replace

from core.evaluation.decision.choosing import chosen
from core.evaluation.decision.operating_point import OperatingPoint
from core.evaluation.decision.rule_texts import parsed_rule
from core.evaluation.decision.rules import FITTED_ON_THE_SAME, Default, Fixed, is_promised
from core.evaluation.decision.zones import with_upper
from core.evaluation.scored import Scored
from core.evaluation.temperature import Temperature


def carried_point(
    point: OperatingPoint, temperature: Temperature, scored: Scored, *, classes: int, score_kind: str
) -> OperatingPoint:
    """The same decision for the other kind of scores.

    Of two classes the order of scans does not change, so the threshold is taken through the same curve as the scores,
    and exactly the same scans are called positive. With more, the point's rule is applied again; thresholds that
    somebody set stay.

    Args:
        point: chosen on the other kind of scores.
        temperature: what makes calibrated scores of raw ones.
        scored: the split that the point was chosen on, with scores of the kind that is wanted.
        classes: how many there are.
        score_kind: the kind that is wanted: "calibrated", or empty for raw.

    Raises:
        ValueError: of several classes, the rule cannot be met on these scores or promises what calibrated ones cannot
            keep, or nobody knows what rule it was.
    """
    if classes > 2:
        rule = parsed_rule(point.rule)
        if score_kind and is_promised(rule):
            raise ValueError(FITTED_ON_THE_SAME)
        carried = replace(chosen(scored, rule, split=point.split), score_kind=score_kind)
        return with_upper(carried, scored, point.upper) if isinstance(rule, Fixed | Default) else carried
    through = temperature.threshold if score_kind else temperature.raw_threshold
    threshold = through(point.threshold)
    by_hand = point.rule.startswith("fixed=")
    return replace(
        point,
        threshold=threshold,
        upper=None if point.upper is None else through(point.upper),
        rule=Fixed(threshold).text if by_hand else point.rule,
        score_kind=score_kind,
    )
