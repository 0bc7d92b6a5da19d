"""The same image more than once: file for file, or pixel for pixel in files that differ."""

import numpy as np
import pandas as pd

from core.audit.evidence import Evidence
from core.audit.findings import KEEP, MOST_EXAMPLES, Checked, Example, Finding, Offer, counted

_WAYS = {
    "content": ("sha256", "files are the same, byte for byte"),
    "pixels": ("pixels", "files differ, but show the same image, pixel for pixel"),
}


def find_copies(evidence: Evidence) -> tuple[list[Finding], list[Checked]]:
    """Exact copies under one label; those under two labels are label conflicts."""
    table = evidence.table
    findings, seen = [], pd.Series(False, index=table.index)
    for about, (column, how) in _WAYS.items():
        # Of files that are the same byte for byte, one stands for all when pixels are compared.
        left = table[~seen]
        copies = [list(rows) for rows in left.groupby([column, "label"], sort=True).indices.values() if len(rows) > 1]
        sets = sorted([int(left.index[row]) for row in rows] for rows in copies)
        if sets:
            findings.append(_finding(evidence, about, how, sets))
        seen |= table.duplicated([column, "label"])
    if findings:
        return findings, []
    return [], [Checked("exact-duplicate", f"no exact duplicates among {counted(len(table), 'scan')}")]


def _finding(evidence: Evidence, about: str, how: str, sets: list[list[int]]) -> Finding:
    split = evidence.table["split"].tolist()
    across = [rows for rows in sets if len({split[row] for row in rows}) > 1]
    # What is left out should never be the test scan: it is the training that must not see it.
    ranks = {"test": 0, "val": 1}
    kept = [sorted(rows, key=lambda row: (ranks.get(split[row], 2), row)) for rows in sets]
    spare = sorted(row for rows in kept for row in rows[1:])
    rows = np.array([row for rows in sets for row in rows])
    says = f"{counted(len(rows), 'scan')} in {counted(len(sets), 'set')} of copies: their {how}"
    if across:
        says += f"; {counted(len(across), 'set')} of them in more than one part of the given split"
    means = (
        "a model is tested on images that it has learnt by heart: the figures are too good"
        if across
        else "each copy counts as evidence of its own, which it is not; a split drawn here keeps copies together"
    )
    return Finding(
        kind="exact-duplicate",
        about=about,
        severity="high" if across else "low",
        scans=len(rows),
        says=says,
        means=means,
        figures={"sets": len(sets), "spare": len(spare), "sets_across_splits": len(across)},
        paths=evidence.paths_of(rows),
        examples=tuple(
            Example(evidence.paths_of(shown[:4]), tuple(evidence.word(row) for row in shown[:4]))
            for shown in (across or sets)[:MOST_EXAMPLES]
        ),
        offers=(
            Offer(
                "exclude",
                f"leave out {counted(len(spare), 'copy', 'copies')}, keep one of each",
                evidence.paths_of(spare),
            ),
            KEEP,
        ),
    )
