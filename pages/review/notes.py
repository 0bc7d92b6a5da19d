"""What readers say about one scan: a verdict is kept with one key, and what was said before stands beneath."""

from functools import partial

import pandas as pd
import streamlit as st

from core.errors import RequestError, failure_line
from core.review.notes.marks import Mark
from core.review.notes.note import MOST_READER_LETTERS, MOST_TEXT_LETTERS, Note, checked_reader
from core.review.notes.note_book import notes_of
from core.review.notes.verdicts import CONFIDENCES, LABEL_WRONG, VERDICTS
from core.review.studies.study import reader_key
from core.runs import Run
from pages.review.notes_saving import Saved, amend, decide, field, standing_by_reader, standing_of, undo
from pages.review.viewer.view import marked
from pages.shared import state
from pages.shared.words import literal

_TEXT_HEIGHT_PX = 92


def show_notes(run: Run, case: pd.Series, next_path: str = "") -> None:
    """Five verdicts with the keys 1 to 5, each kept at once; confidence, remark, right label; all earlier notes.

    Args:
        run: whose scan it is.
        case: a row of a worklist: path, label, content.
        next_path: of the case that a verdict turns to, where the reader wants that; empty for the last one.
    """
    reader = _reader()
    said = notes_of(run).of_scan(case["content"])
    own = standing_of(said, reader)
    _begin_fields(case, reader, own)
    _verdicts(run, case, reader, own, next_path)
    st.toggle("A verdict turns to the next scan", key=state.NOTE_GO_ON, persist_state="session", disabled=not reader)
    _last_saved(run, case, own)
    if own is not None and own.verdict == LABEL_WRONG:
        _right_label(run, case, reader)
    st.segmented_control(
        "How sure",
        CONFIDENCES,
        key=field(state.NOTE_CONFIDENCE, reader, case["content"]),
        persist_state="session",
        on_change=partial(amend, run, case),
        disabled=not reader,
    )
    st.text_area(
        "Remark",
        key=field(state.NOTE_TEXT, reader, case["content"]),
        persist_state="session",  # a remark without a verdict is there when the reader comes back
        max_chars=MOST_TEXT_LETTERS,
        height=_TEXT_HEIGHT_PX,
        on_change=partial(amend, run, case),
        disabled=not reader,
        placeholder="Kept with the verdict" if own is None else "",
    )
    _mark(run, case, own)
    _earlier(said, reader, run)


def marks_of_notes(run: Run, case: pd.Series) -> tuple[Mark, ...]:
    """The marks of notes that stand: the reader's own, and those of others once he or she has a verdict too."""
    said = notes_of(run).of_scan(case["content"])
    try:
        own = standing_of(said, checked_reader(state.get(state.READER)))
    except RequestError:  # nobody has said who reads, or so that `_reader` complains of it
        own = None
    shown = () if own is None else standing_by_reader(said).values()
    return tuple(note.mark for note in shown if note.mark is not None)


def _reader() -> str:
    """Who reads; empty while nobody has said so."""
    known = state.get(state.READER)
    place = st.popover(f"Reading as {literal(known)}", icon=":material/person:") if known else st
    typed = place.text_input(
        "Your name",
        key=state.READER,
        max_chars=MOST_READER_LETTERS,
        persist_state="session",
        placeholder="Kept with every note of yours",
    )
    if not typed.strip():
        st.caption("Say who reads, then a verdict is one key: 1 to 5.")
        return ""
    try:
        return checked_reader(typed)
    except RequestError as error:
        st.error(literal(failure_line(error)))
        return ""


def _verdicts(run: Run, case: pd.Series, reader: str, own: Note | None, next_path: str) -> None:
    # Keys name the scan: what was pressed before the next one is painted never counts for that one.
    with st.container(horizontal=True, gap="small"):
        for number, (verdict, words) in enumerate(VERDICTS.items(), start=1):
            chosen = own is not None and own.verdict == verdict
            st.button(
                words,
                key=f"verdict-{verdict}-{case['content']}",
                shortcut=str(number),
                type="primary" if chosen else "secondary",
                disabled=not reader,
                on_click=decide,
                args=(run, case, verdict, next_path),
            )


