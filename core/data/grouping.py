"""Groups: the scans that a split must not tear apart."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.data.bounded_clusters import bounded_pairs, size_limit
from core.data.group_ways import GroupWay
from core.data.names import block_of, pattern_groups
from core.data.near_duplicates import NearPairs, Pairs, clusters
from core.errors import DatasetError


@dataclass(frozen=True, eq=False)
class Groups:
    """The group of each scan, what groups come from, and what is odd about them.

    Attributes:
        names: indexed as the table they were made from.
        source: a key of `core.data.group_ways.GROUP_SOURCES`.
        way: how they were made: asked for again, it gives the same groups.
        notes: sentences for people.
    """

    names: pd.Series
    source: str
    way: GroupWay
    notes: tuple[str, ...]


def group_scans(
    table: pd.DataFrame,
    patient_ids: pd.Series,
    way: GroupWay | None = None,
    *,
    files: pd.Series | None = None,
    near: Callable[[], NearPairs] | None = None,
) -> Groups:
    """Name the group of each scan.

    Scans belong together if the way says so, if they have the same content (bytes or pixels) or if they are frames
    of one file, also by way of a third scan. A group is named after the first of what holds it together
    ("patient:<id>", "pattern:<text>", "block:<name>", "near:<path>"), else "file:<path>" or "content:<first 8 of
    sha256>" if it has several scans, else "scan:<path>", so that names of different kinds cannot meet. Scans with a
    problem keep to themselves or their patient.

    Args:
        table: `path`, `sha256`, `pixels` and `problem`, shape (n,) each.
        patient_ids: as text, empty where unknown; indexed as `table`.
        way: automatic by default: by patient where there are ids, else only copies.
        files: of frames, the path of their file; empty for a scan that is a file of its own; indexed as `table`.
        near: finds the pairs of usable rows that look nearly the same, numbered among these; for that way alone.

    Raises:
        DatasetError: grouping by patient is asked for, and there are no ids.
        ConfigError: a pattern cannot be used.
    """
    way = way or GroupWay()
    usable = (table["problem"] == "").to_numpy()
    if way.kind == "patient" and not (patient_ids[usable] != "").any():
        raise DatasetError(
            "expected patient ids to group by, found none; group by a pattern, blocks or near-duplicates"
        )
    keys = _keys(table, patient_ids, way, usable)
    frames_of = np.full(len(table), "", object) if files is None else files.to_numpy(object)
    links = [_same(keys, keys != ""), _same(frames_of, usable)]
    links += [_same(table[name].to_numpy(object), usable) for name in ("sha256", "pixels")]
    notes: tuple[str, ...] = ()
    if way.kind == "near-duplicates" and near is not None:
        alike, notes = _near_links(near(), int(usable.sum()))
        links.append(np.flatnonzero(usable)[alike])
    numbers = clusters(len(table), np.concatenate(links))
    names = _names(table, keys, frames_of, numbers, near=way.kind == "near-duplicates")
    known = patient_ids[usable] != ""
    return Groups(
        names=pd.Series(names, index=table.index, name="group", dtype="str"),
        source=_source(way, known, has_copies=len(np.unique(numbers[usable])) < usable.sum()),
        way=way if way.kind else GroupWay("patient" if known.any() else "scan"),
        notes=notes + _notes(keys[usable], patient_ids, way, numbers, usable),
    )


def _keys(table: pd.DataFrame, patient_ids: pd.Series, way: GroupWay, usable: np.ndarray) -> np.ndarray:
    """What the way says about each scan by itself, shape (n,); "" where it says nothing."""
    paths = table["path"].tolist()
    if way.kind == "pattern":
        found = pattern_groups(paths, way.pattern)
        return _prefixed("pattern", [name if good else "" for name, good in zip(found, usable, strict=True)])
    if way.kind == "blocks":
        blocks = [block_of(path, way.block_size) if good else "" for path, good in zip(paths, usable, strict=True)]
        return _prefixed("block", blocks)
    if way.kind in ("", "patient"):
        return _prefixed("patient", patient_ids.tolist())
    return _prefixed("", [""] * len(table))


def _prefixed(kind: str, names: list[str]) -> np.ndarray:
    return np.array([f"{kind}:{name}" if name else "" for name in names], object)


def _same(values: np.ndarray, counted: np.ndarray) -> Pairs:
    """Each row with the first that has the same value, shape (m, 2), among those that count and have a value."""
    rows = np.flatnonzero(counted & (values != ""))
    codes, _ = pd.factorize(values[rows])
    _, first = np.unique(codes, return_index=True)
    return np.stack([rows[first][codes], rows], axis=1) if len(rows) else np.empty((0, 2), np.int64)


def _near_links(near: NearPairs, count: int) -> tuple[Pairs, tuple[str, ...]]:
    limit = size_limit(count)
    pairs = bounded_pairs(count, near, limit)
    cut = len(near.rows) - len(pairs)
    if not cut:
        return pairs, ()
    return pairs, (f"{cut} of {len(near.rows)} near-duplicate pairs may be apart: no group grows beyond {limit} scans",)


def _names(
    table: pd.DataFrame, keys: np.ndarray, frames_of: np.ndarray, numbers: np.ndarray, *, near: bool
) -> list[str]:
    sizes = np.bincount(numbers)
    rows = pd.DataFrame({"number": numbers, "key": keys, "file": frames_of})
    rows["path"], rows["sha256"] = table["path"].to_numpy(), table["sha256"].to_numpy()
    first_key = rows[rows["key"] != ""].groupby("number")["key"].min().to_dict()
    shared = rows[sizes[numbers] > 1].sort_values("path", kind="stable").drop_duplicates("number")
    first = shared.set_index("number").to_dict("index")
    names = []
    for number, path in zip(numbers, table["path"], strict=True):
        if number in first_key:
            names.append(first_key[number])
        elif sizes[number] > 1:
            oldest = first[number]
            content = f"file:{oldest['file']}" if oldest["file"] else f"content:{oldest['sha256'][:8]}"
            names.append(f"near:{oldest['path']}" if near else content)
        else:
            names.append(f"scan:{path}")
    return names


def _source(way: GroupWay, known: pd.Series, *, has_copies: bool) -> str:
    if way.kind in ("pattern", "blocks", "near-duplicates"):
        return way.kind
    if way.kind != "scan" and len(known) and known.all():
        return "patient"
    return "content" if has_copies else "scan"


def _notes(
    keys: np.ndarray, patient_ids: pd.Series, way: GroupWay, numbers: np.ndarray, usable: np.ndarray
) -> tuple[str, ...]:
    notes = []
    without, of = int((keys == "").sum()), len(keys)
    if way.kind in ("", "patient") and 0 < without < of:
        notes.append(f"only {of - without} of {of} usable scans have a patient id")
    if way.kind in ("pattern", "blocks") and without:
        lacking = "are not matched by the pattern" if way.kind == "pattern" else "have no number in their name"
        notes.append(f"{without} of {of} usable scans {lacking}: each is a group by itself")
    if way.kind in ("", "patient"):
        ids = pd.DataFrame({"number": numbers[usable], "id": patient_ids.to_numpy()[usable]})
        ids = ids[ids["id"] != ""].drop_duplicates()
        merged = sorted(set(ids.loc[ids.duplicated("number", keep=False), "id"]))
        if merged:
            some = ", ".join(merged[:6]) + (", ..." if len(merged) > 6 else "")
            notes.append(f"the same image lies under several patient ids, which count as one patient: {some}")
    return tuple(notes)
