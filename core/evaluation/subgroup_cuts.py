"""A column of a table cut into a few named parts: values as they are, numbers into quantiles."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

QUANTILES = 4
MOST_VALUES = 12
NOT_GIVEN = "not given"


@dataclass(frozen=True, eq=False)
class Cut:
    """A column in parts, or why it is not in parts.

    Attributes:
        parts: name of the part of each row, in the order of the parts; empty where left out.
        left_out: why the column makes no subgroups, in words; empty where it does.
    """

    parts: pd.Series
    left_out: str = ""


def cut_column(column: pd.Series) -> Cut:
    """The parts of a column, in their natural order.

    Numbers with many different values (more than `MOST_VALUES`, or than half as many as there are scans) are cut at
    their quartiles, and equal numbers stay together. All else is taken value by value, or left out where there are as
    many. What is missing or empty is a part of its own.

    Args:
        column: numbers, texts or true and false, shape (n,).
    """
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    values = column if is_number else _plain_texts(column)
    given = values[values.notna()]
    if given.empty:
        return _left_out("it is empty throughout")
    different = int(given.nunique())
    many = different > min(MOST_VALUES, max(2, len(given) // 2))
    if is_number and many:
        named = _quantiles(given)
    elif many:
        return _left_out(f"{different:,} different values in {len(given):,} scans are too many")
    else:
        named = _by_value(given, is_number)
    parts = named.reindex(column.index)
    if parts.isna().any():
        parts = parts.cat.add_categories([_free(NOT_GIVEN, parts.cat.categories)])
        parts = parts.fillna(parts.cat.categories[-1])
    if parts.nunique() < 2:
        return _left_out(f"it is the same for all: {parts.iloc[0]}")
    return Cut(parts)


def _by_value(given: pd.Series, is_number: bool) -> pd.Series:
    """Each value by its name, rising."""
    distinct: list[Hashable] = sorted(given.unique())
    names = {value: f"{value:g}" if is_number else str(value) for value in distinct}
    if len(set(names.values())) < len(names):  # numbers that differ in their seventh digit
        names = {value: repr(float(value)) for value in distinct}  # type: ignore[arg-type]
    return pd.Series(pd.Categorical(given.map(names), categories=list(names.values()), ordered=True), index=given.index)


def _quantiles(given: pd.Series) -> pd.Series:
    """Quarters by rank; each is named by the least and the greatest number in it."""
    numbers = given.to_numpy(np.float64)
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, QUANTILES + 1)[1:-1]))
    place = np.searchsorted(edges, numbers, side="left")  # a number on an edge lies below it
    there = np.unique(place).tolist()
    for digits in range(3, 18):  # 17 tell any two floats apart
        names = {
            k: f"{_short(numbers[place == k].min(), digits)} to {_short(numbers[place == k].max(), digits)}"
            for k in there
        }
        if len(set(names.values())) == len(there):
            break
    return pd.Series(
        pd.Categorical([names[k] for k in place.tolist()], categories=list(names.values()), ordered=True),
        index=given.index,
    )


def _plain_texts(column: pd.Series) -> pd.Series:
    """Each value as text; None where it is missing or blank."""
    codes, distinct = pd.factorize(column.to_numpy(object))  # each value is looked at once
    texts = np.array([str(value).strip() or None for value in distinct] + [None], dtype=object)
    return pd.Series(texts[codes], index=column.index, dtype=object)  # a missing one has code -1: the last


def _short(number: float, digits: int) -> str:
    whole = float(number).is_integer() and abs(number) < 1e6
    return f"{number:.0f}" if whole else f"{number:.{digits}g}"


def _free(name: str, taken: pd.Index) -> str:
    while name in taken:
        name += "*"
    return name


def _left_out(reason: str) -> Cut:
    return Cut(pd.Series(dtype=object), reason)
