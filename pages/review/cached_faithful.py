"""Streamlit's cache around measuring maps: a map is measured once, however often its page is painted."""

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import streamlit as st

from core.runs import Run
from pages.shared import cached, cached_scans

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.explanation.faithfulness.measured import Faithfulness

_MOST = 64

Key = tuple[str, float, str, float, str, str, str]


def key_of(run: Run, path: str, target: str, method: str, layer: str) -> Key:
    """What a map's measures depend on: weights, scan, and what was asked."""
    changed = cached.changed_at(cached_scans.file_of(run, path))
    return str(run.folder), cached.changed_at(run.weights_path), path, changed, target, method, layer


def measured(key: Key) -> "Faithfulness | None":
    """What was measured before; None where nothing was."""
    return _kept().get(key)


def measure_now(run: Run, key: Key, *, progress: "Callable[[int, int], None] | None" = None) -> "Faithfulness":
    """Measure a map and keep what was found; takes some seconds.

    Raises:
        DatasetError: the scan is not there, or cannot be read.
        RequestError: as `core.explanation.faithfulness.measured.measure`.
    """
    from core.analyses.scans import square_of
    from core.explanation.faithfulness.measured import measure

    _, _, path, _, target, method, layer = key
    model = cached.model(run)
    square = square_of(run, model, path, sha256=cached_scans.content_of(run, path))
    found = measure(model, square, target=target, method=method, layer=layer, progress=progress)
    _kept().put(key, found)
    return found


class _Kept:
    """What was measured last. A measurement is never shared while it is made: leaving the page ends it there alone."""

    def __init__(self) -> None:
        self._found: OrderedDict[Key, Faithfulness] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> "Faithfulness | None":
        with self._lock:
            return self._found.get(key)

    def put(self, key: Key, found: "Faithfulness") -> None:
        with self._lock:
            self._found[key] = found
            while len(self._found) > _MOST:
                self._found.popitem(last=False)


@st.cache_resource(show_spinner=False)
def _kept() -> _Kept:
    return _Kept()
