"""The cases around the one on screen: the browser knows their order, and holds the nearest ahead."""

import time
import zlib
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.errors import ExplorerError
from core.evaluation.decision.operating_point import OperatingPoint
from core.runs import Run
from pages.review.notes import marks_of_notes
from pages.review.paging import rerun_if_turned
from pages.review.viewer import component, payload
from pages.review.viewer.maps_shown import MapsWanted
from pages.review.viewer.slow_maps import is_slow
from pages.review.viewer.view import around, case_key, case_payload_of, maps_of, maps_payload_of
from pages.shared import cached, cached_viewed, state
from pages.shared.errors import errors_in_a_line

MOST_PX_AHEAD = 4_000_000  # the browser holds such a picture unpacked
_STEPS = 8  # presses that come faster than pages are painted still know where they lead
_COMING = "viewer-coming"


@dataclass(frozen=True)
class Beside:
    """What is around a case.

    Attributes:
        path, key: of the case.
        order: keys of the worklist around it.
        near: the cases that the browser should hold, the likeliest first.
        wanted: which maps are shown; None where the scan could not be shown.
        asked: tells maps as they are shown now from others.
    """

    path: str
    key: str
    order: tuple[str, ...]
    near: tuple[pd.Series, ...]
    wanted: MapsWanted | None
    asked: str


def show_coming(run: Run, cases: pd.DataFrame, position: int, point: OperatingPoint, wanted: MapsWanted | None) -> None:
    """Tell the browser that a case is painted with its notes, and what is around it; called after them.

    Args:
        run: whose worklist it is.
        cases: the worklist in its order.
        position: of the case, from 0.
        point: the thresholds in force, which say what a scan is called.
        wanted: which maps are shown; None where the scan could not be shown.
    """
    path = str(cases["path"].iloc[position])
    first, last = max(0, position - _STEPS), position + _STEPS
    made_of = (wanted, point.threshold, point.upper, cached.scores_changed(run))
    beside = Beside(
        path=path,
        key=case_key(run, path),
        order=tuple(case_key(run, str(path)) for path in cases["path"].iloc[first : last + 1]),
        near=tuple(around(cases, position)),
        wanted=wanted,
        asked=str(zlib.crc32(repr(made_of).encode())),
    )
    _answer(run, beside, time.time_ns() // 1000)


@st.fragment
@errors_in_a_line()
def _answer(run: Run, beside: Beside, painted: int) -> None:
    rerun_if_turned(beside.path)
    wish = st.session_state.pop(state.CASES_WISHED, None)
    near = {case_key(run, str(case["path"])): case for case in beside.near}
    if wish is None or wish.key != beside.key or beside.wanted is None:
        content = payload.coming_payload(beside.key, beside.order, list(near), beside.asked, painted)
    else:
        lacking = [near[key] for key in wish.lacking if key in near]
        ready = [case for case in lacking if _is_ready(run, case, beside.wanted)]
        sent = [_sent(run, case, beside.wanted) for case in ready if not _is_too_large(run, case)]
        content = payload.cases_payload(beside.key, beside.asked, wish.tries, sent, lacking=len(lacking) - len(ready))
    component.mount_coming(_COMING, content, on_wish=_keep_wish)


def _keep_wish() -> None:
    """Callback: the browser asks for cases near the one on screen."""
    st.session_state[state.CASES_WISHED] = component.cases_wished_in(_COMING)


def _sent(run: Run, case: pd.Series, wanted: MapsWanted) -> tuple[bytes, bytes]:
    path = str(case["path"])
    maps = maps_of(run, path, wanted.of(case["predicted"]))
    return case_payload_of(run, case, marks_of_notes(run, case)), maps_payload_of(run, path, maps)


def _is_ready(run: Run, case: pd.Series, wanted: MapsWanted) -> bool:
    """Whether its picture and its maps are there at once: the next press must not wait for them."""
    path = str(case["path"])
    asked = [each for each in wanted.of(case["predicted"]) if not is_slow(each)]
    try:
        return cached_viewed.has_picture(run, path) and all(cached_viewed.has_heat(run, path, each) for each in asked)
    except ExplorerError:
        return False


def _is_too_large(run: Run, case: pd.Series) -> bool:
    """Whether its picture would take too much of the browser's memory beside the others."""
    picture = cached_viewed.picture(run, str(case["path"]))
    return picture.width_px * picture.height_px > MOST_PX_AHEAD
