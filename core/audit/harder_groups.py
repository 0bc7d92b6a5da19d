"""The groups that an audit judges by: the dataset's own, or harder ones where those promise little."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.audit.evidence import Evidence
from core.data.bounded_clusters import bounded_pairs, size_limit
from core.data.group_ways import BLOCK_SIZE
from core.data.names import block_of
from core.data.near_duplicates import NearPairs, Pairs, clusters

MIN_NUMBERED = 0.9  # of the scans must have a number in their names
MIN_BLOCKS = 4  # of each class, else there is little to hold out
MIN_BLOCK_SCANS = 3  # on average, else the numbers do not follow on each other
_OWN = {
    "patient": "patients",
    "pattern": "groups by the pattern",
    "near-duplicates": "clusters of near-duplicates",
    "blocks": "blocks of consecutive numbers",
    "content": "exact copies",
    "scan": "single scans",
}


@dataclass(frozen=True, eq=False)
class HarderGroups:
    """`numbers` (n,), the same within a group; `called`, in words; `offer`, as group_by where it is not the own one."""

    numbers: NDArray[np.int64]
    called: str
    offer: str = ""

    @property
    def are_single(self) -> bool:
        """Whether every scan is a group of its own, so that nothing can leak."""
        return np.unique(self.numbers).size == self.numbers.size


def harder_groups(evidence: Evidence) -> HarderGroups:
    """The dataset's groups where they come from patients, a pattern, blocks or near-duplicates by wish.

    Else, for lack of anything that tells patients apart: blocks of consecutive numbers where the names have them,
    since slices are mostly saved in order; else clusters of near-duplicates, if there are any. Copies stay together.
    """
    own = _links(evidence.table["group"])
    source = evidence.dataset.group_source
    if source not in ("content", "scan"):
        return HarderGroups(_linked(evidence, own), _OWN[source])
    blocks = np.array([block_of(path, BLOCK_SIZE) for path in evidence.paths])
    if _are_consecutive(blocks, evidence.labels):
        named = _links(block or path for block, path in zip(blocks.tolist(), evidence.paths, strict=True))
        called = f"blocks of {BLOCK_SIZE} consecutive numbers"
        return HarderGroups(_linked(evidence, own, named), called, f"blocks:{BLOCK_SIZE}")
    if len(evidence.near):
        count = len(evidence.table)
        near = bounded_pairs(count, NearPairs(evidence.near, evidence.near_correlations), size_limit(count))
        return HarderGroups(_linked(evidence, own, near), _OWN["near-duplicates"], "near-duplicates")
    return HarderGroups(_linked(evidence, own), _OWN[source])


def _are_consecutive(blocks: NDArray[np.str_], labels: NDArray[np.int64]) -> bool:
    """Whether nearly all scans lie in blocks, blocks hold several of them, and every class has some blocks."""
    numbered = blocks != ""
    fewest = min(np.unique(blocks[numbered & (labels == label)]).size for label in np.unique(labels))
    gathered = numbered.sum() >= MIN_BLOCK_SCANS * np.unique(blocks[numbered]).size
    return bool(numbered.mean() >= MIN_NUMBERED and fewest >= MIN_BLOCKS and gathered)


def _linked(evidence: Evidence, *links: Pairs) -> NDArray[np.int64]:
    return clusters(len(evidence.table), np.concatenate(links))


def _links(names: Iterable[str]) -> Pairs:
    """Each row with the first that has the same name, shape (n, 2)."""
    first: dict[str, int] = {}
    return np.array([(first.setdefault(name, row), row) for row, name in enumerate(names)], np.int64).reshape(-1, 2)
