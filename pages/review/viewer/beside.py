"""The cases beside the one on screen, sent ahead to the browser, which shows one at once when it is turned to."""

import time
import zlib
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.errors import ExplorerError
from core.runs import Run
from pages.review.notes import marks_of_notes
from pages.review.viewer import component, payload
from pages.review.viewer.maps_shown import MapsWanted
from pages.review.viewer.slow_maps import is_slow
from pages.review.viewer.view import case_key, case_payload_of, maps_payload_of
from pages.shared import cached_viewed, state
from pages.shared.errors import errors_in_a_line

MOST_PX_AHEAD = 4_000_000  # the browser holds such a picture unpacked
_COMING = "viewer-coming"


def cases_beside(cases: pd.DataFrame, position: int) -> dict[str, pd.Series]:
    """The cases around one of the worklist, by the button that leads there."""
    places = {"next": position + 1, "previous": position - 1}
    return {button: cases.iloc[place] for button, place in places.items() if 0 <= place < len(cases)}


def show_coming(run: Run, path: str, beside: Mapping[str, pd.Series], wanted: MapsWanted | None) -> None:
    """Tell the browser that this case is painted with its notes; called after them.

    Args:
        run: whose worklist it is.
        path: of the case.
        beside: as `cases_beside` gives them.
        wanted: which maps are shown; None where the scan could not be shown.
    """
    _answer(run, case_key(run, path), beside, wanted, time.time_ns() // 1000)


@st.fragment
@errors_in_a_line()
def _answer(run: Run, key: str, beside: Mapping[str, pd.Series], wanted: MapsWanted | None, turn: int) -> None:
    wish = st.session_state.pop(state.CASES_WISHED, None)
    asked = "" if wanted is None else str(zlib.crc32(repr(wanted).encode()))
    if wish is None or wish.key != key or wanted is None:
        keys = {button: case_key(run, str(case["path"])) for button, case in beside.items()}
        content = payload.coming_payload(key, {"next": "", "previous": "", **keys}, asked, turn)
    else:
        offered = [case for case in beside.values() if _can_be_sent(run, case)]
        ready = [_sent(run, case, wanted) for case in offered if _is_ready(run, case, wanted)]
        content = payload.cases_payload(key, asked, wish.tries, len(offered), ready)
    component.mount_coming(_COMING, content, on_wish=_keep_wish)


def _keep_wish() -> None:
    """Callback: the browser asks for the cases beside the one on screen."""
    st.session_state[state.CASES_WISHED] = component.cases_wished_in(_COMING)


def _sent(run: Run, case: pd.Series, wanted: MapsWanted) -> tuple[bytes, bytes]:
    maps = maps_payload_of(run, str(case["path"]), wanted.of(case["predicted"]))
    return case_payload_of(run, case, marks_of_notes(run, case)), maps


def _can_be_sent(run: Run, case: pd.Series) -> bool:
    """Whether its picture can be read, and is not too large to be held beside the others."""
    try:
        picture = cached_viewed.picture(run, str(case["path"]))
    except ExplorerError:
        return False
    return picture.width_px * picture.height_px <= MOST_PX_AHEAD


def _is_ready(run: Run, case: pd.Series, wanted: MapsWanted) -> bool:
    """Whether its maps are there at once: the next press must not wait for them."""
    asked = [each for each in wanted.of(case["predicted"]) if not is_slow(each)]
    return all(cached_viewed.is_ready(run, str(case["path"]), each) for each in asked)
