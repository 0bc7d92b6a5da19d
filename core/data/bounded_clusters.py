"""Clusters of scans that look nearly the same, none of which grows without bound."""

import numpy as np

from core.data.near_duplicates import NearPairs, Pairs, clusters

LEAST_LIMIT = 50  # scans in a cluster are never too many below that
_LIMIT_SHARE = 0.02  # of all scans


def size_limit(count: int) -> int:
    """The most scans that a cluster may hold: 2 % of the set, at least 50."""
    return max(LEAST_LIMIT, int(count * _LIMIT_SHARE))


def bounded_pairs(count: int, near: NearPairs, limit: int) -> Pairs:
    """The pairs that link scans to clusters of at most `limit`; the strongest are taken first, and all unless it binds.

    Chance makes a few scans of different patients look nearly the same. In a large set such pairs chain everything
    together, though they are rare; a pair that would make a cluster too large is left out.

    Args:
        count: of scans.
        near: the pairs and how alike the scans of each are.
        limit: at least 1.
    """
    if np.bincount(clusters(count, near.rows)).max(initial=0) <= limit:
        return near.rows
    parents, members = list(range(count)), [1] * count

    def root_of(row: int) -> int:
        while parents[row] != row:
            parents[row] = parents[parents[row]]  # shorter for the next who asks
            row = parents[row]
        return row

    taken = np.zeros(len(near.rows), bool)
    for number in np.argsort(-near.correlations, kind="stable").tolist():
        first, second = (root_of(row) for row in near.rows[number].tolist())
        if first == second:
            taken[number] = True
        elif members[first] + members[second] <= limit:
            taken[number] = True
            parents[second] = first
            members[first] += members[second]
    return near.rows[taken]
