"""Scans that look nearly the same: the same slice re-saved, or its direct neighbour."""

import numpy as np
from numpy.typing import NDArray

from core.audit.evidence import Evidence
from core.audit.findings import KEEP, MOST_EXAMPLES, Checked, Example, Finding, Offer, counted
from core.data.near_duplicates import clusters


def find_lookalikes(evidence: Evidence) -> tuple[list[Finding], list[Checked]]:
    """Near-duplicates under one label; those under two labels are label conflicts."""
    table, pairs = evidence.table, evidence.near
    pairs = pairs[evidence.labels[pairs[:, 0]] == evidence.labels[pairs[:, 1]]]
    if not len(pairs):
        return [], [Checked("near-duplicate", f"no near-duplicates among {counted(len(table), 'scan')}")]
    numbers, rows = clusters(len(table), pairs), np.unique(pairs)
    sets = np.unique(numbers[rows], return_counts=True)[1]
    across_groups = pairs[_differ(table["group"].to_numpy(object), pairs)]
    across_splits = pairs[_differ(table["split"].to_numpy(object), pairs)]
    first_of = {int(number): int(row) for row, number in zip(rows[::-1], numbers[rows][::-1], strict=True)}
    spare = np.array([row for row in rows if first_of[int(numbers[row])] != row], np.int64)
    says = (
        f"{counted(len(rows), 'scan')} look nearly the same as another: {counted(len(pairs), 'pair')} in "
        f"{counted(len(sets), 'cluster')}, the largest of {counted(int(sets.max()), 'scan')}"
    )
    shown = pairs
    if len(across_splits):
        severity, shown = "high", across_splits
        says += f"; {counted(len(across_splits), 'pair')} in two parts of the given split"
        means = "a model is tested on images that it has as good as seen: the figures are too good"
    elif len(across_groups) and not evidence.dataset.has_given_split:
        severity, shown = "medium", across_groups
        says += f"; {counted(len(across_groups), 'pair')} in two groups"
        means = "a split by these groups may put one of a pair on either side: the figures will be too good"
    else:
        severity = "low"
        means = "no split in force or drawn here tears them; but they are fewer observations than they seem"
    offers = [
        Offer("exclude", f"leave out {counted(len(spare), 'scan')}, keep one of each cluster", evidence.paths_of(spare))
    ]
    if evidence.dataset.group_source in ("content", "scan"):
        offers.insert(0, Offer("group", "keep near-duplicates together", group_by="near-duplicates"))
    finding = Finding(
        kind="near-duplicate",
        about="look",
        severity=severity,
        scans=len(rows),
        says=says,
        means=means,
        figures={
            "pairs": len(pairs),
            "clusters": len(sets),
            "largest_cluster": int(sets.max()),
            "pairs_across_groups": len(across_groups),
            "pairs_across_splits": len(across_splits),
        },
        paths=evidence.paths_of(rows),
        examples=tuple(
            Example(evidence.paths_of(pair), tuple(evidence.word(int(row)) for row in pair)) for pair in _spread(shown)
        ),
        offers=(*offers, KEEP),
    )
    return [finding], []


def _differ(values: NDArray[np.object_], pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(values[pairs[:, 0]] != values[pairs[:, 1]], bool)


def _spread(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """A few pairs from all over the list: the first ones would all be neighbours."""
    return pairs[np.unique(np.linspace(0, len(pairs) - 1, MOST_EXAMPLES).astype(int))]
