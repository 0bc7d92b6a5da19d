"""Groups, such as patients, that a given split tears apart."""

from core.audit.evidence import Evidence
from core.audit.findings import KEEP, MOST_EXAMPLES, Checked, Example, Finding, Offer, counted

_KIND = "group-across-splits"


def find_torn_groups(evidence: Evidence) -> tuple[list[Finding], list[Checked]]:
    """Groups with scans in more than one part of the split that the dataset gives."""
    dataset, table = evidence.dataset, evidence.table
    if not dataset.has_given_split:
        return [], [Checked(_KIND, "the dataset gives no split; one that is drawn here tears no group apart")]
    placed = table[table["split"] != ""]
    parts = placed.groupby("group")["split"].nunique()
    torn = placed[placed["group"].isin(parts.index[parts > 1])]
    groups = counted(placed["group"].nunique(), "group")
    if torn.empty:
        says = f"none of {groups} lies in more than one part of the given split; {dataset.group_meaning}"
        return [], [Checked(_KIND, says)]
    sets = [list(rows) for rows in torn.groupby("group").groups.values()]
    # The test keeps what it has: it is the learning side that must not have seen it.
    spare = []
    for rows in sets:
        held = next(part for part in ("test", "val", "train") if (torn.loc[rows, "split"] == part).any())
        spare += [row for row in rows if torn.at[row, "split"] != held]
    finding = Finding(
        kind=_KIND,
        about=dataset.group_source,
        severity="high",
        scans=len(torn),
        says=f"{len(sets):,} of {groups}, with {counted(len(torn), 'scan')}, lie in several parts of the given split",
        means="a model is tested on patients that it has learnt from: the figures are too good",
        figures={"groups": len(sets)},
        paths=tuple(map(str, torn["path"])),
        examples=tuple(
            Example(evidence.paths_of(shown), tuple(evidence.word(row) for row in shown))
            for shown in (list(torn.loc[rows].drop_duplicates("split").index) for rows in sets[:MOST_EXAMPLES])
        ),
        offers=(
            Offer(
                "exclude",
                f"leave out {counted(len(spare), 'scan')}: each group stays in one part",
                evidence.paths_of(sorted(spare)),
            ),
            KEEP,
        ),
    )
    return [finding], []
