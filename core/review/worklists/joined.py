"""What is known about scans beside their scores, joined to a worklist's table where filters or an order ask for it."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from core.analyses.heat import read_heat
from core.explanation.projection import read_area
from core.review.label_doubt import label_doubts
from core.review.notes.note_book import notes_of
from core.review.worklists.case_table import slice_places
from core.review.worklists.filters import Filters
from core.review.worklists.other_runs import OtherRuns, other_runs
from core.review.worklists.places import scan_places
from core.review.worklists.worklist import AREA_X, AREA_Y
from core.runs import Run


def with_known(
    table: pd.DataFrame, run: Run, filters: Filters, *, others: Callable[[], OtherRuns] | None = None
) -> pd.DataFrame:
    """The table with the columns that filters and their order ask for, as far as they have been worked out.

    - `read`: whether any reader has a verdict on the scan.
    - `doubt`: of its label, in [0, 1], NaN without a score from outside a training; `suspected`: probably wrong.
    - `in_lungs`: share of the heat in the lungs, in [0, 1], NaN where no lungs were found.
    - `disagreement`, `spread`: of other runs, as in `OtherRuns`.
    - `group_number`, `slice`: as `core.review.worklists.case_table.slice_places` gives them.
    - `map_x`, `map_y`: place on the map that an area was drawn on.

    What has not been worked out is left away, which `core.review.worklists.worklist.unanswered` says.

    Args:
        table: of all scans of the run.
        run: whose scans they are.
        filters: what is asked for.
        others: gives what other runs say, where that is kept somewhere; else they are read.

    Raises:
        RunDamagedError: a file of the run cannot be read.
        WorkError: the notes cannot be read.
    """
    asked = {*filters.only, filters.order}
    found: dict[str, Any] = {}
    if "unread" in asked:
        found |= _read(table, run)
    if asked & {"mislabelled", "doubt"}:
        found |= _doubt(table, run)
    if "outside" in asked:
        found |= _heat(table, run)
    if "disagreement" in asked:
        said = others() if others is not None else other_runs(table, run)
        found |= {"disagreement": said.disagreement, "spread": said.spread}
    if "group" in asked:
        found |= slice_places(table)
    if filters.area:
        found |= _places(table, run, filters.area)
    return table.assign(**found) if found else table


def _read(table: pd.DataFrame, run: Run) -> Mapping[str, Any]:
    return {"read": table["content"].isin(list(notes_of(run).scans_read()))}


def _doubt(table: pd.DataFrame, run: Run) -> Mapping[str, Any]:
    known = label_doubts(run)
    return {name: table["path"].map(_by_path(known, name)) for name in ("doubt", "suspected")}


def _heat(table: pd.DataFrame, run: Run) -> Mapping[str, Any]:
    known = read_heat(run)
    return {} if known is None else {"in_lungs": table["path"].map(_by_path(known, "in_lungs"))}


def _places(table: pd.DataFrame, run: Run, area: str) -> Mapping[str, Any]:
    found = scan_places(run, read_area(area).kind, table["path"])
    return {} if found is None else {AREA_X: found.points[:, 0], AREA_Y: found.points[:, 1]}


def _by_path(known: pd.DataFrame, column: str) -> pd.Series:
    return known.drop_duplicates("path").set_index("path")[column]
