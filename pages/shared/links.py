"""What a link carries: the run, the case and the worklist, in the address bar.

The address is read once, when a session begins, and written after each run of a page, because a change of page empties
it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from pages.shared import state

_IN_ADDRESS = {
    "run": state.PICKED_RUN,
    "case": state.CASE,
    "cell": state.CELL,
    "split": state.SPLIT,
    "truth": state.TRUTH,
    "predicted": state.PREDICTED,
    "where": state.WHERE,
    "score": state.SCORE_RANGE,
    "group": state.GROUP,
    "only": state.ONLY,
    "order": state.ORDER,
    "area": state.AREA,
    "view": state.VIEW,
    "data": state.DATA_FOLDER,
    "study": state.STUDY,
}
_ON_PAGES = {
    "run": ("performance", "threshold", "review", "prediction"),
    "case": ("review",),
    "cell": ("review",),
    "split": ("review", "performance"),
    "truth": ("review",),
    "predicted": ("review",),
    "where": ("review",),
    "score": ("review",),
    "group": ("review",),
    "only": ("review",),
    "order": ("review",),
    "area": ("review",),
    "view": ("review",),
    "data": ("dataset", "training"),
    "study": ("study",),
}
_OF_WORKLIST = ("cell", "split", "truth", "predicted", "where", "score", "group", "only", "order", "area")


@dataclass(frozen=True)
class Case:
    """A scan of a worklist, as a link names it; what is empty narrows nothing.

    Attributes:
        cell: one or several, as under `CELL`.
        split: as under `SPLIT`.
        path: of the scan; empty: the first of the worklist.
        truth, predicted: classes that the worklist is narrowed to.
        where: subgroups likewise, as `core.review.worklists.filters.Filters.to_query` writes them.
        group: a group likewise.
    """

    cell: str
    split: str
    path: str = ""
    truth: str = ""
    predicted: str = ""
    where: str = ""
    group: str = ""


def read_address(url_path: str) -> None:
    """Take the address of a page into the session, once; and what was asked for since the sidebar was last drawn."""
    if state.WANTED_RUN in st.session_state:
        st.session_state[state.PICKED_RUN] = st.session_state.pop(state.WANTED_RUN)
    if st.session_state.get(state.ADDRESS_WAS_READ):
        return
    st.session_state[state.ADDRESS_WAS_READ] = True
    for name, key in _IN_ADDRESS.items():
        if name in st.query_params:
            st.session_state[key] = st.query_params[name]
    if "split" in st.query_params and url_path != "review":  # there it is the worklist's alone
        state.put(state.SPLIT_ON_PERFORMANCE, st.query_params["split"])
    state.put(state.CASE_ASKED, state.get(state.CASE))


def write_address(url_path: str) -> None:
    """Put into the address what a link to this page must carry, and nothing else."""
    wanted = {
        name: str(st.session_state[key])
        for name in _IN_ADDRESS
        if url_path in _ON_PAGES[name] and st.session_state.get(key := _key(name, url_path))
    }
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def open_case(case: Case) -> None:
    """Let the review page show this case or worklist; a callback, or just before `st.switch_page`."""
    ask_for_worklist(_parts_of(case))
    state.put(state.CASE, case.path)
    state.put(state.CASE_ASKED, case.path)
    state.put(state.VIEW, "")


def address_of(run_id: str, case: Case) -> dict[str, str]:
    """What the address holds where this case or worklist of a run is open."""
    parts = {"run": run_id, "case": case.path, **_parts_of(case)}
    return {name: value for name, value in parts.items() if value}


def asked_worklist() -> dict[str, str]:
    """The worklist in the address, as `core.review.worklists.filters.Filters.from_query` reads it."""
    return {name: state.get(_IN_ADDRESS[name]) for name in _OF_WORKLIST if state.get(_IN_ADDRESS[name])}


def ask_for_worklist(query: Mapping[str, str]) -> None:
    """Put a worklist into the address, as `Filters.to_query` of core writes it, and nothing beside it.

    The case stays: it is shown where the worklist has it.
    """
    for name in _OF_WORKLIST:
        state.put(_IN_ADDRESS[name], query.get(name, ""))


def forget_case() -> None:
    """Begin the worklist at its first case; a callback."""
    state.put(state.CASE, "")


def forget_narrowing() -> None:
    """No longer narrow the worklist to what another run does not know, and begin it anew; a callback."""
    forget_case()
    for key in (state.TRUTH, state.PREDICTED, state.WHERE, state.GROUP, state.AREA):
        state.put(key, "")


def ask_for_run(run_id: str) -> None:
    """Let the sidebar show this run from the next run of a page on."""
    st.session_state[state.WANTED_RUN] = run_id
    forget_narrowing()


def _key(name: str, url_path: str) -> str:
    """Under which session key stands what a page has in its address: the performance page has a split of its own."""
    return state.SPLIT_ON_PERFORMANCE if (name, url_path) == ("split", "performance") else _IN_ADDRESS[name]


def _parts_of(case: Case) -> dict[str, str]:
    return {name: value for name in _OF_WORKLIST if (value := getattr(case, name, ""))}
