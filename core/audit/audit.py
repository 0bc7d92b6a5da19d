"""The whole audit of a dataset: every check, the gravest findings first, and what was decided about them."""

import numpy as np
from numpy.typing import NDArray

from core.audit.copies import find_copies
from core.audit.cues import measure_cues
from core.audit.evidence import Evidence, Progress, gather
from core.audit.findings import SEVERITIES, Audit, Checked, Finding, counted
from core.audit.gap_finding import gap_finding
from core.audit.harder_groups import HarderGroups, harder_groups
from core.audit.keeping import settled
from core.audit.label_conflicts import find_label_conflicts
from core.audit.lookalikes import find_lookalikes
from core.audit.odd_scans import find_odd_scans
from core.audit.optimism import optimism_gap
from core.audit.shortcut_probe import probe_families
from core.audit.shortcuts import shortcut_findings
from core.audit.torn_groups import find_torn_groups
from core.data.dataset import Dataset
from core.data.decisions import excluded_by
from core.errors import DatasetError

MOST_PROBED = 3000  # scans: what is learnt from more is the same, and takes long

Part = tuple[list[Finding], list[Checked]]


def audit_dataset(dataset: Dataset, *, progress: Progress | None = None, seed: int = 0) -> Audit:
    """Look for copies, conflicts, torn groups, odd scans, shortcuts and the optimism gap.

    Args:
        dataset: as indexed; scans with a problem are left out.
        progress: called with (what is being done, done, total); an exception from it ends the audit.
        seed: same seed, same figures.

    Raises:
        DatasetError: no scan can be used, or one cannot be read any more.
    """
    if dataset.usable.empty:
        raise DatasetError(f"expected usable scans in {dataset.root}, found none; see what `index` says about them")
    report = progress or _say_nothing
    evidence = gather(dataset, report)
    parts: list[Part] = [
        check(evidence)
        for check in (find_torn_groups, find_label_conflicts, find_copies, find_lookalikes, find_odd_scans)
    ]
    if len(dataset.classes) < 2:
        says = f"only the class '{dataset.classes[0]}' is there: no shortcut and no optimism gap can be looked for"
        parts.append(([], [Checked("shortcut", says), Checked("optimism-gap", says)]))
    else:
        parts += _probed(evidence, report, seed)
    found = [finding for findings, _ in parts for finding in findings]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    checked = [one for _, checks in parts for one in checks]
    if excluded := excluded_by(dataset.decisions):
        checked.append(Checked("odd-scan", f"{counted(len(excluded), 'scan')} left out by decision: not looked at"))
    return settled(Audit(len(evidence.table), tuple(found), tuple(checked)), dataset)


def _probed(evidence: Evidence, report: Progress, seed: int) -> list[Part]:
    groups = harder_groups(evidence)
    rows = _some_groups(groups.numbers, seed)
    labels, numbers = evidence.labels[rows], groups.numbers[rows]

    def gap_progress(done: int, total: int) -> None:
        report("measuring the optimism gap", done, total)

    def cue_progress(done: int, total: int) -> None:
        report("measuring what is not anatomy", done, total)

    def probe_progress(done: int, total: int) -> None:
        report("looking for shortcuts", done, total)

    gap = None
    if not groups.are_single:
        gap = optimism_gap(evidence.squares[rows], labels, numbers, seed=seed, progress=gap_progress)
    cues = measure_cues(evidence.dataset, evidence.table.iloc[rows], progress=cue_progress)
    probes = probe_families(cues, labels, numbers, seed=seed, progress=probe_progress)
    judged_by = groups.called
    if len(rows) < len(evidence.table):
        judged_by += f" on {len(rows):,} of {counted(len(evidence.table), 'scan')}"
    said = HarderGroups(groups.numbers, judged_by, groups.offer)
    return [gap_finding(evidence, said, gap), shortcut_findings(evidence, rows.tolist(), cues, probes, judged_by)]


def _some_groups(groups: NDArray[np.int64], seed: int) -> NDArray[np.intp]:
    """Rows of whole groups drawn at random, up to `MOST_PROBED` of them; all rows where they are no more."""
    if groups.size <= MOST_PROBED:
        return np.arange(groups.size)
    names, sizes = np.unique(groups, return_counts=True)
    order = np.random.default_rng(seed).permutation(names.size)
    fit = np.cumsum(sizes[order]) <= MOST_PROBED
    return np.flatnonzero(np.isin(groups, names[order[fit]]))


def _say_nothing(_phase: str, _done: int, _total: int) -> None:
    pass
