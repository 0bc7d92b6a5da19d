"""Tabs of which only the open one is worked out, and which stay open for those who come back to the page."""

from collections.abc import Callable, Mapping

import streamlit as st

from pages.shared import state
from pages.shared.errors import errors_in_a_line


def show_tabs(panels: Mapping[str, Callable[[], None]], key: str) -> None:
    """Tabs by their titles; what goes wrong in one is said there.

    Args:
        panels: what draws each.
        key: of `pages.shared.state`, with the title of the open one.
    """
    kept = f"{key}{state.KEPT}"
    if key not in st.session_state and state.get(kept) in panels:
        state.put(key, state.get(kept))
    tabs = st.tabs(list(panels), key=key, on_change=lambda: state.put(kept, state.get(key)))
    for tab, show in zip(tabs, panels.values(), strict=True):
        if tab.open:
            with tab, errors_in_a_line():
                show()
