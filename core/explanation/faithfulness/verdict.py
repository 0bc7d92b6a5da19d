"""One word about a map, from its numbers: trust, doubt or ignore. A pure rule, with its limits and their reasons."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.evaluation.intervals import Estimate

TRUST, DOUBT, IGNORE = "trust", "doubt", "ignore"
WORDS = (TRUST, DOUBT, IGNORE)

CHANCE_TO_TRUST = 0.05
"""A map that knows nothing is among the best so often, by the exact test of ranks: the usual 5 %."""
CHANCE_TO_IGNORE = 0.5
"""A map that is no better than the middle one of random maps says nothing of what the network used."""
LEAST_AGREEMENT = 0.5
"""With the map of the mirrored or slightly moved scan: below it, less than a quarter of the ranks' spread is shared, so
that the place shown is an accident of where the scan lies on the grid of cells."""
MOST_LIKE_UNTRAINED = 0.5
"""With networks that have learnt nothing: above it, more than a quarter of the spread comes from the scan and the
architecture alone."""
SAME_AS_UNTRAINED = 0.9
"""Here the map shows nothing that was learnt."""


@dataclass(frozen=True)
class Verdict:
    """The word, and why in a sentence."""

    word: str
    says: str


def verdict_of(
    *, chance: float, flip: float, shift: float, untrained: float, is_empty: bool = False, is_flat: bool = False
) -> Verdict:
    """Whether to believe a map.

    Args:
        chance: share of maps that know nothing that do as well, in (0, 1].
        flip, shift: agreement with the map of the mirrored and of the moved scan, in [-1, 1]; NaN where that is flat.
        untrained: agreement with networks that have learnt nothing, in [-1, 1].
        is_empty: nothing speaks for the class.
        is_flat: the same everywhere.
    """
    if is_empty:
        return Verdict(IGNORE, "the map is empty: nothing in the scan speaks for it")
    if is_flat:
        return Verdict(IGNORE, "the map is the same everywhere: it cannot say where")
    if math.isnan(chance) or chance > CHANCE_TO_IGNORE:
        return Verdict(IGNORE, "removing what it marks matters no more than removing what random maps mark")
    if untrained > SAME_AS_UNTRAINED:
        return Verdict(IGNORE, "networks that have learnt nothing give the same map")
    doubts = [f"random maps do as well in {chance:.0%} of draws"] if chance > CHANCE_TO_TRUST else []
    return _unless(doubts, flip, shift, untrained)


def verdict_of_method(gains: Sequence[Estimate], *, flip: float, shift: float, untrained: float) -> Verdict:
    """Whether to believe a method over many scans of a run: where a single coarse map says little, its mean may.

    Args:
        gains: of each measure the mean gain over random maps, above 0 if better, with its interval.
        flip, shift, untrained: mean agreements, as for `verdict_of`.
    """
    if not any(gain.value > 0 for gain in gains):
        return Verdict(IGNORE, "removing what its maps mark matters no more than removing what random maps mark")
    if untrained > SAME_AS_UNTRAINED:
        return Verdict(IGNORE, "networks that have learnt nothing give the same maps")
    sure = sum(gain.low > 0 for gain in gains)
    doubts = [] if sure == len(gains) else [f"better than random maps beyond doubt by {sure} of {len(gains)} measures"]
    return _unless(doubts, flip, shift, untrained)


def _unless(doubts: list[str], flip: float, shift: float, untrained: float) -> Verdict:
    """Trust, unless there are doubts already or the agreements give some."""
    unstable = [name for name, value in (("mirrored", flip), ("slightly moved", shift)) if not value >= LEAST_AGREEMENT]
    if unstable:
        doubts = [*doubts, f"it changes when the scan is {' or '.join(unstable)}"]
    if not untrained <= MOST_LIKE_UNTRAINED:
        doubts = [*doubts, "networks that have learnt nothing give something similar"]
    if doubts:
        return Verdict(DOUBT, "; ".join(doubts))
    return Verdict(
        TRUST,
        "what is marked matters more to the network than what random maps mark, it stays when the scan is mirrored or "
        "moved, and an untrained network gives another",
    )
