"""Every session key, named and typed; and the part of it that lives in the address bar.

The address holds what a link must carry: the run, the case and the worklist. It is read once, when a session begins,
and written after each run of a page, because a change of page empties it.
"""

from dataclasses import dataclass

import streamlit as st

PICKED_RUN = "picked_run"  # str: id of the run in the sidebar
CASE = "case"  # str: path of the scan under review, as in the run's index
CELL = "cell"  # str: missed, false alarm, found or cleared
SPLIT = "split"  # str: val or test
DATA_FOLDER = "data_folder"  # str: the dataset last opened
POSITIVE = "positive"  # dict[str, str]: chosen positive class by dataset folder
WATCHED_RUN = "watched_run"  # str: id of the run shown on the training page
THRESHOLD_DRAFTS = "threshold_drafts"  # dict[str, Draft]: thresholds being tried and not saved, by run id
THRESHOLD_SAVED = "threshold_saved"  # str: what the threshold page has to say after the next run of it
_ADDRESS_WAS_READ = "address_was_read"
_WANTED_RUN = "wanted_run"  # str: a run asked for while the sidebar was drawn already

_IN_ADDRESS = {"run": PICKED_RUN, "case": CASE, "cell": CELL, "split": SPLIT, "data": DATA_FOLDER}
_ON_PAGES = {
    "run": ("performance", "threshold", "review", "prediction"),
    "case": ("review",),
    "cell": ("review",),
    "split": ("review", "performance"),
    "data": ("dataset", "training"),
}


@dataclass(frozen=True)
class Case:
    """A scan of a worklist, as a link names it."""

    cell: str
    split: str
    path: str = ""


def get(key: str, default: str = "") -> str:
    """The text under a session key."""
    return str(st.session_state.get(key, default))


def put(key: str, value: str) -> None:
    """Keep a text under a session key. For a widget's key: only in callbacks, before the widget is drawn."""
    st.session_state[key] = value


def read_address() -> None:
    """Take the address into the session, once; and what was asked for since the sidebar was last drawn."""
    if _WANTED_RUN in st.session_state:
        st.session_state[PICKED_RUN] = st.session_state.pop(_WANTED_RUN)
    if st.session_state.get(_ADDRESS_WAS_READ):
        return
    st.session_state[_ADDRESS_WAS_READ] = True
    for name, key in _IN_ADDRESS.items():
        if name in st.query_params:
            st.session_state[key] = st.query_params[name]


def write_address(url_path: str) -> None:
    """Put into the address what a link to this page must carry, and nothing else."""
    wanted = {
        name: str(st.session_state[key])
        for name, key in _IN_ADDRESS.items()
        if url_path in _ON_PAGES[name] and st.session_state.get(key)
    }
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def open_case(case: Case) -> None:
    """Let the review page show this case or worklist; a callback, or just before `st.switch_page`."""
    put(CELL, case.cell)
    put(SPLIT, case.split)
    put(CASE, case.path)


def ask_for_run(run_id: str) -> None:
    """Let the sidebar show this run from the next run of a page on."""
    st.session_state[_WANTED_RUN] = run_id
    put(CASE, "")
