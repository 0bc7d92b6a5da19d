"""All notes about a run's scans: how many, what they say, as files to take along and to bring back."""

import json
import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import ExplorerError, failure_line
from core.review.notes.exchange import notes_content, notes_csv, read_notes
from core.review.notes.note import Note
from core.review.notes.note_book import notes_of
from core.review.notes.verdicts import VERDICTS
from core.review.studies.study import reader_key
from core.runs import Run, read_index
from pages.shared import state
from pages.shared.tables import file_button, table_with_download
from pages.shared.words import literal

_MOST_MIB = 64


def show_run_notes(run: Run) -> None:
    """What readers said about this run's scans, and export and import of all of it."""
    st.subheader("Readers' notes")
    book = notes_of(run)
    contents = set(read_index(run)["sha256"].astype(str))
    latest = book.latest()
    shown = latest[latest["content"].isin(contents)]
    readers, scans = shown["reader"].map(reader_key).nunique(), shown["content"].nunique()
    if shown.empty:
        st.info("Nobody has said anything about this run's scans yet.", icon=":material/edit_note:")
    else:
        counts = shown["verdict"].map(VERDICTS).value_counts()
        words = ", ".join(f"{name.lower()} {count:,}" for name, count in counts.items())
        st.markdown(f"{readers:,} reader{'s' * (readers != 1)} on {scans:,} scan{'s' * (scans != 1)}: {words}.")
        columns = ["path", "reader", "verdict", "right_label", "confidence", "text", "at", "run"]
        listed = shown[columns].assign(verdict=shown["verdict"].map(VERDICTS))
        listed["at"] = listed["at"].str[:16].str.replace("T", " ")  # to the minute; exports hold it all
        listed = listed.rename(columns={"right_label": "right label", "at": "at (UTC)"})
        table_with_download(listed, f"notes-{run.id}", alt="The last note of each reader about each scan")
    said = tuple(note for note in book.history() if note.content in contents)
    _carry(run, said)


def _carry(run: Run, said: tuple[Note, ...]) -> None:
    """The files hold every note with its history, and can be read again here or elsewhere."""
    with st.expander("Export and import", icon=":material/swap_vert:"):
        st.caption("With the whole history, so that it can be brought back. A note that is here already stays single.")
        with st.container(horizontal=True):
            none, name = not said, f"all-notes-{run.id}"
            file_button("Export CSV", lambda: notes_csv(said), f"{name}.csv", "text/csv", disabled=none)
            file_button("Export JSON", lambda: _json(said), f"{name}.json", "application/json", disabled=none)
        with st.form("notes-import", clear_on_submit=True, border=False):
            file = st.file_uploader("Notes to bring back", ["csv", "json"], max_upload_size=_MOST_MIB)
            if st.form_submit_button("Import", icon=":material/upload:"):
                _take_in(run, file)
        if words := state.take(state.NOTES_TAKEN):
            st.markdown(words)


def _json(said: tuple[Note, ...]) -> str:
    return json.dumps(notes_content(said), indent=2, allow_nan=False) + "\n"


def _take_in(run: Run, file: Any) -> None:
    if file is None:
        state.put(state.NOTES_TAKEN, ":orange[:material/info:] Choose a file first.")
        return
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"notes{Path(file.name).suffix.lower()}"
            path.write_bytes(file.getvalue())
            found = _named(path, file.name)
        added = notes_of(run).take_in(found)
    except (ExplorerError, OSError) as error:
        words = failure_line(error) if isinstance(error, ExplorerError) else f"cannot keep the file: {error.strerror}"
        state.put(state.NOTES_TAKEN, f":red[:material/error:] {literal(words)}")
        return
    words = f"{added:,} of {len(found):,} notes were new." if added else "All of them were here already."
    state.put(state.NOTES_TAKEN, f":green[:material/check:] {words}")


def _named(path: Path, name: str) -> tuple[Note, ...]:
    """The notes in a file, errors with the name that people know it by."""
    try:
        return read_notes(path)
    except ExplorerError as error:
        raise type(error)(str(error).replace(str(path), name)) from None
