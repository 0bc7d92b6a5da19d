"""Streamlit's caches around core: what is read once and shown often. No drawing here.

A key holds the file's time of change, so a file written anew is read anew. Shared objects are never changed.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.runs import DEFAULT_DATA, DEFAULT_RUNS, Run, list_runs

if TYPE_CHECKING:
    from core.cautions import Caution
    from core.data.dataset import Dataset
    from core.evaluation.decision.operating_point import OperatingPoint
    from core.evaluation.decision.rules import Rule
    from core.evaluation.summary import Evaluation
    from core.models.build import LoadedModel
    from core.results import SplitResults
    from core.training.first_batch import SeenScan


def runs_folder() -> Path:
    """Where runs live."""
    return DEFAULT_RUNS


def data_folder() -> Path:
    """Where datasets made here live, and the first place to look for others."""
    return DEFAULT_DATA


def all_runs() -> tuple[list[Run], list[str]]:
    """Every run, newest first, and a line for each that cannot be read."""
    return list_runs(runs_folder())


def finished_runs() -> list[Run]:
    """The runs that can be explored, newest first."""
    return [run for run in all_runs()[0] if run.has_results]


def scores_changed(run: Run) -> tuple[float, ...]:
    """When a run's scores were made, and when another kind of them was last put in force."""
    return changed_at(run.folder / "predictions.parquet"), changed_at(run.folder / "calibration.json")


def results(run: Run, split: str, joining: str = "") -> "SplitResults":
    """The scored scans of one split, by the scores in force; with a `joining` such as "mean" its groups.

    Raises ExplorerError as `core.results.split_results` does.
    """
    return _results(str(run.folder), scores_changed(run), split, joining, run)


def evaluation(run: Run, split: str, threshold: float, joining: str = "") -> "Evaluation":
    """Every figure of a split at a threshold, with intervals."""
    return _evaluation(str(run.folder), scores_changed(run), split, threshold, joining, run)


def point_in_force(run: Run) -> "OperatingPoint":
    """As the function of core, which reads a run's predictions anew for the default that nobody has chosen yet.

    Raises ExplorerError as it does.
    """
    from core.decided import POINT_FILE
    from core.decided import point_in_force as stored_or_default

    if (run.folder / POINT_FILE).exists():
        return stored_or_default(run)
    return _default_point(str(run.folder), scores_changed(run), run)


def over_the_choice(run: Run, rule: "Rule") -> "Rule":
    """As the function of core, which looks into predictions and sweeps; anew once a minute. Raises as it does."""
    return _over_the_choice(str(run.folder), scores_changed(run), rule.text, run, rule)


def model(run: Run) -> "LoadedModel":
    """The run's network; ask it only through core, which keeps callers apart with its lock."""
    return _model(str(run.folder), changed_at(run.weights_path), run)


def torn_groups(run: Run) -> int:
    """How many groups of a run lie in more than one split."""
    return _torn_groups(str(run.folder), changed_at(run.folder / "predictions.parquet"), run)


def cautions_on(run: Run, splits: tuple[str, ...]) -> "tuple[Caution, ...]":
    """What touches the figures of splits, looked up anew once a minute. Raises as the function of core does."""
    made_at = (*scores_changed(run), changed_at(run.folder / "index.parquet"))
    return _cautions_on(str(run.folder), made_at, splits, run)


def first_batch(run: Run) -> "list[SeenScan]":
    """The first augmented batch of a run. Raises ExplorerError as `core.training.first_batch.first_batch` does."""
    return _first_batch(str(run.folder), changed_at(run.folder / "index.parquet"), run)


def indexed(folder: Path) -> "Dataset":
    """The dataset, indexed now unless it was and has not changed since. Raises DatasetError as `index_dataset` does."""
    from core.data.folders import dataset_signature
    from core.data.index import index_dataset

    signature = dataset_signature(folder)
    found = dataset(folder, signature)
    if found is None:
        found = index_dataset(folder)
        keep_dataset(folder, signature, found)
    return found


def dataset(folder: Path, signature: str) -> "Dataset | None":
    """The dataset as indexed before, where its files have not changed since; None where it must be indexed."""
    return _datasets().get((str(folder), signature))


def keep_dataset(folder: Path, signature: str, found: "Dataset") -> None:
    """Remember an indexed dataset; the last few are kept."""
    datasets = _datasets()
    datasets[(str(folder), signature)] = found
    while len(datasets) > 8:
        datasets.pop(next(iter(datasets)))


def opened_datasets() -> list[Path]:
    """The folders of the datasets kept, the last one opened first."""
    return list(dict.fromkeys(Path(folder) for folder, _ in reversed(_datasets())))


@st.cache_data(show_spinner=False, ttl=60)
def hub_is_reachable() -> bool:
    """Whether the model hub answers from here; asked at most once a minute."""
    from core.models.hub import hub_is_reachable as reachable

    return reachable()


@st.cache_resource(show_spinner=False)
def _datasets() -> "dict[tuple[str, str], Dataset]":
    return {}


@st.cache_resource(show_spinner=False, max_entries=16)
def _results(folder: str, changed_at: tuple[float, ...], split: str, joining: str, _run: Run) -> "SplitResults":
    from core.evaluation.patients import parsed_joining
    from core.results import split_results

    return results(_run, split).joined(parsed_joining(joining)) if joining else split_results(_run, split)


@st.cache_resource(show_spinner="Computing intervals", max_entries=64)
def _evaluation(
    folder: str, changed_at: tuple[float, ...], split: str, threshold: float, joining: str, _run: Run
) -> "Evaluation":
    return results(_run, split, joining).evaluated(threshold)


@st.cache_resource(show_spinner=False, max_entries=64)
def _default_point(folder: str, changed_at: tuple[float, ...], _run: Run) -> "OperatingPoint":
    from core.evaluation.decision.operating_point import fixed_point

    validation = results(_run, "val")
    return replace(fixed_point(validation.scored, split="val"), score_kind=validation.score_kind)


@st.cache_resource(show_spinner=False, ttl=60, max_entries=256)
def _over_the_choice(folder: str, changed_at: tuple[float, ...], text: str, _run: Run, _rule: "Rule") -> "Rule":
    from core.sweeps.compared import over_the_choice as promised_of_all

    return promised_of_all(_run, _rule)


@st.cache_resource(show_spinner="Loading the network", max_entries=3)
def _model(folder: str, changed_at: float, _run: Run) -> "LoadedModel":
    from core.models.weights import load_run_model

    return load_run_model(_run)


@st.cache_resource(show_spinner=False, max_entries=64)
def _torn_groups(folder: str, changed_at: float, _run: Run) -> int:
    from core.results import torn_groups as count

    return count(_run)


@st.cache_data(show_spinner=False, ttl=60, max_entries=16)  # an audit may come to an end meanwhile
def _cautions_on(
    folder: str, changed_at: tuple[float, ...], splits: tuple[str, ...], _run: Run
) -> "tuple[Caution, ...]":
    from core.cautions import cautions_on as found_on

    return found_on(_run, splits)


@st.cache_resource(show_spinner=False, max_entries=8)
def _first_batch(folder: str, changed_at: float, _run: Run) -> "list[SeenScan]":
    from core.training.first_batch import first_batch as made_again

    return made_again(_run)


def changed_at(path: Path) -> float:
    """When a file was last written, seconds since 1970; 0 where there is none."""
    from core.data.frames import file_and_frame

    try:
        return file_and_frame(path)[0].stat().st_mtime
    except OSError:
        return 0.0
