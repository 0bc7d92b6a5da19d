"""A threshold in patients: what its alarms mean where the disease is as frequent as it is where the model is used."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from core.evaluation.agreement import share
from core.evaluation.called import shares_called
from core.evaluation.confusion import Counts, counts_at
from core.evaluation.decision.rules import Cost
from core.evaluation.draws import DRAWS, few_groups_words, percentile_estimate
from core.evaluation.intervals import Estimate
from core.evaluation.scored import Scored

PEOPLE, MOST_PEOPLE = 1000, 1_000_000_000
_ROUNDING = 1e-9


@dataclass(frozen=True)
class People:
    """Whole people of whom some have the disease: the four numbers add up to `people`.

    Attributes:
        people: how many are looked at.
        have_it: of these; the others do not.
        found, missed: of those who have it.
        alarmed, cleared: of the others; an alarm there is one for nothing.
        missed_exactly: how many are missed before rounding, so that 0.3 of a miss is not told as none.
        alarmed_exactly: the same of alarms for nothing.
    """

    people: int
    have_it: int
    found: int
    missed: int
    alarmed: int
    cleared: int
    missed_exactly: float
    alarmed_exactly: float

    @property
    def says(self) -> str:
        """In a sentence: "Of 1,000 people like these, 50 have it: 48 found, 2 missed, 95 alarmed for nothing."."""
        missed = _at_least_said(self.missed, self.missed_exactly)
        alarmed = f"{_at_least_said(self.alarmed, self.alarmed_exactly)} alarmed for nothing"
        if not self.have_it:
            return f"{self.have_it_says}: {alarmed}."
        return f"{self.have_it_says}: {self.found:,} found, {missed} missed, {alarmed}."

    @property
    def have_it_says(self) -> str:
        """How the sentence begins: "Of 1,000 people like these, 50 have it"."""
        have = "all but fewer than 1 have" if self.have_it == self.people else f"{self.have_it:,} have"
        have = "1 has" if self.have_it == 1 else have
        have = have if self.have_it else "fewer than 1 has"  # some do, as the prevalence is above 0
        return f"Of {self.people:,} people like these, {have} it"


@dataclass(frozen=True)
class PeopleInZones:
    """The same people at two thresholds: ruled out below the lower, ruled in from the upper on, referred in between.

    Attributes:
        lower: what becomes of them at the lower threshold; the missed there are ruled out.
        upper: at the upper one; the found and the alarmed there are ruled in.
    """

    lower: People
    upper: People

    @property
    def people(self) -> int:
        """How many are looked at."""
        return self.lower.people

    @property
    def have_it(self) -> tuple[int, int, int]:
        """Of those who have it: ruled out (missed), referred, ruled in."""
        return self.lower.missed, self.upper.missed - self.lower.missed, self.upper.found

    @property
    def others(self) -> tuple[int, int, int]:
        """Of the others: ruled out, referred, ruled in (alarmed for nothing)."""
        return self.lower.cleared, self.lower.alarmed - self.upper.alarmed, self.upper.alarmed

    @property
    def says(self) -> str:
        """In two sentences, each with those ruled in, referred and ruled out: of those who have it, and of the others.

        "Of 1,000 people like these, 50 have it: 40 ruled in, 8 referred to a reader, 2 ruled out (missed). Of the 950
        others, 19 ruled in (alarmed for nothing), 95 referred to a reader, 836 ruled out."
        """
        lower, upper = self.lower, self.upper
        missed, referred, found = self.have_it
        cleared, referred_others, alarmed = self.others
        said = f"{lower.have_it_says}."
        if lower.have_it:
            said = (
                f"{lower.have_it_says}: {_at_least_said(found, lower.have_it - upper.missed_exactly)} ruled in, "
                f"{_at_least_said(referred, upper.missed_exactly - lower.missed_exactly)} referred to a reader, "
                f"{_at_least_said(missed, lower.missed_exactly)} ruled out (missed)."
            )
        others = lower.people - lower.have_it
        if others:
            said += (
                f" Of the {others:,} other{'' if others == 1 else 's'}, "
                f"{_at_least_said(alarmed, upper.alarmed_exactly)} ruled in (alarmed for nothing), "
                f"{_at_least_said(referred_others, lower.alarmed_exactly - upper.alarmed_exactly)} referred to a "
                f"reader, {cleared:,} ruled out."
            )
        return said


@dataclass(frozen=True)
class InPopulation:
    """What calls at a threshold mean at a prevalence, with 95 % intervals; NaN where the scans cannot tell.

    Attributes:
        prevalence: share of people who have it, in (0, 1).
        ppv: share of alarms that are right there.
        npv: share of cleared people who rightly are.
        lr_positive: how many times likelier an alarm is in those who have it than in others; infinite without one
            false alarm.
        lr_negative: how many times likelier being cleared is in those who have it; 0 without one miss.
        people: the same in whole people; None where a class is absent.
        by_groups: whether intervals are from drawing groups, because scans are not independent.
        resampled: whether they are from resamples at all, of groups or of scans; else by Simel's formula.
        few: that they are too narrow, and why; empty where there are enough groups.
    """

    prevalence: float
    ppv: Estimate
    npv: Estimate
    lr_positive: Estimate
    lr_negative: Estimate
    people: People | None
    by_groups: bool
    resampled: bool
    few: str

    @property
    def interval_method(self) -> str:
        """How the intervals are made."""
        if self.people is None:
            return "none, as one class is absent"
        drawn = "whole groups" if self.by_groups else "single scans"
        how = f"95 % percentile intervals of resamples of {drawn}" if self.resampled else "95 % intervals by Simel"
        return f"{how}, the prevalence taken as known{f'; {self.few}' if self.few else ''}"

    def to_json(self) -> dict[str, Any]:
        """As plain values, None for NaN; a likelihood ratio names in `unbounded` those of its numbers that have no end.

        JSON has no infinity: such a number is None too, and only `unbounded` tells it from one that nobody knows.
        """
        return _to_json(self)


@dataclass(frozen=True)
class ZonesInPopulation:
    """What two thresholds mean at a prevalence: being ruled in is told from the upper, being ruled out from the lower.

    Attributes:
        lower, upper: what calls at each of the two mean, on the same scans at the same prevalence.
    """

    lower: InPopulation
    upper: InPopulation

    @property
    def prevalence(self) -> float:
        """Share of people who have it, in (0, 1)."""
        return self.lower.prevalence

    @property
    def ppv(self) -> Estimate:
        """Share of those ruled in that rightly are."""
        return self.upper.ppv

    @property
    def npv(self) -> Estimate:
        """Share of those ruled out that rightly are."""
        return self.lower.npv

    @property
    def lr_positive(self) -> Estimate:
        """How many times likelier being ruled in is in those who have it."""
        return self.upper.lr_positive

    @property
    def lr_negative(self) -> Estimate:
        """How many times likelier being ruled out is in those who have it."""
        return self.lower.lr_negative

    @property
    def people(self) -> PeopleInZones | None:
        """The same in whole people; None where a class is absent."""
        if self.lower.people is None or self.upper.people is None:
            return None
        return PeopleInZones(self.lower.people, self.upper.people)

    @property
    def interval_method(self) -> str:
        """How the intervals are made."""
        ruled_in, ruled_out = self.upper.interval_method, self.lower.interval_method
        return ruled_in if ruled_in == ruled_out else f"ruled in: {ruled_in}; ruled out: {ruled_out}"

    def to_json(self) -> dict[str, Any]:
        """As `InPopulation.to_json`."""
        return _to_json(self)


@dataclass(frozen=True)
class ExpectedCost:
    """Cost of the errors among so many people, in the unit in which the two prices are given.

    Attributes:
        model: at the threshold.
        call_everybody: if all were called positive.
        call_nobody: if none were.
    """

    model: float
    call_everybody: float
    call_nobody: float


def in_population(
    scored: Scored, threshold: float, prevalence: float, *, draws: int = DRAWS, seed: int = 0
) -> InPopulation:
    """What a threshold's calls mean where a share `prevalence` of people has it.

    FNR and FPR are those of the scans, taken to be the same there (the same kind of patients, scanner, severity); only
    the frequency differs. Intervals of likelihood ratios of independent scans: D. L. Simel, G. P. Samsa and D. B.
    Matchar, "Likelihood ratios with confidence: sample size estimation for diagnostic test studies", Journal of
    Clinical Epidemiology 44 (1991), 763-770. Where one of the four cells is empty, or scans come from fewer groups:
    percentiles over resamples of whole groups, with doubt where all agree on FNR or FPR (`with_doubt`); none with fewer
    than two groups. PPV and NPV at the prevalence follow from the ratios by Bayes' rule, and so do their intervals, the
    prevalence taken as known.

    Raises:
        ValueError: the prevalence is not within (0, 1), or the threshold is NaN.
    """
    check_prevalence(prevalence)
    counts = counts_at(scored, threshold)
    if not scored.positives or not scored.negatives:
        nothing = Estimate(math.nan, math.nan, math.nan)
        return InPopulation(prevalence, nothing, nothing, nothing, nothing, None, not scored.independent, False, "")
    resampled = not (scored.independent and all((counts.tp, counts.fp, counts.fn, counts.tn)))
    if not resampled:
        positive = _simel((counts.tp, counts.fp), (scored.positives, scored.negatives))
        negative = _simel((counts.fn, counts.tn), (scored.positives, scored.negatives))
    else:
        called, drawn = shares_called(scored, np.array([threshold]), draws=draws, seed=seed)
        positive = _ratio(called[0], None if drawn is None else drawn[:, 0])
        negative = _ratio(1 - called[0], None if drawn is None else 1 - drawn[:, 0])
    odds = prevalence / (1 - prevalence)
    return InPopulation(
        prevalence=float(prevalence),
        ppv=Estimate(*(_share_from_odds(odds * ratio) for ratio in (positive.value, positive.low, positive.high))),
        npv=Estimate(*(1 - _share_from_odds(odds * ratio) for ratio in (negative.value, negative.high, negative.low))),
        lr_positive=positive,
        lr_negative=negative,
        people=people_of(counts, prevalence),
        by_groups=not scored.independent,
        resampled=resampled,
        few=few_groups_words(scored) if resampled else "",
    )


def people_of(counts: Counts, prevalence: float, *, people: int | None = None) -> People:
    """The counts of a split carried over to whole people, of whom a share `prevalence` has it.

    Args:
        counts: of a split, both classes present.
        prevalence: in (0, 1).
        people: how many; without it 1,000, or as many times ten as it takes for at least one to have it and one not
            to, up to `MOST_PEOPLE`.

    Raises:
        ValueError: a class is absent, the prevalence is not within (0, 1), or there is nobody.
    """
    check_prevalence(prevalence)
    if people is not None and people < 1:
        raise ValueError(f"people must be at least 1, found {people}")
    positives, negatives = counts.tp + counts.fn, counts.fp + counts.tn
    if not positives or not negatives:
        raise ValueError(f"people need both classes to tell from, found {positives} positive and {negatives} others")
    if people is None:
        people = PEOPLE
        while people * min(prevalence, 1 - prevalence) < 1 - _ROUNDING and people < MOST_PEOPLE:
            people *= 10
    have_it = _rounded(people * prevalence)
    missed_exactly = have_it * counts.fn / positives
    alarmed_exactly = (people - have_it) * counts.fp / negatives
    missed, alarmed = _rounded(missed_exactly), _rounded(alarmed_exactly)
    return People(
        people=people,
        have_it=have_it,
        found=have_it - missed,
        missed=missed,
        alarmed=alarmed,
        cleared=people - have_it - alarmed,
        missed_exactly=missed_exactly,
        alarmed_exactly=alarmed_exactly,
    )


def expected_cost(counts: Counts, rule: Cost, *, people: int = PEOPLE) -> ExpectedCost:
    """What the errors of a threshold cost among so many people, beside calling everybody or nobody.

    Args:
        counts: of a split, both classes present.
        rule: the two prices, and the prevalence; without one, that of the split.
    """
    positives, negatives = counts.tp + counts.fn, counts.fp + counts.tn
    if not positives or not negatives:
        raise ValueError(f"a cost needs both classes to tell from, found {positives} positive and {negatives} others")
    prevalence = positives / counts.n if rule.prevalence is None else rule.prevalence
    all_missed, all_alarmed = people * prevalence * rule.miss, people * (1 - prevalence) * rule.false_alarm
    return ExpectedCost(
        model=all_missed * counts.fn / positives + all_alarmed * counts.fp / negatives,
        call_everybody=all_alarmed,
        call_nobody=all_missed,
    )


def check_prevalence(prevalence: float) -> None:
    """Raise ValueError unless the prevalence lies within (0, 1)."""
    if not 0 < prevalence < 1:
        raise ValueError(f"prevalence must lie in (0, 1), found {prevalence:g}")


def _simel(events: tuple[int, int], trials: tuple[int, int]) -> Estimate:
    """Share of the positives with an event over that of the others, its interval made on the logarithm."""
    (a, b), (m, n) = events, trials
    ratio = a / m / (b / n)
    reach = math.exp(float(ndtri(0.975)) * math.sqrt(1 / a - 1 / m + 1 / b - 1 / n))
    return Estimate(ratio, ratio / reach, ratio * reach)


def _ratio(shares: NDArray[np.float64], drawn: NDArray[np.float64] | None) -> Estimate:
    """Share of the positives with an event over that of the others, from both (the others' first) and from resamples.

    Shapes (2,) and (draws, 2).
    """
    theirs, mine = (float(one) for one in shares)
    if not mine and not theirs:
        return Estimate(math.nan, math.nan, math.nan)
    value = mine / theirs if theirs else math.inf
    if drawn is None:
        return Estimate(value, math.nan, math.nan)
    # Percentiles of mine / (mine + theirs), which is never infinite, carried over: the order stays the same.
    between = percentile_estimate(mine / (mine + theirs), share(drawn[:, 1], drawn.sum(axis=1)))
    return Estimate(value, min(value, _odds(between.low)), max(value, _odds(between.high)))


def _share_from_odds(odds: float) -> float:
    return 1.0 if math.isinf(odds) else odds / (1 + odds)


def _odds(share: float) -> float:
    return math.inf if share >= 1 else share / (1 - share)


def _rounded(value: float) -> int:
    return math.floor(value + 0.5)


def _at_least_said(whole: int, exactly: float) -> str:
    return "fewer than 1" if whole == 0 and exactly > 0 else f"{whole:,}"


def _to_json(found: InPopulation | ZonesInPopulation) -> dict[str, Any]:
    return {
        "prevalence": found.prevalence,
        "ppv": found.ppv.to_json(),
        "npv": found.npv.to_json(),
        "lr_positive": _ratio_to_json(found.lr_positive),
        "lr_negative": _ratio_to_json(found.lr_negative),
        "interval_method": found.interval_method,
        "says": found.people.says if found.people else "One class is absent: nothing can be said of people.",
    }


def _ratio_to_json(ratio: Estimate) -> dict[str, Any]:
    plain = ratio.to_json()
    unbounded = [name for name, value in plain.items() if value is not None and math.isinf(value)]
    return {**plain, **dict.fromkeys(unbounded), "unbounded": unbounded}
