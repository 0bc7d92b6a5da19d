"""What makes a run's figures better than the truth: scans seen in training, and what an audit found in its data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from core.audit.findings import SEVERITIES
from core.audit.keeping import last_audit
from core.data.decisions import read_decisions
from core.errors import DatasetError, RunDamagedError
from core.results import torn_groups
from core.runs import Run, read_index

TORN = "torn-groups"
_TOO_GOOD = ("exact-duplicate", "near-duplicate", "group-across-splits", "shortcut", "optimism-gap")


@dataclass(frozen=True)
class Caution:
    """One thing to know before reading a figure.

    Attributes:
        kind: "overlap", "torn-groups", "unknown" where it cannot be told, or the kind of the finding.
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

    @property
    def text(self) -> str:
        """All of it in one line."""
        return f"{self.says}: {self.means}{f' (decided: {self.decided})' if self.decided else ''}"


@dataclass(frozen=True)
class OwnScans:
    """How many scans of another dataset are a run's own, told by their content.

    Attributes:
        n: usable scans of the other dataset.
        train: of them, those that the run has learnt from.
        val: of them, those that it was chosen on.
        groups: groups of the other dataset that hold such a scan.
        beside: scans of these groups that are not themselves the run's own.
    """

    n: int
    train: int
    val: int
    groups: int
    beside: int

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What that means for the figures of the other dataset."""
        found = []
        if self.train:
            found.append(
                _too_good(
                    "overlap",
                    f"{self._of_all(self.train)} the very pictures of scans that training has learnt from",
                    "the network is asked about what it has learnt from: every figure here is too good",
                )
            )
        if self.val:
            found.append(
                _too_good(
                    "overlap",
                    f"{self._of_all(self.val)} the very pictures of scans of the run's validation split",
                    "the weights, the moment to stop and the threshold were chosen on them: figures are optimistic",
                )
            )
        if self.beside:
            found.append(
                _too_good(
                    TORN,
                    f"{self._of_all(self.beside)} of groups that hold such scans",
                    "the network may know the group: figures may be too good",
                )
            )
        return tuple(found)

    def _of_all(self, count: int) -> str:
        return f"{count:,} of {self.n:,} scans here {'is' if count == 1 else 'are'}"


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
    return tuple(sorted(found, key=_gravity))


def cautions_on(run: Run, splits: Sequence[str]) -> tuple[Caution, ...]:
    """What touches figures of splits that are shown side by side: torn groups first, then `cautions` of each split.

    What is so of all of them stands once; the rest names its split. Where the run's table cannot be read, that is a
    caution of its own: the figures do not rest on it.

    Raises:
        RunDamagedError: the run's predictions cannot be read.
    """
    found: dict[Caution, list[str]] = {}
    for split in splits:
        for caution in _cautions_or_unknown(run, split):
            found.setdefault(caution, []).append(split)
    named = [
        caution if len(where) == len(splits) else replace(caution, says=f"{_words(where)}: {caution.says}")
        for caution, where in found.items()
    ]
    kinds = [caution.kind for caution in named]
    torn = torn_caution(torn_groups(run))
    return (
        *([torn] if torn else []),
        *sorted(named, key=lambda caution: (*_gravity(caution), kinds.index(caution.kind))),
    )


def torn_caution(torn: int) -> Caution | None:
    """What it means that so many groups lie in more than one split; None where none does."""
    if not torn:
        return None
    return _too_good(
        TORN,
        f"{'1 group lies' if torn == 1 else f'{torn:,} groups lie'} in more than one split",
        "the network is tested on groups that it has learnt from, and figures will be too good",
    )


def own_scans(run: Run, elsewhere: pd.DataFrame) -> OwnScans:
    """How many scans of another dataset the run has seen before, by the hash of their pixels or of their files.

    Names of groups are not compared: the same name means another patient in another dataset.

    Args:
        run: whose training and validation scans are looked for.
        elsewhere: the usable scans of the other dataset, as it is indexed.

    Raises:
        RunDamagedError: the run's table cannot be read.
    """
    index = read_index(run)
    train, val = (_alike(elsewhere, index[index["split"] == split]) for split in ("train", "val"))
    own = train | val
    groups = elsewhere.loc[own, "group"].unique()
    beside = elsewhere["group"].isin(groups) & ~own
    return OwnScans(len(elsewhere), int(train.sum()), int(val.sum()), len(groups), int(beside.sum()))


def unknown(error: RunDamagedError) -> Caution:
    """What it means that the run's own table cannot be read."""
    return Caution(
        kind="unknown",
        severity="medium",
        says=f"whether the run has seen these scans before cannot be told ({error})",
        means="figures may be too good",
        too_good=False,
    )


def _words(splits: Sequence[str]) -> str:
    return " and ".join("validation" if split == "val" else split for split in splits)


def _too_good(kind: str, says: str, means: str) -> Caution:
    return Caution(kind=kind, severity="high", says=says, means=means, too_good=True)


def _gravity(caution: Caution) -> tuple[bool, int]:
    """What is decided last, else the gravest first."""
    return bool(caution.decided), SEVERITIES.index(caution.severity)


def _cautions_or_unknown(run: Run, split: str) -> tuple[Caution, ...]:
    try:
        return cautions(run, split)
    except RunDamagedError as error:
        return (unknown(error),)


def _alike(scans: pd.DataFrame, others: pd.DataFrame) -> "pd.Series[bool]":
    """Which scans are the very picture of one of the others, by the hash of their pixels, or of their files."""
    alike = pd.Series(False, index=scans.index)
    for by in ("pixels", "sha256"):
        if by in scans.columns and by in others.columns:
            alike |= scans[by].isin(set(others[by])) & (scans[by] != "")
    return alike


def _overlap(index: pd.DataFrame, here: pd.DataFrame, split: str) -> list[Caution]:
    """Scans whose very picture lies in another split that training has seen."""
    seen = int(_alike(here, index[index["split"].isin({"train", "val"} - {split})]).sum())
    if not seen:
        return []
    scans = "1 scan is the very picture of one" if seen == 1 else f"{seen:,} scans are the very pictures of some"
    return [
        _too_good(
            "overlap",
            f"{scans} that training has seen ({seen / len(here):.1%} of this split)",
            "the network is asked about what it has learnt from: every figure here is too good",
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
