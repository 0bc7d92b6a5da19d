"""Streamlit's caches around where the heat of a run lies. Keys as in `pages.shared.cached`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from core.runs import Run
from pages.shared import cached

if TYPE_CHECKING:
    import pandas as pd

    from core.analyses.heat_summary import HeatPlaces
    from core.explanation.mean_maps import MeanMap


def table(run: Run) -> "pd.DataFrame | None":
    """As `core.analyses.heat.read_heat`; not to be changed. Raises ExplorerError as it does."""
    return _table(*_made_from(run), run)


def places(run: Run) -> "dict[str, HeatPlaces]":
    """As `core.analyses.heat_summary.heat_places`; empty before the analysis."""
    return _places(*_made_from(run), run)


def pictures(run: Run) -> "Mapping[str, MeanMap]":
    """As `core.analyses.heat_pictures.cell_pictures`."""
    return _pictures(*_made_from(run), run)


def _made_from(run: Run) -> tuple[str, tuple[float, ...]]:
    files = ("operating_point.json", "analyses/heat/status.json")
    return str(run.folder), (*cached.scores_changed(run), *(cached.changed_at(run.folder / name) for name in files))


@st.cache_resource(show_spinner=False, max_entries=4)
def _table(folder: str, changed_at: tuple[float, ...], _run: Run) -> "pd.DataFrame | None":
    from core.analyses.heat import read_heat

    return read_heat(_run)


@st.cache_resource(show_spinner="Counting where the heat lies", max_entries=4)
def _places(folder: str, changed_at: tuple[float, ...], _run: Run) -> "dict[str, HeatPlaces]":
    from core.analyses.heat_summary import heat_places

    found = table(_run)
    return {} if found is None else heat_places(found)


@st.cache_resource(show_spinner="Averaging scans and maps", max_entries=4)
def _pictures(folder: str, changed_at: tuple[float, ...], _run: Run) -> "Mapping[str, MeanMap]":
    from core.analyses.heat_pictures import cell_pictures

    found = table(_run)
    return {} if found is None else cell_pictures(_run, found)
