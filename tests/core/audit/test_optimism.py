"""The gap is there where groups leak, and not where they do not."""

import numpy as np
from made_evidence import a_dataset, evidence_of

from core.audit.gap_finding import gap_finding
from core.audit.harder_groups import harder_groups
from core.audit.optimism import optimism_gap


def _squares(groups: np.ndarray, alike: float) -> np.ndarray:
    """Scans of one group share `alike` of what they show; the labels have nothing to do with it."""
    rng = np.random.default_rng(0)
    shared, own = rng.normal(size=(groups.max() + 1, 32, 32)), rng.normal(size=(len(groups), 32, 32))
    small = 128 + 30 * (alike * shared[groups] + (1 - alike) * own)
    return np.kron(np.clip(small, 0, 255), np.ones((4, 4))).astype(np.uint8)


GROUPS = np.repeat(np.arange(40), 5)
LABELS = np.arange(40)[GROUPS] % 2


def test_what_only_recognises_groups_has_a_gap() -> None:
    gap = optimism_gap(_squares(GROUPS, 0.6), LABELS, GROUPS, seed=0)
    assert gap is not None
    assert gap.by_slice.value > 0.95
    assert gap.by_group.low < 0.5 < gap.by_group.high
    assert gap.difference.low > 0.2
    assert gap == optimism_gap(_squares(GROUPS, 0.6), LABELS, GROUPS, seed=0)


def test_scans_that_are_independent_within_groups_have_none() -> None:
    gap = optimism_gap(_squares(GROUPS, 0.0), LABELS, GROUPS, seed=0)
    assert gap is not None
    assert gap.difference.low < 0 < gap.difference.high


def test_three_classes_are_told_with_one_mean() -> None:
    gap = optimism_gap(_squares(GROUPS, 0.6), GROUPS % 3, GROUPS, seed=0)
    assert gap is not None
    assert gap.difference.low > 0.2


def test_numbers_in_the_names_make_harder_groups_and_are_offered() -> None:
    paths = [f"{'ab'[row % 2]}/scan {row // 2}.png" for row in range(300)]
    evidence = evidence_of(a_dataset(["a", "b"] * 150, path=paths))
    groups = harder_groups(evidence)
    assert (groups.offer, groups.are_single) == ("blocks:25", False)
    assert np.unique(groups.numbers).size == 12
    gap = optimism_gap(_squares(groups.numbers, 0.6), evidence.labels, groups.numbers, seed=0)
    (finding,), _ = gap_finding(evidence, groups, gap)
    assert (finding.severity, finding.offers[0].group_by) == ("high", "blocks:25")
    assert finding.to_json()["by_group"]["value"] < finding.to_json()["by_slice"]["value"]


def test_numbers_of_slices_within_patients_make_no_blocks() -> None:
    paths = [f"{'ab'[row % 2]}/P{row // 2:03}_{slice_}.png" for row in range(60) for slice_ in range(2)]
    evidence = evidence_of(a_dataset([path[0] for path in paths], path=paths))
    assert harder_groups(evidence).are_single


def test_patients_are_taken_as_they_are() -> None:
    groups = [f"patient:{row // 3}" for row in range(30)]
    evidence = evidence_of(a_dataset(["a"] * 15 + ["b"] * 15, "patient", "patient", group=groups))
    assert harder_groups(evidence).offer == ""
    assert np.unique(harder_groups(evidence).numbers).size == 10
