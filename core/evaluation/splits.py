"""The three parts of a dataset, and the groups that lie in more than one of them."""

from __future__ import annotations

from collections.abc import Iterable

SPLITS = ("train", "val", "test")
"""Learnt from, chosen on, reported on: in this order everywhere."""


def torn_groups(splits: Iterable[str], groups: Iterable[object]) -> int:
    """How many groups lie in more than one split: each lets a model be tested on what it has learnt from.

    Args:
        splits: the split of each scan, shape (n,).
        groups: its group, shape (n,).
    """
    seen: dict[object, set[str]] = {}
    for split, group in zip(splits, groups, strict=True):
        seen.setdefault(group, set()).add(split)
    return sum(len(found) > 1 for found in seen.values())