def _last_saved(run: Run, case: pd.Series, own: Note | None) -> None:
    """What came of the last key, with a way back that also works once the next scan is shown."""
    if problem := state.take(state.NOTE_PROBLEM):
        st.error(literal(problem), icon=":material/error:")
    last = st.session_state.get(state.NOTE_LAST)
    if last is None or last.note.run != run.id:
        if own is None:
            return
        last = Saved(own, str(case["path"]))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        where = "" if last.path == case["path"] else f" for {literal(last.path)}"
        st.markdown(f":green[:material/check:] Saved: {VERDICTS[last.note.verdict]}{where}", width="content")
        st.button(
            "Undo",
            key="undo-note",
            icon=":material/undo:",
            shortcut="u",
            on_click=undo,
            args=(run, last),
        )


def _right_label(run: Run, case: pd.Series, reader: str) -> None:
    others = [name for name in run.record.classes if name != case["label"]]
    if len(others) > 1:
        key = field(state.NOTE_RIGHT_LABEL, reader, case["content"])
        st.pills(
            "Right label",
            others,
            key=key,
            persist_state="session",
            format_func=literal,
            on_change=partial(amend, run, case),
        )
        if not st.session_state.get(key):
            st.caption("Without the right label the note changes nothing in a corrected copy.")


def _mark(run: Run, case: pd.Series, own: Note | None) -> None:
    """What is drawn goes with the next verdict; or now, where there is one."""
    drawn = marked(run, case["path"])
    if own is not None and own.mark is not None:
        st.button(
            f"Take the {own.mark.kind} off the note",
            key=f"drop-mark-{case['content']}",
            icon=":material/ink_eraser:",
            type="tertiary",
            on_click=partial(amend, run, case, keep_mark=False),
        )
    if drawn is None or (own is not None and own.mark == drawn):
        return
    if own is None:
        st.caption(f":material/ink_selection: The {drawn.kind} on the scan goes with the verdict.")
    else:
        st.button(
            f"Keep the {drawn.kind} with the note",
            key=f"keep-mark-{case['content']}",
            icon=":material/ink_selection:",
            on_click=amend,
            args=(run, case),
        )


def _earlier(said: tuple[Note, ...], reader: str, run: Run) -> None:
    """Others are folded in until the reader has a verdict of his or her own: two opinions count if they are two."""
    standing, own = standing_by_reader(said), reader_key(reader) if reader else ""
    others = [note for name, note in standing.items() if name != own]
    if others:
        with st.expander(f"Other readers ({len(others)})", expanded=own in standing, icon=":material/group:"):
            for note in others:
                _line(note, run, text=note.text)
    seen = [note for note in said if own in standing or reader_key(note.reader) == own]
    if seen:
        with st.expander(f"History ({len(seen)})", icon=":material/history:"):
            before = _texts_before(said)
            for note in reversed(seen):
                state_words = "" if note in standing.values() else "taken back" if note.undone else "changed since"
                _line(note, run, state_words, text=note.text if note.text != before[note.id] else "")


def _texts_before(said: tuple[Note, ...]) -> dict[str, str]:
    """What each note's reader had remarked before it: a remark that stayed is not shown again."""
    last: dict[str, str] = {}
    before = {}
    for note in said:
        before[note.id] = last.get(reader_key(note.reader), "")
        last[reader_key(note.reader)] = note.text
    return before


def _line(note: Note, run: Run, state_words: str = "", *, text: str) -> None:
    label = f" → {literal(note.right_label)}" if note.right_label else ""
    parts = [f"{VERDICTS[note.verdict]}{label}", note.confidence and f"{note.confidence} confidence"]
    parts += [note.mark.kind if note.mark is not None else "", f"{note.at[:16].replace('T', ' ')} UTC", state_words]
    parts += ["" if note.run == run.id else f"on {literal(note.run)}"]
    st.markdown(f"**{literal(note.reader)}** · " + " · ".join(filter(None, parts)))
    if text:
        st.text(text)


def _begin_fields(case: pd.Series, reader: str, own: Note | None) -> None:
    """Fields begin with what the reader's note says that stands; what was typed since stays."""
    begun = {
        state.NOTE_CONFIDENCE: (own.confidence or None) if own else None,
        state.NOTE_TEXT: own.text if own else "",
        state.NOTE_RIGHT_LABEL: (own.right_label or None) if own else None,
    }
    for name, value in begun.items():
        st.session_state.setdefault(field(name, reader, case["content"]), value)
