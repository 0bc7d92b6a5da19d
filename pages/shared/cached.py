"""Streamlit's caches around core: what is read once and shown often. No drawing here.

A key holds the file's time of change, so a file written anew is read anew. Shared objects are never changed.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.runs import DEFAULT_DATA, DEFAULT_RUNS, Run, list_runs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.data.dataset import Dataset
    from core.evaluation.summary import Evaluation
    from core.explanation.maps import ScanMap
    from core.models.build import LoadedModel
    from core.results import SplitResults
    from core.training.first_batch import SeenScan

SHOWN_UPLOAD_PX = 900
SHOWN_SCAN_PX = 1024


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
    return _changed(run.folder / "predictions.parquet"), _changed(run.folder / "calibration.json")


def results(run: Run, split: str, joining: str = "") -> "SplitResults":
    """The scored scans of one split, by the scores in force; with a `joining` such as "mean" its groups.

    Raises ExplorerError as `core.results.split_results` does.
    """
    return _results(str(run.folder), scores_changed(run), split, joining, run)


def evaluation(run: Run, split: str, threshold: float, joining: str = "") -> "Evaluation":
    """Every figure of a split at a threshold, with intervals."""
    return _evaluation(str(run.folder), scores_changed(run), split, threshold, joining, run)


def model(run: Run) -> "LoadedModel":
    """The run's network; ask it only through core, which keeps callers apart with its lock."""
    return _model(str(run.folder), _changed(run.weights_path), run)


def thumbnail(path: Path) -> bytes | None:
    """A scan as a small JPEG; None where it cannot be read."""
    return _thumbnail(str(path), _changed(path))


def scan_with_map(run: Run, path: str, target: str, method: str) -> "tuple[NDArray[np.uint8], ScanMap]":
    """A scan of the run's dataset, grey bytes (h, w), and its map, no larger than a screen and read-only.

    Raises:
        DatasetError: the path leads out of the dataset's folder, or is no scan that can be read.
        RequestError: as `core.explanation.maps.explain`.
    """
    file, content = (
        _file_of(run, path),
        _contents(str(run.folder), _changed(run.folder / "index.parquet"), run).get(path, ""),
    )
    made_at = (_changed(run.weights_path), *scores_changed(run))
    return _scan_with_map(str(run.folder), made_at, str(file), _changed(file), target, method, content, run)


def torn_groups(run: Run) -> int:
    """How many groups of a run lie in more than one split."""
    return _torn_groups(str(run.folder), _changed(run.folder / "predictions.parquet"), run)


def first_batch(run: Run) -> "list[SeenScan]":
    """The first augmented batch of a run. Raises ExplorerError as `core.training.first_batch.first_batch` does."""
    return _first_batch(str(run.folder), _changed(run.folder / "index.parquet"), run)


def upload_probabilities(run: Run, content: bytes, name: str) -> "NDArray[np.floating]":
    """What a run says about an uploaded file by the scores in force, shape (classes,).

    Raises DatasetError as `read_scan_bytes`.
    """
    key = hashlib.sha256(content).hexdigest()
    made_at = (_changed(run.weights_path), *scores_changed(run))
    return _upload_probabilities(str(run.folder), made_at, key, content, name, run)


def upload_map(run: Run, content: bytes, name: str, target: str, method: str) -> "tuple[NDArray[np.uint8], ScanMap]":
    """An uploaded scan and its map, no larger than a screen."""
    key = hashlib.sha256(content).hexdigest()
    made_at = (_changed(run.weights_path), *scores_changed(run))
    return _upload_map(str(run.folder), made_at, key, target, method, content, name, run)


def known_scans(run: Run) -> dict[str, tuple[str, str]]:
    """Split and label of every scan that a run was made with, by the SHA-256 of its file."""
    return _known_scans(str(run.folder), _changed(run.folder / "index.parquet"), run)


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


@st.cache_resource(show_spinner="Loading the network", max_entries=3)
def _model(folder: str, changed_at: float, _run: Run) -> "LoadedModel":
    from core.models.weights import load_run_model

    return load_run_model(_run)


@st.cache_resource(show_spinner=False, max_entries=64)
def _torn_groups(folder: str, changed_at: float, _run: Run) -> int:
    from core.results import torn_groups as count

    return count(_run)


