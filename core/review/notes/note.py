"""One note of one reader about one scan, and what may stand in it."""

import re
import unicodedata
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.errors import RequestError
from core.review.notes.marks import Mark
from core.review.notes.verdicts import CONFIDENCES, LABEL_WRONG, VERDICTS

MOST_READER_LETTERS = 60
MOST_TEXT_LETTERS = 4000
_MOST_NAME_LETTERS = 4096  # of a label, a run or a path
_CONTENT = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{32}")
_JOINERS = "\u200c\u200d"  # part of names in several scripts, though nothing of them is seen
_CLOCKS_MAY_DIFFER = timedelta(days=1)


@dataclass(frozen=True)
class Note:
    """What a reader said about a scan. Nothing in it changes once it is kept: a correction is another note.

    Attributes:
        content: `sha256` of the scan in an index, which is the same in every run that has the scan: so are its notes.
        reader: who says so, at most `MOST_READER_LETTERS` letters.
        verdict: a key of `VERDICTS`.
        confidence: one of `CONFIDENCES`, or empty.
        right_label: the class that a scan with a wrong label belongs to; empty where nobody says.
        text: free, at most `MOST_TEXT_LETTERS` letters, lines ended by "\\n".
        mark: where on the scan.
        run: id of the run that the reader was looking at.
        path: of the scan there.
        at: when it was kept, ISO 8601, UTC, to the millisecond; later than every earlier note of this reader about
            this scan. Given with `id` when the note is kept.
        id: 32 hexadecimal digits, the same in every book that the note is carried to.
        undone: when it was taken back; empty while it stands.
    """

    content: str
    reader: str
    verdict: str
    confidence: str = ""
    right_label: str = ""
    text: str = ""
    mark: Mark | None = None
    run: str = ""
    path: str = ""
    at: str = ""
    id: str = ""
    undone: str = ""


def checked_note(note: Note) -> Note:
    """The note as it is kept: tidied, or refused.

    Raises:
        RequestError: a value is none that a note may have; says which, and what is expected.
    """
    for spec in fields(note):
        value = getattr(note, spec.name)
        if spec.name != "mark" and not isinstance(value, str):
            raise RequestError(f"expected {spec.name} of a note to be a text, found {value!r:.60}")
    tidy = replace(
        note,
        reader=checked_reader(note.reader),
        text=_checked_text(note.text),
        right_label=_one_line("right_label", note.right_label),
        run=_one_line("run", note.run),
        path=_one_line("path", note.path),
    )
    _check_among("verdict", tidy.verdict, tuple(VERDICTS))
    _check_among("confidence", tidy.confidence, ("", *CONFIDENCES))
    if not _CONTENT.fullmatch(tidy.content):
        raise RequestError(f"expected the SHA-256 of a scan's content, found {tidy.content!r:.80}")
    if tidy.right_label and tidy.verdict != LABEL_WRONG:
        raise RequestError(f"expected a right label with the verdict {LABEL_WRONG!r} only, found it with another")
    if tidy.mark is not None and not isinstance(tidy.mark, Mark):
        raise RequestError(f"expected a mark or none, found {tidy.mark!r:.60}")
    return tidy


def checked_kept_note(note: Note) -> Note:
    """The same for a note that was kept before, with its id and its times; raises as `checked_note`."""
    tidy = checked_note(note)
    if not _ID.fullmatch(tidy.id):
        raise RequestError(f"expected the id of a note, 32 hexadecimal digits, found {tidy.id!r:.60}")
    return replace(tidy, at=checked_time(tidy.at), undone=checked_time(tidy.undone) if tidy.undone else "")


def checked_reader(name: str) -> str:
    """A reader's name, without spaces around it.

    Raises:
        RequestError: it is empty, too long, or holds what cannot be seen.
    """
    tidy = " ".join(unicodedata.normalize("NFC", name).split(" ")).strip()
    if not tidy.strip(f" {_JOINERS}"):
        raise RequestError("expected a reader's name, found none; say who reads")
    if len(tidy) > MOST_READER_LETTERS:
        raise RequestError(
            f"expected a reader's name of at most {MOST_READER_LETTERS} letters, found {len(tidy)}; shorten it"
        )
    if not all(letter.isprintable() or letter in _JOINERS for letter in tidy):
        raise RequestError("expected a reader's name without control characters, found one; type it anew")
    return tidy


def time_text(moment: datetime) -> str:
    """A time as notes keep it: UTC, to the millisecond, always as long, so that texts compare as times do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def checked_time(text: str) -> str:
    """A time as `time_text` writes it.

    Raises:
        RequestError: it is no time with a zone, or has not come yet.
    """
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC) if text else None
        if moment is None or datetime.fromisoformat(text).tzinfo is None:
            raise ValueError("no zone")
    except (ValueError, OverflowError):
        raise RequestError(
            f"expected a time with its zone, such as 2026-01-31T12:00:00+00:00, found {text!r:.60}"
        ) from None
    if moment > datetime.now(UTC) + _CLOCKS_MAY_DIFFER:
        raise RequestError(f"expected the time of a note that was made, found {text!r:.60}, which has not come yet")
    return time_text(moment)


def _checked_text(text: str) -> str:
    tidy = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(tidy) > MOST_TEXT_LETTERS:
        raise RequestError(f"expected a text of at most {MOST_TEXT_LETTERS:,} letters, found {len(tidy):,}; shorten it")
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in tidy):
        raise RequestError("expected a text without control characters, found one; type it anew")
    return tidy


def _one_line(name: str, text: str) -> str:
    if len(text) > _MOST_NAME_LETTERS:
        raise RequestError(f"expected {name} of at most {_MOST_NAME_LETTERS:,} letters, found {len(text):,}")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise RequestError(f"expected {name} without control characters, found one in {text!r:.60}")
    return text


def _check_among(name: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        raise RequestError(f"expected {name} to be one of {', '.join(filter(None, known))}, found {value!r:.60}")
