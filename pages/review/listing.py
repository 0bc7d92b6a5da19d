"""The whole worklist as a table: page by page, so that a hundred thousand rows are never sent at once."""

import base64
import math
import zlib
from functools import partial

import pandas as pd
import streamlit as st

from core.errors import DatasetError
from core.runs import Run
from pages.shared import cached_scans, state
from pages.shared.tables import download_button

PAGE_ROWS = 50
_COLUMNS = ("path", "label", "predicted", "cell", "score", "split", "group")


def show_listing(cases: pd.DataFrame, run: Run, position: int) -> None:
    """One page of the worklist, first the one that the case shown is on; a chosen row is shown above.

    Args:
        cases: the worklist, at least one scan, in its order.
        run: whose scans they are.
        position: of the case shown, from 0.
    """
    pages = math.ceil(len(cases) / PAGE_ROWS)
    # Another list is another table, and so is the same one after paging: its pages and rows begin anew.
    content = zlib.crc32(f"{len(cases)} {cases['path'].iloc[0]} {cases['path'].iloc[-1]}".encode())
    turn = st.session_state.get(state.WORKLIST_TURN, 0)
    page = 1
    with st.container(horizontal=True, vertical_alignment="center"):
        if pages > 1:
            page = st.pagination(
                pages, default=position // PAGE_ROWS + 1, key=f"worklist-page-{content}-{position // PAGE_ROWS}"
            )
        pictures = st.toggle("Thumbnails", key=state.WORKLIST_PICTURES, persist_state="session")
    first = (page - 1) * PAGE_ROWS
    rows = cases.iloc[first : first + PAGE_ROWS]
    key = f"worklist-{run.id}-{content}-{page}-{turn}"
    shown = rows[list(_COLUMNS)].assign(number=range(first + 1, first + 1 + len(rows)))
    config = {
        "number": st.column_config.NumberColumn("#", width="small"),
        "score": st.column_config.ProgressColumn("score", min_value=0.0, max_value=1.0, format="%.3f"),
    }
    if pictures:
        shown = shown.assign(picture=[_thumbnail(run, path) for path in rows["path"]])
        config["picture"] = st.column_config.ImageColumn("scan", width="small")
    st.dataframe(
        shown[["number", *(["picture"] if pictures else []), *_COLUMNS]],
        hide_index=True,
        width="stretch",
        height=320,
        row_height=64 if pictures else None,
        on_select=partial(_take_row, key, rows["path"].tolist()),
        selection_mode="single-row",
        key=key,
        column_config=config,
        alt=f"Scans {first + 1} to {first + len(rows)} of {len(cases)} in the worklist",
    )
    download_button(cases[list(_COLUMNS)], f"{run.id}-worklist")


def _thumbnail(run: Run, path: str) -> str | None:
    """A small picture within the table itself; None where the scan cannot be read."""
    try:
        picture = cached_scans.thumbnail(cached_scans.file_of(run, path))
    except DatasetError:
        return None
    return None if picture is None else f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"


def _take_row(key: str, paths: list[str]) -> None:
    """Callback: a row of the worklist was chosen; taking the choice back leaves the case as it is."""
    rows = st.session_state[key]["selection"]["rows"]
    if rows:
        state.put(state.CASE, paths[rows[0]])
