"""Resampling whole groups, by what they count: one drawing serves every statistic of the same counts.

A statistic of counts needs no scans once they are counted: a group is the row of its counts, and groups with the same
row are the same. So resampling draws rows, as often as there are groups, with the frequencies that they have. That is
the bootstrap over groups itself, not an approximation of it.
Source: B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979), 1-26; groups as
the unit: A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application" (1997), section 3.8.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.evaluation.intervals import Estimate, check_confidence
from core.evaluation.scored import Scored

DRAWS = 2000
FEW_GROUPS = 30
"""Below so many groups of a class, intervals from drawing groups come out too narrow: A. C. Cameron, J. B. Gelbach and
D. L. Miller, "Bootstrap-based improvements for inference with clustered errors", Review of Economics and Statistics 90
(2008), 414-427, who find it with 5 to 30. Groups of unequal size count for fewer (`Scored.groups_worth`)."""

_AT_ONCE = 4_000_000  # groups x draws held in memory together
_KINDS_WORTH_ONE_GROUP = 15  # drawing how often one kind comes up costs as much as drawing that many groups
_ROUNDING = 1e-12
_FEW_COLUMNS = 64  # up to here it is worth finding groups that count alike


def drawn_counts(
    categories: NDArray[np.intp], size: int, groups: NDArray[np.intp], *, draws: int = DRAWS, seed: int = 0
) -> NDArray[np.float64]:
    """How many scans of each category each resample of whole groups holds, shape (draws, size).

    Args:
        categories: what each scan counts as, shape (n,), in 0..size - 1.
        size: number of categories.
        groups: number of each scan's group, shape (n,), from 0 and without gaps.
        draws: number of resamples.
        seed: same seed, same resamples, whatever the order of the scans.

    Raises:
        ValueError: draws is not positive.
    """
    if draws < 1:
        raise ValueError(f"draws must be at least 1, found {draws}")
    rng = np.random.default_rng(seed)
    group_count = int(groups.max()) + 1 if groups.size else 0
    if group_count == groups.size:
        present, often = np.unique(categories, return_counts=True)
        found = np.zeros((draws, size))
        found[:, present] = _drawn_kinds(often, draws, rng)
        return found
    if size <= _FEW_COLUMNS:
        rows = np.bincount(groups * size + categories, minlength=group_count * size).reshape(group_count, size)
        kinds, often = _distinct_rows(rows)
        return _drawn_kinds(often, draws, rng) @ kinds.astype(np.float64)
    from scipy.sparse import csr_array

    held = csr_array((np.ones(groups.size), (categories, groups)), shape=(size, group_count))
    return np.concatenate([(held @ times.T).T for times in _drawn_groups(group_count, draws, rng)])


def few_groups_words(scored: Scored, unit: str = "scan") -> str:
    """That a class has so few groups that intervals from drawing them are too narrow; empty where it has enough.

    Where every scan is its own group it speaks of scans, or of what else the `unit` is that has a score each.
    """
    worth, there = min(
        (scored.groups_worth(of_class), scored.groups_with(of_class)) for of_class in (scored.labels, ~scored.labels)
    )
    if worth >= FEW_GROUPS or not there:  # where a class is absent there is no interval
        return ""
    drawn = f"{unit if scored.independent else 'group'}{'s' if there != 1 else ''}"
    if worth == there:
        return f"too narrow, as one class has only {there} {drawn}: it takes {FEW_GROUPS}"
    return f"too narrow, as the {there} {drawn} of one class, unequal in size, count as {worth}: it takes {FEW_GROUPS}"


def with_doubt(parts: NDArray[np.float64], kind: int, units: int, *, seed: Sequence[int] = (0,)) -> NDArray[np.float64]:
    """How resamples part one class, with doubt where all of them agree on the share of a kind.

    If each of ten positives was found, so is each in every resample, as if no miss could ever happen. Then the parts
    are drawn as Jeffreys' prior leaves them after as many trials as there are units: from a Dirichlet distribution with
    half a trial of each kind added. Source: L. D. Brown, T. T. Cai and A. DasGupta, "Interval estimation for a binomial
    proportion", Statistical Science 16 (2001), 101-133.

    Args:
        parts: shares of the class's scans by what they count as, shape (draws, kinds), each row adding up to 1 or NaN.
        kind: whose share must not look certain.
        units: scans of the class, or its groups where scans are not independent.
        seed: of NumPy's generator; each class needs its own, and not the one that the resamples were drawn by.
    """
    known = ~np.isnan(parts[:, kind])
    if not known.any() or np.ptp(parts[known, kind]) > _ROUNDING:
        return parts
    drawn = np.random.default_rng(seed).standard_gamma(parts[known].mean(axis=0) * units + 0.5, size=parts.shape)
    drawn /= drawn.sum(axis=1, keepdims=True)
    drawn[~known] = np.nan
    return drawn


def percentile_estimate(value: float, drawn: NDArray[np.float64], *, confidence: float = 0.95) -> Estimate:
    """A value with the percentile interval of what was drawn, shape (draws,); NaN marks draws that say nothing.

    The interval is NaN when fewer than half of the draws remain. With very unequal groups the draws can all lie on
    one side of the value, which belongs inside.
    """
    check_confidence(confidence)
    kept = drawn[~np.isnan(drawn)]
    if math.isnan(value) or kept.size * 2 < drawn.size:
        return Estimate(value, math.nan, math.nan)
    tail = (1 - confidence) / 2
    low, high = np.quantile(kept, [tail, 1 - tail])
    return Estimate(value, min(float(low), value), max(float(high), value))


def _drawn_kinds(often: NDArray[np.int64], draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How often each kind comes up when as many are drawn as there are, shape (draws, kinds)."""
    total = int(often.sum())
    if often.size * _KINDS_WORTH_ONE_GROUP < total:
        return rng.multinomial(total, often / total, size=draws).astype(np.float64)
    kind_of = np.repeat(np.arange(often.size), often)
    chunk = max(1, _AT_ONCE // max(total, 1))
    parts = []
    for start in range(0, draws, chunk):
        picked = np.take(kind_of, rng.integers(total, size=(min(chunk, draws - start), total), dtype=np.uint32))
        parts.append(np.stack([np.bincount(row, minlength=often.size) for row in picked]))
    return np.concatenate(parts).astype(np.float64)


def _drawn_groups(groups: int, draws: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """How often each group is drawn, a few draws at a time: shapes (some, groups)."""
    chunk = max(1, _AT_ONCE // groups)
    for start in range(0, draws, chunk):
        picked = rng.integers(groups, size=(min(chunk, draws - start), groups), dtype=np.uint32)
        yield np.stack([np.bincount(row, minlength=groups) for row in picked]).astype(np.float64)


def _distinct_rows(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct rows in their order, and how often each is there."""
    bases = rows.max(axis=0).astype(object) + 1
    if math.prod(bases.tolist()) < 2**62:  # a row fits into one number, which sorts far faster
        places = np.cumprod(np.r_[1, bases[:0:-1]].astype(np.int64))[::-1]
        numbers, often = np.unique(rows @ places, return_counts=True)
        return numbers[:, None] // places % bases.astype(np.int64), often
    return np.unique(rows, axis=0, return_counts=True)