@st.cache_resource(show_spinner=False, max_entries=8)
def _first_batch(folder: str, changed_at: float, _run: Run) -> "list[SeenScan]":
    from core.training.first_batch import first_batch as made_again

    return made_again(_run)


@st.cache_resource(show_spinner=False, max_entries=2048)
def _thumbnail(path: str, changed_at: float) -> bytes | None:
    from core.data.images import read_scan
    from core.data.thumbnails import thumbnail_jpeg
    from core.errors import DatasetError

    try:
        return thumbnail_jpeg(read_scan(path))
    except DatasetError:
        return None


@st.cache_resource(show_spinner=False, max_entries=48)
def _scan_with_map(
    folder: str,
    made_at: tuple[float, ...],
    path: str,
    path_at: float,
    target: str,
    method: str,
    content: str,
    _run: Run,
) -> "tuple[NDArray[np.uint8], ScanMap]":
    from core.data.images import read_scan
    from core.data.pixels import kept_square

    network = model(_run)
    scan = read_scan(path, window=network.window, sha256=content)
    square = kept_square(content, network.image_size, window=network.window) if content else None
    return _explained(_run, scan, target, method, SHOWN_SCAN_PX, square)


@st.cache_resource(show_spinner=False, max_entries=4)
def _contents(folder: str, changed_at: float, _run: Run) -> dict[str, str]:
    from core.runs import read_index

    index = read_index(_run)
    return dict(zip(index["path"], index["sha256"], strict=True))


@st.cache_resource(show_spinner=False, max_entries=4)
def _known_scans(folder: str, changed_at: float, _run: Run) -> dict[str, tuple[str, str]]:
    from core.runs import read_index

    index = read_index(_run)
    return dict(zip(index["sha256"], zip(index["split"], index["label"], strict=True), strict=True))


# What people upload is theirs alone, and is forgotten with their session: nothing of it is shared or kept on disk.
@st.cache_resource(show_spinner=False, max_entries=512, scope="session")
def _upload_probabilities(
    folder: str, made_at: tuple[float, ...], sha256: str, _content: bytes, _name: str, _run: Run
) -> "NDArray[np.floating]":
    from core.calibration import temperature_in_force
    from core.data.images import read_scan_bytes, resize_scan
    from core.prediction import calibrated, predict_pixels

    network = model(_run)
    small = resize_scan(read_scan_bytes(_content, _name, window=network.window), network.image_size)
    probabilities = calibrated(network, predict_pixels(network, small[None])[0], temperature_in_force(_run))[0]
    probabilities.flags.writeable = False
    return probabilities


@st.cache_resource(show_spinner=False, max_entries=24, scope="session")
def _upload_map(
    folder: str,
    made_at: tuple[float, ...],
    sha256: str,
    target: str,
    method: str,
    _content: bytes,
    _name: str,
    _run: Run,
) -> "tuple[NDArray[np.uint8], ScanMap]":
    from core.data.images import read_scan_bytes

    scan = read_scan_bytes(_content, _name, window=model(_run).window)
    return _explained(_run, scan, target, method, SHOWN_UPLOAD_PX)


def _explained(
    run: Run,
    scan: "NDArray[np.uint8]",
    target: str,
    method: str,
    longest_px: int,
    square: "NDArray[np.uint8] | None" = None,
) -> "tuple[NDArray[np.uint8], ScanMap]":
    """The map is of the scan as it is; both are kept as they are shown."""
    from core.calibration import temperature_in_force
    from core.explanation.maps import explain
    from core.explanation.overlay import reduced

    temperature = temperature_in_force(run)
    found = explain(model(run), scan, target=target, method=method, square=square, temperature=temperature)
    shown, found = reduced(scan, found, longest_px=longest_px)
    shown.flags.writeable = found.heat.flags.writeable = False
    return shown, found


def _file_of(run: Run, path: str) -> Path:
    """A run's tables may come from anywhere: what they name must lie in the dataset's folder."""
    from core.data.folders import refusal
    from core.errors import DatasetError

    root = Path(run.record.data).resolve()
    if reason := refusal(root, path):
        raise DatasetError(f"expected a scan in {root}, found {path!r}: {reason}")
    return root / path


def _changed(path: Path) -> float:
    from core.data.frames import file_and_frame

    try:
        return file_and_frame(path)[0].stat().st_mtime
    except OSError:
        return 0.0
