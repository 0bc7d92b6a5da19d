"""How sure are we: intervals around a rate or any other statistic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from core.evaluation.scored import checked_groups

# Maps weights (draws, n), how often each scan was drawn, to values (draws,); NaN where undefined.
WeightedStatistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_ROUNDING = 1e-12
_WEIGHTS_AT_ONCE = 1_000_000  # draws x scans held in memory together: 8 MB


@dataclass(frozen=True)
class Estimate:
    """A statistic with its interval; NaN where there is nothing to tell it from."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """The three numbers by name, None for NaN (JSON has no NaN)."""
        return {
            "value": none_if_nan(self.value),
            "low": none_if_nan(self.low),
            "high": none_if_nan(self.high),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, float | None]) -> Estimate:
        """What `to_json` wrote."""

        def number(name: str) -> float:
            found = data[name]
            return math.nan if found is None else float(found)

        return cls(number("value"), number("low"), number("high"))


def wilson_interval(successes: int, trials: int, *, confidence: float = 0.95) -> Estimate:
    """Share of successes with its score interval, all in [0, 1]; NaN without trials.

    Unlike the textbook interval it stays honest at 0 of n and n of n.
    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22 (1927), 209-212.

    Raises:
        ValueError: successes are not within 0..trials, or confidence not within (0, 1).
    """
    check_confidence(confidence)
    if not 0 <= successes <= trials:
        raise ValueError(f"successes must lie in 0..{trials}, found {successes}")
    if trials == 0:
        return Estimate(math.nan, math.nan, math.nan)
    return wilson_around(successes / trials, trials, confidence)


def wilson_around(value: float, trials: int, confidence: float = 0.95) -> Estimate:
    """A value in [0, 1], whole counts or not, with Wilson's interval as if it were a share of `trials`, at least one.

    What is left of 1 has the mirrored interval.

    Raises:
        ValueError: confidence not within (0, 1).
    """
    check_confidence(confidence)
    z = float(ndtri((1 + confidence) / 2))
    centre = (value + z * z / (2 * trials)) / (1 + z * z / trials)
    reach = z / (1 + z * z / trials) * math.sqrt(value * (1 - value) / trials + z * z / (4 * trials**2))
    # At the ends the bound is the end itself; rounding must not move it.
    low = 0.0 if value == 0 else max(0.0, min(centre - reach, value))
    high = 1.0 if value == 1 else min(1.0, max(centre + reach, value))
    return Estimate(value, low, high)


def in_doubt(estimate: Estimate, trials: int, confidence: float = 0.95) -> Estimate:
    """The estimate, with Wilson's interval over `trials` where all resamples agreed: they would claim certainty.

    Where there is no interval (NaN), there is none.
    """
    return wilson_around(estimate.value, trials, confidence) if claims_certainty(estimate) else estimate


def claims_certainty(estimate: Estimate) -> bool:
    """Whether the ends of an interval are the same but for rounding."""
    return estimate.high - estimate.low <= _ROUNDING * max(1.0, abs(estimate.value))


def group_bootstrap(
    statistic: WeightedStatistic,
    groups: Iterable[object],
    *,
    draws: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Estimate:
    """Percentile interval from drawing whole groups with replacement.

    Scans of one group (a patient) resemble each other, so they are drawn together: drawing
    scans one by one would make the interval too narrow. The value is that of the full sample.
    Source: B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics
    7 (1979), 1-26; groups as the unit: A. C. Davison and D. V. Hinkley, "Bootstrap Methods and
    their Application" (1997), section 3.8.

    Args:
        statistic: maps weights (draws, n) to values (draws,), NaN where a draw leaves it undefined.
        groups: group of each scan, shape (n,); neither its order nor the names change the drawing.
        draws: number of resamples.
        seed: same seed, same interval.
        confidence: of the interval, in (0, 1).

    Draws that leave the statistic undefined are dropped. The interval is NaN with fewer than
    two groups, or when fewer than half of the draws remain.

    Raises:
        ValueError: draws is not positive, or confidence not within (0, 1).
    """
    check_confidence(confidence)
    if draws < 1:
        raise ValueError(f"draws must be at least 1, found {draws}")
    names, group_of_scan = np.unique(checked_groups(groups), return_inverse=True)
    n, n_groups = group_of_scan.size, names.size
    value = float(statistic(np.ones((1, n)))[0]) if n else math.nan
    if math.isnan(value) or n_groups < 2:
        return Estimate(value, math.nan, math.nan)

    rng = np.random.default_rng(seed)
    values = np.empty(draws)
    chunk = max(1, _WEIGHTS_AT_ONCE // n)
    for start in range(0, draws, chunk):
        count = min(chunk, draws - start)
        drawn = rng.integers(n_groups, size=(count, n_groups))
        drawn += n_groups * np.arange(count)[:, None]  # one row of bins a draw
        times = np.bincount(drawn.ravel(), minlength=count * n_groups).reshape(count, n_groups)
        values[start : start + count] = statistic(times.astype(np.float64)[:, group_of_scan])  # (count, n)

    kept = values[~np.isnan(values)]
    if kept.size * 2 < draws:
        return Estimate(value, math.nan, math.nan)
    tail = (1 - confidence) / 2
    low, high = np.quantile(kept, [tail, 1 - tail])
    # With very unequal groups the draws can all lie on one side of the value; it belongs inside.
    return Estimate(value, min(float(low), value), max(float(high), value))


def check_confidence(confidence: float) -> None:
    """Raise ValueError unless confidence lies within (0, 1)."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, found {confidence:g}")


def none_if_nan(value: float) -> float | None:
    """JSON has no NaN: None stands for it."""
    return None if math.isnan(value) else value
