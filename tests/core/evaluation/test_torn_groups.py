import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.splits import SPLITS, torn_groups

ROWS = st.lists(st.tuples(st.sampled_from(SPLITS), st.integers(0, 5)), max_size=20)


@given(ROWS)
def test_a_group_is_torn_if_two_of_its_scans_are_in_different_splits(rows):
    torn = {group for split, group in rows for other, same in rows if group == same and split != other}
    assert torn_groups([split for split, _ in rows], [group for _, group in rows]) == len(torn)


def test_a_scan_without_a_group_is_a_mistake():
    with pytest.raises(ValueError, match="shorter"):
        torn_groups(["train", "test"], ["one"])
