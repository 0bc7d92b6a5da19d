"""Streamlit's caches around what the network's own features say of a run's scans. Keys as in `pages.shared.cached`."""

from typing import TYPE_CHECKING

import streamlit as st

from core.explanation.features import FEATURES_FILE
from core.runs import Run
from pages.shared import cached

if TYPE_CHECKING:
    import pandas as pd

    from core.explanation.features import Features
    from core.explanation.look_alikes import LookAlikes, TrainingScans
    from core.explanation.near_copies import Copies
    from core.explanation.projection import Projection


def look_alikes(run: Run, path: str) -> "tuple[LookAlikes, Copies]":
    """The training scans most like a scan of the run, and which of them show nearly the same.

    Raises:
        RequestError: the run is not finished, or has no such scan.
        RunDamagedError: its features, its index or its predictions cannot be read.
    """
    return _look_alikes(str(run.folder), _made_at(run), path, run)


def places(run: Run, kind: str, made: str) -> "Projection | None":
    """The places of all scans on one of the maps, in the order of the run's predictions.

    Args:
        run: a finished one.
        kind: as `core.review.worklists.places.scan_places`, which raises the same.
        made: what tells one state of a map made in the background from the next.
    """
    return _places(str(run.folder), _made_at(run), kind, made, run)


def predictions(run: Run) -> "pd.DataFrame":
    """The run's predictions, in their order; not to be changed. Raises RunDamagedError where they cannot be read."""
    return _features(str(run.folder), _made_at(run), run).table


def doubt_words(run: Run) -> str:
    """How many labels were judged and how. Raises ExplorerError as `core.review.label_doubt.label_doubts` does."""
    beside = tuple(cached.changed_at(other.folder / "predictions.parquet") for other in cached.finished_runs())
    return _doubt_words(str(run.folder), (*cached.scores_changed(run), *beside), run)


def _made_at(run: Run) -> tuple[float, ...]:
    names = (FEATURES_FILE, "predictions.parquet", "index.parquet")
    return tuple(cached.changed_at(run.folder / name) for name in names)


@st.cache_resource(show_spinner=False, max_entries=2)
def _features(folder: str, made_at: tuple[float, ...], _run: Run) -> "Features":
    from core.explanation.features import read_features

    return read_features(_run)


@st.cache_resource(show_spinner="Reading the network's features", max_entries=2)
def _training_scans(folder: str, made_at: tuple[float, ...], _run: Run) -> "TrainingScans":
    from core.explanation.look_alikes import TrainingScans, shown_classes

    features = _features(folder, made_at, _run)
    return TrainingScans(features, shown_classes(_run.record.classes, _run.record.positive))


@st.cache_resource(show_spinner=False, max_entries=4)
def _contents(folder: str, made_at: tuple[float, ...], _run: Run) -> dict[str, tuple[str, str]]:
    from core.explanation.near_copies import contents_of

    return contents_of(_run)


@st.cache_resource(show_spinner=False, max_entries=512)
def _look_alikes(folder: str, made_at: tuple[float, ...], path: str, _run: Run) -> "tuple[LookAlikes, Copies]":
    from core.explanation.near_copies import copies_among

    found = _training_scans(folder, made_at, _run).like(path)
    others = [neighbour.path for row in found.by_class.values() for neighbour in row]
    return found, copies_among(_run, _contents(folder, made_at, _run), path, others)


@st.cache_resource(show_spinner="Placing the scans", max_entries=4)
def _places(folder: str, made_at: tuple[float, ...], kind: str, made: str, _run: Run) -> "Projection | None":
    from core.review.worklists.places import scan_places

    return scan_places(_run, kind)


@st.cache_resource(show_spinner=False, max_entries=8)
def _doubt_words(folder: str, made_at: tuple[float, ...], _run: Run) -> str:
    from core.review.label_doubt import label_doubts, words

    return words(label_doubts(_run))
