"""Clusters hold all that pairs link, and never more scans than the limit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.data.bounded_clusters import bounded_pairs, size_limit
from core.data.near_duplicates import NearPairs, clusters


@st.composite
def linked_scans(draw):
    count = draw(st.integers(2, 20))
    row = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(row, row).filter(lambda pair: pair[0] < pair[1]), max_size=40, unique=True))
    strengths = draw(st.lists(st.floats(0.875, 1, width=32), min_size=len(pairs), max_size=len(pairs)))
    return count, NearPairs(np.array(sorted(pairs), np.int64).reshape(-1, 2), np.array(strengths, np.float32))


@given(case=linked_scans())
def test_clusters_are_what_pairs_connect(case):
    count, near = case
    together = np.eye(count, dtype=bool)
    for first, second in near.rows:
        together[first, second] = together[second, first] = True
    for _ in range(count):  # friends of friends, until nothing changes
        together = together @ together
    numbers = clusters(count, near.rows)
    assert np.array_equal(together, numbers[:, None] == numbers)


@given(case=linked_scans(), limit=st.integers(1, 20))
def test_no_cluster_grows_beyond_the_limit(case, limit):
    count, near = case
    kept = bounded_pairs(count, near, limit)
    assert np.bincount(clusters(count, kept)).max() <= limit
    assert {tuple(pair) for pair in kept.tolist()} <= {tuple(pair) for pair in near.rows.tolist()}
    if np.bincount(clusters(count, near.rows)).max() <= limit:
        assert np.array_equal(kept, near.rows)


@given(case=linked_scans(), limit=st.integers(1, 20))
def test_a_pair_is_left_out_only_where_it_would_make_a_cluster_too_large(case, limit):
    count, near = case
    kept = bounded_pairs(count, near, limit)
    numbers = clusters(count, kept)
    sizes = np.bincount(numbers)
    for first, second in near.rows:
        assert numbers[first] == numbers[second] or sizes[numbers[first]] + sizes[numbers[second]] > limit


def test_the_strongest_links_are_kept():
    near = NearPairs(np.array([[0, 1], [1, 2], [2, 3]]), np.array([0.95, 0.99, 0.96], np.float32))
    assert bounded_pairs(4, near, 2).tolist() == [[1, 2]]
    assert bounded_pairs(4, near, 3).tolist() == [[1, 2], [2, 3]]


def test_the_limit_follows_the_set():
    assert (size_limit(10), size_limit(2500), size_limit(100_000)) == (50, 50, 2000)
