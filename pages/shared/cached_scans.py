"""Streamlit's caches around single scans: thumbnails, where scans lie, and what people upload. Keys as in `cached`."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.runs import Run
from pages.shared import cached

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.explanation.maps import ScanMap

SHOWN_UPLOAD_PX = 900


def thumbnail(path: Path) -> bytes | None:
    """A scan as a small JPEG; None where it cannot be read."""
    return _thumbnail(str(path), cached.changed_at(path))


def upload_probabilities(run: Run, content: bytes, name: str) -> "NDArray[np.floating]":
    """What a run says about an uploaded file by the scores in force, shape (classes,).

    Raises DatasetError as `read_scan_bytes`.
    """
    key = hashlib.sha256(content).hexdigest()
    made_at = (cached.changed_at(run.weights_path), *cached.scores_changed(run))
    return _upload_probabilities(str(run.folder), made_at, key, content, name, run)


def upload_map(run: Run, content: bytes, name: str, target: str, method: str) -> "tuple[NDArray[np.uint8], ScanMap]":
    """An uploaded scan and its map, no larger than a screen."""
    key = hashlib.sha256(content).hexdigest()
    made_at = (cached.changed_at(run.weights_path), *cached.scores_changed(run))
    return _upload_map(str(run.folder), made_at, key, target, method, content, name, run)


def known_scans(run: Run) -> dict[str, tuple[str, str]]:
    """Split and label of every scan that a run was made with, by the SHA-256 of its file."""
    return _known_scans(str(run.folder), cached.changed_at(run.folder / "index.parquet"), run)


def content_of(run: Run, path: str) -> str:
    """The SHA-256 of a scan that the run was made with; empty where it was made without it."""
    return _contents(str(run.folder), cached.changed_at(run.folder / "index.parquet"), run).get(path, "")


def file_of(run: Run, path: str) -> Path:
    """Where a scan of the run's dataset lies; a run's tables may come from anywhere.

    Raises:
        DatasetError: the path leads out of the dataset's folder.
    """
    from core.data.folders import refusal
    from core.errors import DatasetError

    root = Path(run.record.data).resolve()
    if reason := refusal(root, path):
        raise DatasetError(f"expected a scan in {root}, found {path!r}: {reason}")
    return root / path


@st.cache_resource(show_spinner=False, max_entries=2048)
def _thumbnail(path: str, changed_at: float) -> bytes | None:
    from core.data.images import read_scan
    from core.data.thumbnails import thumbnail_jpeg
    from core.errors import DatasetError

    try:
        return thumbnail_jpeg(read_scan(path))
    except DatasetError:
        return None


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

    network = cached.model(_run)
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
    from core.calibration import temperature_in_force
    from core.data.images import read_scan_bytes
    from core.explanation.maps import explain
    from core.explanation.overlay import reduced

    network = cached.model(_run)
    scan = read_scan_bytes(_content, _name, window=network.window)
    found = explain(network, scan, target=target, method=method, temperature=temperature_in_force(_run))
    shown, found = reduced(scan, found, longest_px=SHOWN_UPLOAD_PX)
    shown.flags.writeable = found.heat.flags.writeable = False
    return shown, found
