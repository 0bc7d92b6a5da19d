"""The optimism gap as a finding: what a random split would have told, and what to expect instead."""

from core.audit.evidence import Evidence
from core.audit.findings import KEEP, Checked, Finding, Offer
from core.audit.harder_groups import HarderGroups
from core.audit.optimism import Gap
from core.evaluation.intervals import Estimate

MIN_GAP = 0.02  # of AUC: less is not worth a word
_HIGH_GAP = 0.05
_KIND = "optimism-gap"


def gap_finding(evidence: Evidence, groups: HarderGroups, gap: Gap | None) -> tuple[list[Finding], list[Checked]]:
    """A finding where the interval of the difference lies above 0 and the difference is at least `MIN_GAP`."""
    if groups.are_single:
        return [], [
            Checked(_KIND, f"no optimism gap by {groups.called}: each has one scan, so a random split tears none")
        ]
    if gap is None:
        return [], [Checked(_KIND, f"the optimism gap was not measured: a class has fewer than two {groups.called}")]
    group_by = groups.offer or evidence.dataset.group_by
    figures = {
        "by_slice": gap.by_slice,
        "by_group": gap.by_group,
        "difference": gap.difference,
        "by": groups.called,
        "group_by": group_by,
    }
    if gap.difference.low <= 0 or gap.difference.value < MIN_GAP:
        says = (
            f"no optimism gap to speak of: AUC {_range(gap.by_slice)} by a random split, "
            f"{_range(gap.by_group)} by {groups.called}"
        )
        return [], [Checked(_KIND, says, figures)]
    expected = (
        f"{gap.by_group.value:.2f}" if gap.by_group.value > 0.5 else f"{gap.by_group.value:.2f}, no better than chance"
    )
    says = (
        f"a random split would have told you an AUC of {gap.by_slice.value:.2f}; expect {expected} "
        f"(a cheap probe, split by {groups.called}: {_range(gap.by_group)}; the difference is {_range(gap.difference)})"
    )
    means = "scans of one group resemble each other: with some of them in training, a model recognises the others"
    if groups.offer:
        means += f"; a split drawn here keeps them apart only if the dataset is grouped by {groups.called}"
        offers: tuple[Offer, ...] = (Offer("group", f"group by {groups.called}", group_by=groups.offer), KEEP)
    else:
        means += f"; a split drawn here keeps {groups.called} whole, so its figures are not touched by this"
        offers = (KEEP,)
    finding = Finding(
        kind=_KIND,
        about=group_by,
        severity=("high" if gap.difference.value >= _HIGH_GAP else "medium") if groups.offer else "low",
        scans=len(evidence.table),
        says=says,
        means=means,
        figures=figures,
        offers=offers,
    )
    return [finding], []


def _range(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"
