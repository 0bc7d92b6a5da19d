"""A rule applied to scores: the threshold it picks, with its rates and what it promises.

Only what scans can tell apart is tried: the scores of the split, and "nothing is called positive" just above them.
Thresholds are those scores as they are, never rounded, so they hold for the very scans they were chosen on (scores kept
as float32 become float64 without loss). Among equally good thresholds the one with the fewest misses is taken: the
lowest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.evaluation.decision.budgets import highest_with_misses, lowest_above, lowest_with_alarms
from core.evaluation.decision.guarantee import promised_max_fnr, promised_max_fpr, units_needed, units_of
from core.evaluation.decision.operating_point import OperatingPoint, fixed_point
from core.evaluation.decision.rules import Cost, Default, FBeta, Fixed, MaxFnr, MaxFpr, Ppv, Rule, Youden, Zones
from core.evaluation.decision.zones import with_upper
from core.evaluation.scored import Scored
from core.evaluation.steps import steps_of

_EQUAL = 1e-14  # relative: figures this close differ by rounding alone


def chosen(scored: Scored, rule: Rule, *, split: str = "val") -> OperatingPoint:
    """The threshold that a rule picks on these scans, as an operating point.

    Args:
        scored: scores, labels and groups of the split to choose on.
        rule: of `core.evaluation.decision.rules`.
        split: its name, kept in the answer; `test` is refused: what is chosen on it can no longer be reported on it.

    Raises:
        ValueError: the split is `test`, a class is absent, or no threshold does what the rule asks; the text says
            what it would take.
    """
    if split == "test":
        raise ValueError("a threshold must not be chosen on test, which is there to report on: choose it on val")
    if isinstance(rule, Fixed | Default):
        threshold = rule.threshold
        return fixed_point(scored, threshold, rule=rule.text, split=split)
    if not scored.positives or not scored.negatives:
        raise ValueError(
            "a threshold needs positive and other scans to be chosen on, "
            f"found {scored.positives} positive and {scored.negatives} others in {split}"
        )
    if isinstance(rule, Zones):
        lower, upper = zone_thresholds(scored, rule, split=split)
        point = with_upper(fixed_point(scored, lower, rule=rule.text, split=split), scored, upper)
    else:
        point = fixed_point(scored, threshold_of(scored, rule, split=split), rule=rule.text, split=split)
    return replace(point, promise=promise_of(scored, rule, split=split))


def threshold_of(scored: Scored, rule: MaxFnr | MaxFpr | Cost | Youden | FBeta | Ppv, *, split: str = "val") -> float:
    """The threshold that a rule picks on scans of both classes. Raises ValueError as `chosen`."""
    if isinstance(rule, MaxFnr):
        return _lowest_misses(scored, rule, split)
    if isinstance(rule, MaxFpr):
        return _fewest_alarms(scored, rule, split)
    steps = candidates(scored)
    if isinstance(rule, Ppv):
        return _most_lenient(steps, rule, split)
    if isinstance(rule, Cost):
        goodness = -steps.cost(rule)
    elif isinstance(rule, FBeta):
        goodness = steps.f_beta(rule.beta)
    else:
        goodness = steps.youden()
    best = goodness.max()
    return float(steps.threshold[goodness >= best - _EQUAL * abs(best)][0])


def zone_thresholds(scored: Scored, rule: Zones, *, split: str = "val") -> tuple[float, float]:
    """Lower and upper threshold, in this order; the same twice where both targets need no reader.

    Where the highest threshold that may rule out lies above the lowest that may rule in, any one between them keeps
    both targets: the lowest is taken, which misses the fewest.
    """
    below, above = threshold_of(scored, rule.below, split=split), threshold_of(scored, rule.above, split=split)
    return (above, above) if above <= below else (below, above)


def promise_of(scored: Scored, rule: Rule, *, split: str = "val") -> str:
    """What a threshold chosen so promises, over how many scans of how many groups; empty where it is nothing."""
    if isinstance(rule, MaxFnr | MaxFpr):
        over = rule.confidence is not None
        return f"{_promise_of_one(scored, rule, split)}{_over_the_choice(rule.networks, split) if over else ''}"
    if isinstance(rule, Zones):
        both = f"{_promise_of_one(scored, rule.below, split)} {_promise_of_one(scored, rule.above, split)}"
        if rule.out_confidence is not None and rule.in_confidence is not None:
            together = max(0.0, rule.out_confidence + rule.in_confidence - 1)
            both = f"{both} Both together at {together:.10g} confidence."
        over = rule.out_confidence is not None or rule.in_confidence is not None
        return f"{both}{_over_the_choice(rule.networks, split) if over else ''}"
    return ""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Every threshold that scans can tell apart, rising, with what it does.

    Attributes:
        threshold: distinct scores, then one above them all where that lies in [0, 1]; shape (k,), float64.
        fn: positives missed, shape (k,), int64.
        fp: others alarmed, likewise.
        positives: in all.
        negatives: others, in all.
    """

    threshold: NDArray[np.float64]
    fn: NDArray[np.int64]
    fp: NDArray[np.int64]
    positives: int
    negatives: int

    def youden(self) -> NDArray[np.float64]:
        """Sensitivity + specificity - 1, times both numbers of scans: whole numbers, which ties do not blur."""
        found = (self.positives - self.fn).astype(np.float64)
        return found * self.negatives - self.fp.astype(np.float64) * self.positives

    def f_beta(self, beta: float) -> NDArray[np.float64]:
        """F-beta, 0 where nothing is found."""
        tp = self.positives - self.fn
        weight = beta * beta
        return (1 + weight) * tp / ((1 + weight) * tp + weight * self.fn + self.fp)

    def cost(self, rule: Cost) -> NDArray[np.float64]:
        """Mean cost a scan, in parts of the dearer of the two errors."""
        share = self.positives / (self.positives + self.negatives) if rule.prevalence is None else rule.prevalence
        dearer = max(rule.miss, rule.false_alarm)
        missed = rule.miss / dearer * share * self.fn / self.positives
        return missed + rule.false_alarm / dearer * (1 - share) * self.fp / self.negatives

    def ppv(self, prevalence: float) -> NDArray[np.float64]:
        """Share of alarms that are right at a prevalence; NaN where nothing is called positive."""
        right = prevalence * (self.positives - self.fn) / self.positives
        alarms = right + (1 - prevalence) * self.fp / self.negatives
        return np.divide(right, alarms, out=np.full(alarms.shape, np.nan), where=alarms > 0)


