"""What the viewer shows of single scans, made once and kept as bytes for the browser. Any thread may ask."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.runs import Run
from pages.shared import cached, cached_scans
from pages.shared.bounded import BoundedCache

if TYPE_CHECKING:
    from core.review.pictures import Heat, Picture

MOST_PICTURES, MOST_PICTURE_BYTES = 256, 128 * 2**20
MOST_HEATS, MOST_HEAT_BYTES = 2048, 32 * 2**20
MOST_OUTLINES, MOST_OUTLINE_BYTES = 512, 8 * 2**20


@dataclass(frozen=True)
class Asked:
    """Which map: of a class or `core.explanation.targets.DIFFERENCE`, by a method, at a layer (empty: the last)."""

    target: str
    method: str
    layer: str = ""


@dataclass(frozen=True)
class Outline:
    """Polygons (x, y in [0, 1]) around the lungs; where there are none, `refused` says why."""

    polygons: tuple[tuple[tuple[float, float], ...], ...]
    refused: str


def picture(run: Run, path: str) -> "Picture":
    """A scan of the run's dataset.

    Raises:
        DatasetError: the path leads out of the dataset's folder, or is no scan that can be read.
    """

    def made() -> "Picture":
        from core.data.windows import window_named
        from core.review.pictures import read_picture

        file, content = cached_scans.file_of(run, path), cached_scans.content_of(run, path)
        return read_picture(file, window=window_named(_window(run)), sha256=content)

    return _pictures().get(_picture_key(run, path), made)


def has_picture(run: Run, path: str) -> bool:
    """Whether `picture` answers at once; raises DatasetError as it does."""
    return _pictures().has(_picture_key(run, path))


def heat(run: Run, path: str, asked: Asked) -> "Heat":
    """A map of a scan of the run's dataset, by a method that answers at once.

    Raises:
        DatasetError: as `picture`.
        RequestError: as `core.explanation.maps.explain`.
    """
    return _heats().get(_heat_key(run, path, asked), lambda: _made_heat(run, path, asked))


def has_heat(run: Run, path: str, asked: Asked) -> bool:
    """Whether `heat` answers at once; raises DatasetError as `picture` does."""
    return _heats().has(_heat_key(run, path, asked))


def outline(run: Run, path: str) -> Outline:
    """The outline of the lungs in a scan; raises DatasetError as `picture` does."""
    return _outlines().get(_picture_key(run, path), lambda: _made_outline(run, path))


def slices(run: Run, path: str) -> tuple[str, ...]:
    """The scans of the same group in their order, of every split; the scan alone where it has no others."""
    by_path, groups = _groups(str(run.folder), cached.changed_at(run.folder / "index.parquet"), run)
    return groups[by_path[path]] if path in by_path else (path,)


def layers(run: Run) -> dict[str, str]:
    """The stages of the run's network, first to last, in words; an unnamed one where it has none, as its map says."""
    return _layers(str(run.folder), cached.changed_at(run.weights_path), run)


def _window(run: Run) -> str:
    """The name of the window that the run's scans were decoded with, without its network."""
    return str(run.record.config.get("window", "lung"))


def _picture_key(run: Run, path: str) -> tuple[object, ...]:
    file = cached_scans.file_of(run, path)
    return (str(file), cached.changed_at(file), cached_scans.content_of(run, path), _window(run))


def _heat_key(run: Run, path: str, asked: Asked) -> tuple[object, ...]:
    file = cached_scans.file_of(run, path)
    made_at = (cached.changed_at(run.weights_path), *cached.scores_changed(run))
    return (str(run.folder), made_at, str(file), cached.changed_at(file), asked)


def _made_heat(run: Run, path: str, asked: Asked) -> "Heat":
    from core.calibration import temperature_in_force
    from core.data.images import read_scan, resize_scan
    from core.data.pixels import kept_square
    from core.explanation.maps import explain
    from core.review.pictures import heat_of

    network = cached.model(run)
    content = cached_scans.content_of(run, path)
    square = kept_square(content, network.image_size, window=network.window) if content else None
    if square is None:
        scan = read_scan(cached_scans.file_of(run, path), window=network.window, sha256=content)
        square = resize_scan(scan, network.image_size)
    found = explain(
        network,
        square,
        target=asked.target,
        method=asked.method,
        layer=asked.layer,
        square=square,
        temperature=temperature_in_force(run),
    )
    return heat_of(found)


def _made_outline(run: Run, path: str) -> Outline:
    from core.data.images import read_scan
    from core.data.windows import window_named
    from core.explanation.lungs import find_lungs
    from core.explanation.outlines import outline as traced

    scan = read_scan(cached_scans.file_of(run, path), window=window_named(_window(run)))
    anatomy = find_lungs(scan)
    polygons = () if anatomy.refused else tuple(traced(anatomy.lungs))
    return Outline(tuple(tuple((float(x), float(y)) for y, x in polygon) for polygon in polygons), anatomy.refused)


@st.cache_resource(show_spinner=False)
def _pictures() -> "BoundedCache[Picture]":
    return BoundedCache(lambda made: len(made.packed), MOST_PICTURES, MOST_PICTURE_BYTES)


@st.cache_resource(show_spinner=False)
def _heats() -> "BoundedCache[Heat]":
    return BoundedCache(lambda made: len(made.packed), MOST_HEATS, MOST_HEAT_BYTES)


@st.cache_resource(show_spinner=False)
def _outlines() -> "BoundedCache[Outline]":
    return BoundedCache(lambda made: 48 * sum(map(len, made.polygons)) + 200, MOST_OUTLINES, MOST_OUTLINE_BYTES)


@st.cache_resource(show_spinner=False, max_entries=4)
def _groups(folder: str, changed_at: float, _run: Run) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    from core.review.slices import in_order
    from core.runs import read_index

    index = read_index(_run)[["path", "group"]].astype(str)
    groups = {str(group): in_order(paths) for group, paths in index.groupby("group")["path"]}
    return dict(zip(index["path"], index["group"], strict=True)), groups


@st.cache_resource(show_spinner=False, max_entries=16)
def _layers(folder: str, changed_at: float, _run: Run) -> dict[str, str]:
    from core.errors import RequestError
    from core.explanation.stages import stages

    try:
        return {stage.layer: stage.words for stage in stages(cached.model(_run))}
    except RequestError:
        return {"": "the last"}
