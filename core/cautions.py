"""What makes a run's figures better than the truth: scans seen in training, and what an audit found in its data."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.audit.findings import SEVERITIES
from core.audit.keeping import last_audit
from core.data.decisions import read_decisions
from core.errors import DatasetError
from core.runs import Run, read_index

_TOO_GOOD = ("exact-duplicate", "near-duplicate", "group-across-splits", "shortcut", "optimism-gap")


@dataclass(frozen=True)
class Caution:
    """One thing to know before reading a figure.

    Attributes:
        kind: "overlap", or the kind of the finding.
        severity: high, medium or low.
        says: what is so, in a sentence.
        means: what follows for the figures.
        too_good: whether it makes figures too good; else it makes them less certain, either way.
        decided: what had been decided about it when the run was made; empty where nothing was.
    """

    kind: str
    severity: str
    says: str
    means: str
    too_good: bool
    decided: str = ""


def cautions(run: Run, split: str) -> tuple[Caution, ...]:
    """What touches the figures of a split, the gravest first.

    Overlap is looked up in the run's own table. Findings are those of the last audit of its dataset on this machine,
    where there is one; one about certain scans counts only where this split has some of them.

    Raises:
        RunDamagedError: the run's table cannot be read.
    """
    index = read_index(run)
    here = index[index["split"] == split]
    found = [*_overlap(index, here, split), *_findings(run, here)]
    return tuple(sorted(found, key=lambda caution: (bool(caution.decided), SEVERITIES.index(caution.severity))))


def _overlap(index: pd.DataFrame, here: pd.DataFrame, split: str) -> list[Caution]:
    """Scans whose very picture lies in another split, by the hash of their pixels, else of their files."""
    by = "pixels" if "pixels" in index.columns and (index["pixels"] != "").any() else "sha256"
    if by not in index.columns:
        return []
    others = index[index["split"].isin({"train", "val"} - {split})]
    seen = int((here[by].isin(set(others[by])) & (here[by] != "")).sum())
    if not seen:
        return []
    scans = "1 scan is the very picture of one" if seen == 1 else f"{seen:,} scans are the very pictures of some"
    return [
        Caution(
            kind="overlap",
            severity="high",
            says=f"{scans} that training has seen ({seen / len(here):.1%} of this split)",
            means="the network is asked about what it has learnt from: every figure here is too good",
            too_good=True,
        )
    ]


def _findings(run: Run, here: pd.DataFrame) -> list[Caution]:
    root = Path(run.record.data)
    audit = last_audit(root)
    if audit is None:
        return []
    try:
        decided = {decision.finding: decision.says for decision in read_decisions(root) if decision.finding}
    except DatasetError:
        decided = {}
    paths = set(here["path"])
    found = []
    for finding in audit.findings:
        touched = len(paths.intersection(finding.paths))
        if finding.paths and not touched:
            continue
        in_force = decided.get(finding.id, "")
        found.append(
            Caution(
                kind=finding.kind,
                severity=finding.severity,
                says=finding.says + (f"; here it touches {touched:,} of {len(here):,} scans" if finding.paths else ""),
                means=finding.means,
                too_good=finding.kind in _TOO_GOOD,
                decided=in_force if in_force in run.record.decisions else "",
            )
        )
    return found
