"""Which scans, and in which order: a table of all scans narrowed and sorted by `Filters`, with counts for each choice.

Everything here is boolean masks over one table that is made once (`core.review.worklists.case_table`), so a choice
over 100,000 scans is a matter of milliseconds.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import RequestError
from core.explanation.projection import within
from core.explanation.whereabouts import OUTSIDE_BELOW
from core.review.worklists.filters import ANY, ONLY, Filters

PART = "part: "  # + column: which of its parts a scan is in
AREA_X, AREA_Y = "map_x", "map_y"  # place on the map of all scans
_ERRORS = ("missed", "false alarm")
_ORDER_BY = {
    "error": ["certainty", "cell"],
    "score-down": ["score"],
    "score-up": ["score"],
    "disagreement": ["disagreement", "spread"],
    "group": ["group_number", "slice"],
    "doubt": ["doubt"],
    "outside": ["in_lungs"],
}
# What must be known for a filter or an order, by its name in the address: the column of the table, why it is not there,
# and why it may be there and tell nothing.
_NEEDS = {
    "mislabelled": ("suspected", "doubts of the labels have not been worked out", ""),
    "doubt": ("doubt", "doubts of the labels have not been worked out", "no label was judged from outside a training"),
    "outside": ("in_lungs", "where the heat lies has not been worked out", "lungs were found in none of these scans"),
    "unread": ("read", "the notes were not looked at", ""),
    "disagreement": (
        "disagreement",
        "other runs were not looked at",
        "no other run of these classes knows the scans",
    ),
    "group": ("slice", "the slices of each group have not been put in order", ""),
    "area": (AREA_X, "the map that the area was drawn on has not been made for this run", "no scan is on that map"),
}

Mask = NDArray[np.bool_]


def worklist(table: pd.DataFrame, filters: Filters) -> pd.DataFrame:
    """The scans that are asked for, in the order that is asked for; equal ones by path.

    Orders: `error` puts wrong calls first, those furthest on the wrong side first, measured in shares of the way from
    the threshold to the end of the scale, so that misses below a low threshold stand beside false alarms; right calls
    follow, likewise. `group` goes by group, in it by the numbers in the names. `disagreement`, `doubt` and `outside`
    put what is not known last.

    Args:
        table: as `core.review.worklists.case_table.case_table` gives it, with the columns that `unanswered` asks for.

    Raises:
        RequestError: a column is not there that the filters need.
    """
    lacking = unanswered(table, filters)
    if lacking:
        raise RequestError(
            f"cannot make this worklist: {next(iter(lacking.values()))}; leave that out, or do it first "
            "(for the heat: `python -m core analyse RUN heat`)"
        )
    kept = np.flatnonzero(_all_of(masks(table, filters).values(), len(table)))
    keys = table[_ORDER_BY[filters.order]].take(kept)
    return table.take(kept[_order(keys, filters.order)]).reset_index(drop=True)


def unanswered(table: pd.DataFrame, filters: Filters) -> dict[str, str]:
    """What the filters and their order ask for and the table does not know, by name, with the reason in words."""
    asked = [*filters.only, filters.order, *(["area"] if filters.area else [])]
    lacking = {}
    for name in asked:
        column, why_not_there, why_empty = _NEEDS.get(name, ("score", "", ""))
        if column not in table.columns:
            lacking[name] = why_not_there
        elif why_empty and table[column].isna().all():
            lacking[name] = why_empty
    for column in sorted({column for column, _ in filters.subgroups}):
        if PART + column not in table.columns:
            lacking[f"where {column}"] = f"{column!r} makes no subgroups of these scans"
    return lacking if len(table) else {}


def masks(table: pd.DataFrame, filters: Filters) -> dict[str, Mask]:
    """For each part of the address that asks for something, which scans it keeps, shape (n,).

    What the table does not know keeps nothing.
    """
    found: dict[str, Mask] = {}
    if filters.cells:
        found["cell"] = table["cell"].isin(filters.cells).to_numpy()
    for name, value in (("split", filters.split), ("truth", filters.truth), ("predicted", filters.predicted)):
        if value and value != ANY:
            found[name] = (table["label" if name == "truth" else name] == value).to_numpy(np.bool_)
    if filters.subgroups:
        found["where"] = _in_parts(table, filters.subgroups)
    if (filters.score_low, filters.score_high) != (0.0, 1.0):
        scores = table["score"].to_numpy()
        found["score"] = (scores >= filters.score_low) & (scores <= filters.score_high)
    if filters.group:
        found["group"] = (table["group"] == filters.group).to_numpy(np.bool_)
    for name in filters.only:
        found[name] = _only(table, name)
    if filters.area:
        found["area"] = _in_area(table, filters.area)
    return found


def counts(table: pd.DataFrame, filters: Filters) -> dict[str, dict[str, int]]:
    """How many scans there would be with each choice, all other choices as they are.

    Returns:
        By name of a part of the address: `cell`, `split` (with `ANY`), `truth`, `predicted`, and for each of `ONLY`
        how many are left with it (where the table knows).
    """
    found = masks(table, filters)
    total: dict[str, dict[str, int]] = {}
    for name, column in (("cell", "cell"), ("split", "split"), ("truth", "label"), ("predicted", "predicted")):
        rest = _all_of((mask for key, mask in found.items() if key != name), len(table))
        values = table[column].cat
        found_there = np.bincount(values.codes.to_numpy()[rest], minlength=len(values.categories)).tolist()
        total[name] = {str(value): n for value, n in zip(values.categories, found_there, strict=True) if n}
    total["split"][ANY] = sum(total["split"].values())
    for name in ONLY:
        if _column_of(name) in table.columns:
            rest = _all_of((mask for key, mask in found.items() if key != name), len(table))
            total[name] = {name: int((rest & _only(table, name)).sum())}
    return total


def left_without(table: pd.DataFrame, filters: Filters) -> dict[str, int]:
    """How many scans there are without each part of the address that asks for something, the most first.

    Of the parts that hold any back; for an empty worklist, which of them empty it.
    """
    found = masks(table, filters)
    left = {
        name: int(_all_of((mask for key, mask in found.items() if key != name), len(table)).sum()) for name in found
    }
    return dict(sorted(((name, n) for name, n in left.items() if n), key=lambda item: -item[1]))


def position_of(cases: pd.DataFrame, path: str) -> int | None:
    """Row of a scan in a worklist, or in any table with a column `path`; None where it is not in it.

    Comparing a hundred thousand paths takes a millisecond, a dict of them a hundred.
    """
    found = np.flatnonzero((cases["path"] == path).to_numpy(np.bool_))
    return int(found[0]) if len(found) else None


def _order(keys: pd.DataFrame, order: str) -> NDArray[np.intp]:
    """Places in the new order; the table is in the order of paths, which a stable sort keeps among equals."""
    if order == "group":
        return np.lexsort((keys["slice"].to_numpy(), keys["group_number"].to_numpy()))
    if order == "score-up":
        return np.argsort(keys["score"].to_numpy(), kind="stable")
    if order == "score-down":
        return _falling(keys["score"])
    if order == "disagreement":
        return np.lexsort((_last(-keys["spread"]), _last(-keys["disagreement"])))
    if order == "doubt":
        return _falling(keys["doubt"])
    if order == "outside":
        return np.argsort(_last(keys["in_lungs"]), kind="stable")
    is_right = ~keys["cell"].isin(_ERRORS).to_numpy()
    return np.lexsort((-keys["certainty"].to_numpy(), is_right))


def _falling(values: pd.Series) -> NDArray[np.intp]:
    return np.argsort(_last(-values), kind="stable")


def _last(values: pd.Series) -> NDArray[np.float64]:
    """Numbers of which those that are not known are the greatest."""
    return values.fillna(np.inf).to_numpy(np.float64)


def _only(table: pd.DataFrame, name: str) -> Mask:
    column = _column_of(name)
    if column not in table.columns:
        return np.zeros(len(table), np.bool_)
    values = table[column]
    if name == "near":
        return values.to_numpy(np.bool_)
    if name == "unread":
        return ~values.fillna(False).to_numpy(np.bool_)
    if name == "mislabelled":
        return values.fillna(False).to_numpy(np.bool_)
    return (values < OUTSIDE_BELOW).fillna(False).to_numpy(np.bool_)


def _column_of(name: str) -> str:
    return _NEEDS[name][0] if name in _NEEDS else name


def _in_parts(table: pd.DataFrame, subgroups: tuple[tuple[str, str], ...]) -> Mask:
    kept = np.ones(len(table), np.bool_)
    for column in dict.fromkeys(column for column, _ in subgroups):
        parts = [part for name, part in subgroups if name == column]
        key = PART + column
        kept &= table[key].isin(parts).to_numpy() if key in table.columns else False
    return kept


def _in_area(table: pd.DataFrame, area: str) -> Mask:
    if AREA_X not in table.columns:
        return np.zeros(len(table), np.bool_)
    return within(table[[AREA_X, AREA_Y]].to_numpy(np.float64), area)


def _all_of(found: Iterable[Mask], n: int) -> Mask:
    kept = np.ones(n, np.bool_)
    for mask in found:
        kept &= mask
    return kept
