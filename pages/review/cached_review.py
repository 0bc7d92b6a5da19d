"""Streamlit's caches around what the review page asks of a run as a whole. Keys as in `pages.shared.cached`."""

from typing import Any

import pandas as pd
import streamlit as st

from core.errors import RunDamagedError
from core.evaluation.decision.operating_point import OperatingPoint
from core.results import splits_of
from core.review.worklists.case_table import case_table, parts_by_column, with_parts
from core.review.worklists.filters import ANY, Filters
from core.review.worklists.joined import with_known
from core.review.worklists.other_runs import OtherRuns, other_runs
from core.review.worklists.worklist import position_of
from core.runs import Run, read_index
from pages.shared import cached

_KNOWN_ORDERS = ("disagreement", "doubt", "group", "outside")  # that go by more than the run's own scores


def table(run: Run, point: OperatingPoint) -> pd.DataFrame:
    """Every scan of a run, as `core.review.worklists.case_table.case_table` has them; not to be changed."""
    return _table(*_made_from(run), point.threshold, point.upper, point, run)


def table_with_parts(run: Run, point: OperatingPoint, columns: tuple[str, ...], split: str) -> pd.DataFrame:
    """The same with the parts of some columns. Raises RunDamagedError as `with_parts` does."""
    if not columns:
        return table(run, point)
    return _table_with_parts(*_made_from(run), point.threshold, point.upper, columns, split == ANY, point, run)


def known(run: Run, point: OperatingPoint, filters: Filters) -> pd.DataFrame:
    """Every scan of a run with what filters and their order ask for, as far as it has been worked out.

    Raises ExplorerError as `core.review.worklists.joined.with_known` does.
    """
    columns = tuple(dict.fromkeys(column for column, _ in filters.subgroups))
    scans = table_with_parts(run, point, columns, filters.split)
    slow = Filters(
        mislabelled=filters.mislabelled,
        outside_lungs=filters.outside_lungs,
        order=filters.order if filters.order in _KNOWN_ORDERS else "error",
        area=filters.area,
    )
    if slow != Filters():
        together = filters.split == ANY
        scans = _known(
            *_made_from(run), _also_from(run), point.threshold, point.upper, columns, together, slow, point, run
        )
    return with_known(scans, run, Filters(unread=filters.unread))  # what readers say may change at any moment


def parts(run: Run, point: OperatingPoint, split: str) -> dict[str, list[str]]:
    """What the scans of a split can be narrowed to, by column. Raises RunDamagedError as `parts_by_column` does."""
    return _parts(*_made_from(run), split, point, run)


def others(run: Run, point: OperatingPoint) -> OtherRuns:
    """What other runs say about the scans of `table`, row by row."""
    return _others(*_made_from(run), _runs_changed(run), point.threshold, point.upper, point, run)


def index_row(run: Run, path: str) -> dict[str, Any]:
    """What a run's index says of a scan. Raises RunDamagedError where it cannot be read or lacks it."""
    index = _index(*_made_from(run), run)
    row = position_of(index, path)
    if row is None:
        raise RunDamagedError(f"expected {path!r} in the index of run {run.id}, found no such scan; train again")
    return index.iloc[row].to_dict()


def _also_from(run: Run) -> tuple[tuple[str | float, ...], ...]:
    """When other runs and the analyses of this one last changed."""
    states = sorted((run.folder / "analyses").glob("*/status.json"))
    return (*_runs_changed(run), *((path.parent.name, cached.changed_at(path)) for path in states))


def _runs_changed(run: Run) -> tuple[tuple[str | float, ...], ...]:
    """The other runs with results, and when what they say last changed."""
    return tuple(
        (other.id, *cached.scores_changed(other), cached.changed_at(other.folder / "operating_point.json"))
        for other in cached.finished_runs()
        if other.id != run.id
    )


def _made_from(run: Run) -> tuple[str, tuple[float, ...]]:
    index_at = cached.changed_at(run.folder / "index.parquet")
    return str(run.folder), (*cached.scores_changed(run), index_at)


@st.cache_resource(show_spinner=False, max_entries=4)
def _table(
    folder: str,
    changed_at: tuple[float, ...],
    threshold: float,
    upper: float | None,
    _point: OperatingPoint,
    _run: Run,
) -> pd.DataFrame:
    return case_table(_run, splits_of(_run), _point)


@st.cache_resource(show_spinner=False, max_entries=4)
def _table_with_parts(
    folder: str,
    changed_at: tuple[float, ...],
    threshold: float,
    upper: float | None,
    columns: tuple[str, ...],
    all_together: bool,
    _point: OperatingPoint,
    _run: Run,
) -> pd.DataFrame:
    return with_parts(table(_run, _point), _run, columns, ANY if all_together else "")


@st.cache_resource(show_spinner="Gathering what is known of the scans", max_entries=4)
def _known(
    folder: str,
    changed_at: tuple[float, ...],
    also_from: tuple[tuple[str | float, ...], ...],
    threshold: float,
    upper: float | None,
    columns: tuple[str, ...],
    all_together: bool,
    filters: Filters,
    _point: OperatingPoint,
    _run: Run,
) -> pd.DataFrame:
    scans = table_with_parts(_run, _point, columns, ANY if all_together else "")
    return with_known(scans, _run, filters, others=lambda: others(_run, _point))


@st.cache_resource(show_spinner=False, max_entries=8)
def _parts(
    folder: str, changed_at: tuple[float, ...], split: str, _point: OperatingPoint, _run: Run
) -> dict[str, list[str]]:
    scans = table(_run, _point)
    if split != ANY:
        scans = scans[scans["split"] == split].reset_index(drop=True)
    return parts_by_column(scans, _run)


@st.cache_resource(show_spinner="Asking the other runs", max_entries=2)
def _others(
    folder: str,
    changed_at: tuple[float, ...],
    runs_changed: tuple[tuple[str | float, ...], ...],
    threshold: float,
    upper: float | None,
    _point: OperatingPoint,
    _run: Run,
) -> OtherRuns:
    return other_runs(table(_run, _point), _run)


@st.cache_resource(show_spinner=False, max_entries=2)
def _index(folder: str, changed_at: tuple[float, ...], _run: Run) -> pd.DataFrame:
    return read_index(_run)
