"""Keeping what a reader says about a scan: callbacks of the buttons and fields in `pages.review.notes`."""

from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from core.errors import ExplorerError, failure_line
from core.review.notes.note import Note, checked_note, checked_reader
from core.review.notes.note_book import notes_of
from core.review.notes.verdicts import LABEL_WRONG
from core.review.studies.study import reader_key
from core.runs import Run
from pages.review.paging import turn_to
from pages.review.viewer.view import forget_mark, marked
from pages.shared import state

FIELDS = (state.NOTE_CONFIDENCE, state.NOTE_TEXT, state.NOTE_RIGHT_LABEL)


@dataclass(frozen=True)
class Saved:
    """A note that was kept in this session, and the path under which its scan was looked at."""

    note: Note
    path: str


def standing_of(said: tuple[Note, ...], reader: str) -> Note | None:
    """The note of a reader that stands, of all about a scan, oldest first."""
    return standing_by_reader(said).get(reader_key(reader)) if reader else None


def standing_by_reader(said: tuple[Note, ...]) -> dict[str, Note]:
    """The note that stands of each reader, by `reader_key`, of all about a scan, oldest first."""
    return {reader_key(note.reader): note for note in said if not note.undone}


def field(key: str, reader: str, content: str) -> str:
    """The session key of a field beside the verdict: one of `FIELDS`, for a reader and a scan."""
    return f"{key}{reader}-{content}"


def decide(run: Run, case: pd.Series, verdict: str, next_path: str) -> None:
    """Callback: keep a verdict with all that stands beside it; turn on where that is wanted."""
    if _save(run, case, verdict) and next_path and st.session_state.get(state.NOTE_GO_ON):
        turn_to(next_path)


def amend(run: Run, case: pd.Series, *, keep_mark: bool = True) -> None:
    """Callback: something beside the verdict was changed; without a verdict there is no note yet."""
    _save(run, case, "", keep_mark=keep_mark)


def undo(run: Run, last: Saved) -> None:
    """Callback: take the last note back, and show its scan again."""
    book, note = notes_of(run), last.note
    try:
        own = standing_of(book.of_scan(note.content), note.reader)
        if own is not None and own.id == note.id:  # not a key that came twice
            book.undo(note.content, note.reader)
    except ExplorerError as error:
        state.put(state.NOTE_PROBLEM, failure_line(error))
    for key in FIELDS:  # they begin anew with what stands then
        st.session_state.pop(field(key, last.note.reader, last.note.content), None)
    st.session_state.pop(state.NOTE_LAST, None)
    if last.path != state.get(state.CASE):
        turn_to(last.path)


def _save(run: Run, case: pd.Series, verdict: str, *, keep_mark: bool = True) -> bool:
    """Keep a note; without a verdict the one that stands is changed. Gives back whether all went well."""
    try:
        reader = checked_reader(state.get(state.READER))
        own = standing_of(notes_of(run).of_scan(case["content"]), reader)
        if not verdict and own is None:
            return True
        note = _note(run, case, reader, verdict or own.verdict, own if keep_mark else None)
        if own is not None and replace(own, id="", at="", run=run.id, path=note.path) == checked_note(note):
            return True  # the same key twice
        kept = notes_of(run).save(note)
    except ExplorerError as error:
        state.put(state.NOTE_PROBLEM, failure_line(error))
        return False
    forget_mark(run, kept.path)
    st.session_state[state.NOTE_LAST] = Saved(kept, kept.path)
    return True


def _note(run: Run, case: pd.Series, reader: str, verdict: str, own: Note | None) -> Note:
    """What stands in the widgets and is drawn on the scan, else in the reader's note `own`."""
    content, path = case["content"], str(case["path"])
    others = [name for name in run.record.classes if name != case["label"]]
    chosen = st.session_state.get(field(state.NOTE_RIGHT_LABEL, reader, content)) or ""
    right_label = others[0] if len(others) == 1 else chosen
    return Note(
        content=content,
        reader=reader,
        verdict=verdict,
        confidence=st.session_state.get(field(state.NOTE_CONFIDENCE, reader, content)) or "",
        right_label=right_label if verdict == LABEL_WRONG else "",
        text=state.get(field(state.NOTE_TEXT, reader, content)),
        mark=marked(run, path) or (own.mark if own is not None else None),
        run=run.id,
        path=path,
    )
