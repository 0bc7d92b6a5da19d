"""From one case of the worklist to the next."""

import streamlit as st

from pages.shared import state


def show_paging(position: int, count: int, before: str, after: str) -> None:
    """Buttons for the previous and the next case, which answer to the arrow keys too, and where in the list this is.

    Args:
        position: of the case shown, from 0.
        count: of cases in the worklist.
        before, after: paths of the cases around it; empty where there is none.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _button("Previous", "chevron_left", "left", before, "Left")
        st.markdown(f"**{position + 1:,}** of {count:,}", text_alignment="center", width="content")
        _button("Next", "chevron_right", "right", after, "Right")


def turn_to(path: str) -> None:
    """Callback: show this case; the listing begins without a chosen row, so that each can be chosen again."""
    state.put(state.CASE, path)
    st.session_state[state.WORKLIST_TURN] = st.session_state.get(state.WORKLIST_TURN, 0) + 1


def rerun_if_turned(path: str) -> None:
    """For a fragment within that of this case: paint the page again where another case was turned to meanwhile.

    Streamlit runs one fragment for all that the browser said within one tick: a press that met a wish for slices has
    been called back by now, and would not be painted.
    """
    if state.get(state.CASE) != path:
        st.rerun()


def _button(label: str, icon: str, side: str, path: str, key: str) -> None:
    st.button(
        label,
        key=label.lower(),
        icon=f":material/{icon}:",
        icon_position=side,
        shortcut=key,
        disabled=not path,
        on_click=turn_to,
        args=(path,),
    )