def candidates(scored: Scored) -> Candidates:
    """Every threshold that these scans can tell apart. `scored` holds at least one scan."""
    steps = steps_of(scored)
    threshold = steps.scores
    fn, tn = steps.positives_to - steps.positives, steps.negatives_to - steps.negatives
    if threshold[-1] < 1:
        threshold = np.append(threshold, math.nextafter(threshold[-1], math.inf))
        fn, tn = np.append(fn, scored.positives), np.append(tn, scored.negatives)
    return Candidates(threshold, fn, scored.negatives - tn, scored.positives, scored.negatives)


def _lowest_misses(scored: Scored, rule: MaxFnr, split: str) -> float:
    if rule.bound_confidence is None:
        return highest_with_misses(scored, rule.max_fnr)
    found = promised_max_fnr(scored, rule.max_fnr, rule.bound_confidence)
    if found is None:
        raise ValueError(_too_few(scored, rule, rule.max_fnr, split))
    return found


def _fewest_alarms(scored: Scored, rule: MaxFpr, split: str) -> float:
    if rule.bound_confidence is None or rule.max_fpr == 1:
        return lowest_with_alarms(scored, rule.max_fpr)
    cleared = promised_max_fpr(scored, rule.max_fpr, rule.bound_confidence)
    if cleared is None:
        raise ValueError(_too_few(scored, rule, rule.max_fpr, split))
    return lowest_above(scored, cleared)


def _most_lenient(steps: Candidates, rule: Ppv, split: str) -> float:
    ppv = steps.ppv(rule.prevalence)
    reached = np.flatnonzero(ppv >= rule.ppv * (1 - _EQUAL))
    if not reached.size:
        raise ValueError(
            f"no threshold has a PPV of {rule.ppv:.4g} at a prevalence of {rule.prevalence:.4g} in {split}: the best "
            f"reaches {np.nanmax(ppv):.4g}; ask for less"
        )
    return float(steps.threshold[reached[0]])


def _promise_of_one(scored: Scored, rule: MaxFnr | MaxFpr, split: str) -> str:
    positive = isinstance(rule, MaxFnr)
    budget = rule.max_fnr if isinstance(rule, MaxFnr) else rule.max_fpr
    units = units_of(scored, positive=positive)
    kind, rate, event = ("positive", "FNR", "missed") if positive else ("other", "FPR", "falsely alarmed")
    scans = f"{units.scans:,} {kind} scan{'s' if units.scans != 1 else ''}"
    groups = f"{units.groups:,} group{'s' if units.groups != 1 else ''}"
    if rule.confidence is None:
        those = f"{scans} of {groups}" if units.by_groups else scans
        return f"At most {_share(budget)} are {event} of the {those} in {split}; nothing is promised of new ones."
    if not units.by_groups:
        like = f"New scans like the {scans} in {split}"
        return f"{like} have an {rate} of at most {_share(budget)}, at {rule.confidence:.10g} confidence."
    return (
        f"In new groups like the {groups} with {scans} in {split}, the share of a group's {kind} scans that are "
        f"{event} is at most {_share(budget)} in the mean over groups, at {rule.confidence:.10g} confidence."
    )


def _share(budget: float) -> str:
    """As asked for: a promise rounded up or down would be another one."""
    return f"{budget:.15g}"


def _over_the_choice(networks: int, split: str) -> str:
    return (
        f" The promise covers that this network, one of {networks:,}, was itself chosen on {split}."
        if networks > 1
        else ""
    )


def _too_few(scored: Scored, rule: MaxFnr | MaxFpr, budget: float, split: str) -> str:
    name, event, rate, kind = (
        ("max_fnr", "missed", "FNR", "positives")
        if isinstance(rule, MaxFnr)
        else ("max_fpr", "alarmed", "FPR", "others")
    )
    if budget == 0:
        return f"no number of scans can promise that nothing is ever {event}: ask for {name} above 0"
    units = units_of(scored, positive=isinstance(rule, MaxFnr))
    what = f"{units.groups:,} groups with {kind}" if units.by_groups else f"{units.scans:,} {kind}"
    unit = "groups" if units.by_groups else kind
    among = f", on which one of {rule.networks:,} networks was chosen," if rule.networks > 1 else ""
    needed = units_needed(budget, rule.bound_confidence or 0.0)
    return (
        f"{what} in {split}{among} cannot promise an {rate} of at most {budget:g} at {rule.confidence:.10g} "
        f"confidence: it takes {needed:,} {unit}, or a larger {name}"
    )
