"""Slices of the case's group and its outline, sent to the browser when it asks; nothing else is painted again."""

from collections.abc import Sequence

import streamlit as st

from core.errors import ExplorerError, failure_line
from core.review.pictures import Picture
from core.runs import Run
from pages.review.paging import rerun_if_turned
from pages.review.viewer import component, payload
from pages.shared import cached_viewed, state
from pages.shared.cached_viewed import Outline
from pages.shared.errors import errors_in_a_line

_SLICES = "viewer-slices"


@st.fragment
@errors_in_a_line()
def show_slices(run: Run, path: str, key: str, slices: Sequence[str]) -> None:
    """Answer what the browser wishes for.

    Args:
        run: whose scans these are.
        path: of the case.
        key: what the browser knows the case by.
        slices: paths of its group in their order.
    """
    rerun_if_turned(path)
    wish = st.session_state.pop(state.SLICES_WISHED, None)
    if wish is None or wish.key != key:
        content = payload.slices_payload("", {}, None)
    else:
        pictures = {at: _picture_or_words(run, slices[at]) for at in wish.slices if at < len(slices)}
        content = payload.slices_payload(key, pictures, _outline(run, path) if wish.outline else None)
    component.mount_slices(_SLICES, content, on_wish=_keep_wish)


def _keep_wish() -> None:
    """Callback: the browser asks for something."""
    wish = component.wished_in(_SLICES)
    st.session_state[state.SLICES_WISHED] = wish
    if wish is not None and wish.outline:
        st.session_state[state.OUTLINE_WANTED] = True


def _picture_or_words(run: Run, path: str) -> Picture | str:
    try:
        return cached_viewed.picture(run, path)
    except ExplorerError as error:
        return failure_line(error)


def _outline(run: Run, path: str) -> Outline:
    try:
        return cached_viewed.outline(run, path)
    except ExplorerError as error:
        return Outline((), failure_line(error))
