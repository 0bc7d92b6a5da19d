"""The picture of a case in the viewer, without anything that names it.

All that goes to the browser can be read there. So the viewer knows a case by its number, which tells nothing, and gets
the map only once the reader has committed. It is computed meanwhile, here in the server.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from core.errors import ExplorerError
from core.review.pictures import Heat
from core.review.studies.study import AIDED, Step, Study, order_for, reader_key
from core.runs import Run
from pages.review.viewer import component, payload
from pages.shared import ahead, cached_viewed, state
from pages.shared.cached_viewed import Asked

_VIEW, _MAPS, _SLICES = "study-case", "study-maps", "study-slices"
_COMING = 2  # cases whose scans are read ahead
_KEYS = (
    ("1 to 6", "choose a rating"),
    ("Enter", "keep it for good"),
    ("+ -", "zoom; or Ctrl and the wheel, or two fingers"),
    ("0", "the whole scan; or a double click"),
    ("Shift", "and arrows, on the scan: pan; or drag"),
    ("I", "black is white"),
    ("W", "the window that it began with; drag with the right button or Shift to change it"),
    ("H", "map on and off, once it is shown"),
    ("D", "heat, contour, masked"),
    ("?", "this list"),
)
# Marks, outlines and slices belong to the review; the map's own tools to the second reading.
_HIDDEN = "[data-tool=outline], [data-tool=point], [data-tool=rectangle], [data-tool=unmark]"
_HIDDEN_ALONE = ".viewer-tools:first-child .viewer-group"


def show_picture(run: Run, study: Study, reader: str, step: Step) -> None:
    """The scan; in the second phase with the model's map.

    Raises:
        ExplorerError: the scan cannot be read.
    """
    picture = cached_viewed.picture(run, step.case.path)
    asked, key = Asked(study.positive, study.method), _key(study, reader, step)
    alone = step.phase != AIDED
    maps: list[Heat | str] = [] if alone else [_map_or_words(run, step, asked)]
    with st.container(key="study-picture"):
        _hide(f"{_HIDDEN}, {_HIDDEN_ALONE}" if alone else _HIDDEN)
        label = f"Scan of case {step.position} of {step.of}"
        content = payload.case_payload(key, picture, label=label, at=0, count=1, mark=None, noted=())
        component.mount_case(_VIEW, content, on_mark=_nothing, on_turn=_nothing)
        component.mount_script(payload.script_payload(_KEYS))
        component.mount_maps(_MAPS, payload.maps_payload(key, maps))
        component.mount_slices(_SLICES, payload.slices_payload(key, {}, None), on_wish=_nothing)
    ahead.of_this_server().wish(state.session_id(), _tasks(run, study, reader, step, asked))


def _key(study: Study, reader: str, step: Step) -> str:
    """What the browser knows a case by: another one for each reader, so that nobody sees a map meant for another."""
    return hashlib.sha256(f"{study.id}\n{reader_key(reader)}\n{step.case.number}".encode()).hexdigest()[:16]


def _map_or_words(run: Run, step: Step, asked: Asked) -> Heat | str:
    try:
        found = cached_viewed.heat(run, step.case.path, asked)
        return replace(found, target_score=step.case.score)  # the study's, as it stands beside it
    except ExplorerError:
        return "There is no map of this scan."  # the error's own words may name the file


def _tasks(run: Run, study: Study, reader: str, step: Step, asked: Asked) -> Sequence[ahead.Task]:
    order = order_for(study, reader)
    coming = [study.cases[number].path for number in order[step.position : step.position + _COMING]]
    return [
        partial(cached_viewed.heat, run, step.case.path, asked),
        *(partial(cached_viewed.picture, run, path) for path in coming),
    ]


def _hide(selectors: str) -> None:
    scoped = ", ".join(f".st-key-study-picture {selector.strip()}" for selector in selectors.split(","))
    st.html(f"<style>{scoped} {{ display: none }}</style>")


def _nothing() -> None:
    """Callback: marks, turns and wishes are the review's."""
