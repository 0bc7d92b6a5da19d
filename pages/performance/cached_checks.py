"""Streamlit's caches around what the performance page alone computes. Keys as in `pages.shared.cached`."""

import pandas as pd
import streamlit as st

from core.evaluation.bands import both_bands
from core.evaluation.patients import parsed_joining
from core.evaluation.reliability import Binning
from core.evaluation.subgroups import Subgroups
from core.runs import Run
from core.scores_in_force import CalibrationReport
from core.scores_in_force import calibration_reports as reports_on
from core.subgroup_columns import run_columns, subgroups_in
from pages.shared import cached


def calibration_reports(
    run: Run, splits: tuple[str, ...], binning: Binning, joining: str
) -> dict[str, CalibrationReport]:
    """Scores of splits before and after the run's temperature. Raises ExplorerError as the function of core does."""
    return _calibration_reports(str(run.folder), cached.scores_changed(run), splits, binning, joining, run)


def subgroups(run: Run, split: str, threshold: float) -> Subgroups:
    """The subgroups of a split's scans at a threshold. Raises RunDamagedError as `run_columns` does."""
    return _subgroups(str(run.folder), cached.scores_changed(run), split, threshold, run)


def bands(run: Run, split: str, joining: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The bands around ROC and precision-recall curve of the positive class."""
    return _bands(str(run.folder), cached.scores_changed(run), split, joining, run)


@st.cache_resource(show_spinner="Resampling the curves", max_entries=16)
def _bands(
    folder: str, changed_at: tuple[float, ...], split: str, joining: str, _run: Run
) -> tuple[pd.DataFrame, pd.DataFrame]:
    return both_bands(cached.results(_run, split, joining).scored)


@st.cache_resource(show_spinner="Fitting a temperature", max_entries=16)
def _calibration_reports(
    folder: str, changed_at: tuple[float, ...], splits: tuple[str, ...], binning: Binning, joining: str, _run: Run
) -> dict[str, CalibrationReport]:
    return reports_on(_run, splits, binning=binning, joining=parsed_joining(joining) if joining else None)


@st.cache_resource(show_spinner="Looking at subgroups", max_entries=16)
def _subgroups(folder: str, changed_at: tuple[float, ...], split: str, threshold: float, _run: Run) -> Subgroups:
    results = cached.results(_run, split)
    return subgroups_in(results, run_columns(_run, results), threshold)
