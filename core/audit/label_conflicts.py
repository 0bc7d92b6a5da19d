"""The same image, or nearly the same, under two labels: at least one of them is wrong."""

import numpy as np
import pandas as pd

from core.audit.evidence import Evidence
from core.audit.findings import KEEP, MOST_EXAMPLES, Checked, Example, Finding, Offer, counted
from core.data.decisions import excluded_by
from core.data.near_duplicates import clusters

# Stricter than for near-duplicates: two people scanned alike have been seen at 0.954.
MIN_CORRELATION = 0.97

_WORDS = {
    "content": "are the same, byte for byte,",
    "pixels": "show the same image, pixel for pixel,",
    "near": "show nearly the same image",
}
_MEANS = {
    "same": "at least one label of each set is wrong: they teach a model noise, and count against it in a test",
    "near": "a label is wrong, or the disease changes the picture so little that only a reader can tell: look at them",
}


def find_label_conflicts(evidence: Evidence) -> tuple[list[Finding], list[Checked]]:
    """Conflicts by content, by pixels and by look; each scan in the strictest of the three."""
    whole = evidence.dataset.table
    # Scans whose very file has two labels are no longer usable, so they are looked for among all.
    present = whole[(whole["sha256"] != "") & ~whole["path"].isin(list(excluded_by(evidence.dataset.decisions)))]
    by_content = _sets(present, "sha256")
    by_pixels = _sets(evidence.table, "pixels")
    findings = []
    for about, sets in (("content", by_content), ("pixels", by_pixels), ("near", _near_sets(evidence))):
        if sets:
            findings.append(_finding(about, sets))
    if findings:
        return findings, []
    count = counted(len(evidence.table), "scan")
    return [], [Checked("label-conflict", f"no two labels on the same or nearly the same image among {count}")]


def _sets(table: pd.DataFrame, column: str) -> list[pd.DataFrame]:
    copies = table[table.duplicated(column, keep=False) & (table[column] != "")]
    return [same for _, same in copies.groupby(column) if same["label"].nunique() > 1]


def _near_sets(evidence: Evidence) -> list[pd.DataFrame]:
    """Clusters of the pairs across labels alone: a chain of neighbours under one label is none of this."""
    across = evidence.labels[evidence.near[:, 0]] != evidence.labels[evidence.near[:, 1]]
    pairs = evidence.near[across & (evidence.near_correlations >= MIN_CORRELATION)]
    numbers = clusters(len(evidence.table), pairs)
    rows = np.unique(pairs)
    return [evidence.table.loc[rows[numbers[rows] == number]] for number in np.unique(numbers[rows])]


def _finding(about: str, sets: list[pd.DataFrame]) -> Finding:
    paths = tuple(str(path) for same in sets for path in same["path"])
    near = about == "near"
    return Finding(
        kind="label-conflict",
        about=about,
        severity="medium" if near else "high",
        scans=len(paths),
        says=f"{counted(len(paths), 'scan')} in {counted(len(sets), 'set')} {_WORDS[about]} under different labels",
        means=_MEANS["near" if near else "same"],
        figures={"sets": len(sets)},
        paths=paths,
        examples=tuple(
            Example(tuple(map(str, shown["path"])), tuple(map(str, shown["label"])))
            for shown in (same.drop_duplicates("label") for same in sets[:MOST_EXAMPLES])
        ),
        offers=(Offer("exclude", f"leave out all {counted(len(paths), 'scan')}", paths), KEEP),
    )
