"""The book of readers' notes beside the runs: SQLite, added to and never changed, keyed by the content of scans."""

import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import RequestError, WorkError
from core.review.book import opened_book, writing
from core.review.notes.marks import Mark
from core.review.notes.note import Note, checked_kept_note, checked_note, time_text
from core.review.studies.study import reader_key

if TYPE_CHECKING:
    import pandas as pd

    from core.runs import Run

BOOK_NAME = "notes.sqlite"
COLUMNS = (
    *("id", "at", "undone", "reader", "content", "verdict", "confidence", "right_label", "text"),
    *("mark", "x0", "y0", "x1", "y1", "run", "path"),
)
"""Of a note as a row: those of `Note`, with its mark's kind and corners; no mark is "" and NULL."""

_SCHEMA_VERSION = 1
_SCHEMA = (
    """CREATE TABLE note (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        at TEXT NOT NULL,
        reader TEXT NOT NULL,
        content TEXT NOT NULL,
        verdict TEXT NOT NULL,
        confidence TEXT NOT NULL,
        right_label TEXT NOT NULL,
        text TEXT NOT NULL,
        mark TEXT NOT NULL,
        x0 REAL, y0 REAL, x1 REAL, y1 REAL,
        run TEXT NOT NULL,
        path TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX note_of_scan ON note (content, reader, at)",
    "CREATE TABLE undo (id TEXT PRIMARY KEY REFERENCES note (id), at TEXT NOT NULL) STRICT",
)
_KEPT = tuple(name for name in COLUMNS if name != "undone")
_NAMED = ", ".join("coalesce(undo.at, '') AS undone" if name == "undone" else f"note.{name}" for name in COLUMNS)
_ALL = f"SELECT {_NAMED} FROM note LEFT JOIN undo ON undo.id = note.id"
_IN_ORDER = "ORDER BY note.at, note.number"
_LAST_FIRST = "ORDER BY note.at DESC, note.number DESC"
_STANDING = f"""SELECT {", ".join(COLUMNS)} FROM (
    SELECT note.*, '' AS undone,
        row_number() OVER (PARTITION BY content, reader_key(reader) ORDER BY note.at DESC, number DESC) AS age
    FROM note LEFT JOIN undo ON undo.id = note.id WHERE undo.id IS NULL
) WHERE age = 1 ORDER BY at, number"""
_READ = "SELECT DISTINCT content FROM note WHERE id NOT IN (SELECT id FROM undo)"

_seen: set[Path] = set()  # books that this process has read or written: one that is gone since is no empty one


@dataclass(frozen=True)
class NoteBook:
    """All notes about the scans of the runs in one folder.

    Several servers and the command line may have it open at once; nothing is kept open between two calls. Every
    method raises WorkError where the file is gone, locked, damaged, of a later version, or the disk is full; what was
    saved before is still there then.
    """

    path: Path

    def save(self, note: Note) -> Note:
        """Keep a note; gives it back with its id and time, once it is on the disk.

        Raises:
            RequestError: a value is none that a note may have.
        """
        tidy = checked_note(note)
        with self._opened() as book, writing(book):
            last = book.execute(
                "SELECT max(at) FROM note WHERE content = ? AND reader_key(reader) = ?",
                (tidy.content, reader_key(tidy.reader)),
            ).fetchone()[0]
            kept = replace(tidy, id=uuid.uuid4().hex, at=_after(last), undone="")
            _insert(book, [kept])
        return kept

    def undo(self, content: str, reader: str) -> Note:
        """Take back the note of a reader about a scan that stands now: the one before it stands again.

        Raises:
            RequestError: there is none.
        """
        with self._opened() as book, writing(book):
            rows = book.execute(
                f"{_ALL} WHERE content = ? AND reader_key(reader) = ? AND undo.id IS NULL {_LAST_FIRST} LIMIT 1",
                (content, reader_key(reader)),
            ).fetchall()
            if not rows:
                raise RequestError(f"expected a note of {reader!r} about this scan to take back, found none")
            now = time_text(datetime.now(UTC))
            book.execute("INSERT INTO undo (id, at) VALUES (?, ?)", (rows[0]["id"], now))
        return replace(_note(rows[0]), undone=now)

    def of_scan(self, content: str) -> tuple[Note, ...]:
        """Every note about a scan by whomever, oldest first, also those taken back or followed by another."""
        return self._notes(f"{_ALL} WHERE content = ? {_IN_ORDER}", (content,))

    def history(self) -> tuple[Note, ...]:
        """Every note ever kept, oldest first."""
        return self._notes(f"{_ALL} {_IN_ORDER}")

    def standing(self) -> tuple[Note, ...]:
        """The last note of each reader about each scan that was not taken back, oldest first.

        Capitals and spaces make nobody another reader (`core.review.studies.study.reader_key`).
        """
        return self._notes(_STANDING)

    def latest(self) -> "pd.DataFrame":
        """The same as a table: `COLUMNS`."""
        import pandas as pd

        return pd.DataFrame(self._rows(_STANDING), columns=list(COLUMNS))

    def scans_read(self) -> frozenset[str]:
        """The contents of all scans that anybody has a standing note about: quick, for worklists."""
        return frozenset(content for (content,) in self._rows(_READ))

    def take_in(self, notes: Iterable[Note]) -> int:
        """Add notes of another book, all or none; gives back how many were new.

        A note that is here already is not added again; one that was taken back there is taken back here.

        Raises:
            RequestError: a value is none that a note may have, or a note is here with other values under its id.
        """
        tidy = [checked_kept_note(note) for note in notes]
        with self._opened() as book, writing(book):
            known = {row["id"]: _note(row) for row in book.execute(_ALL)}
            fresh: dict[str, Note] = {}
            for note in tidy:
                before = known.get(note.id, fresh.get(note.id))
                if before is not None and replace(before, undone="") != replace(note, undone=""):
                    raise RequestError(
                        f"expected a note to stay as it was kept, found {note.id} with other values than here; "
                        "leave it out, or export the notes anew"
                    )
                if before is None:
                    fresh[note.id] = note
            _insert(book, list(fresh.values()))
            undone = [(note.id, note.undone) for note in tidy if note.undone]
            book.executemany("INSERT OR IGNORE INTO undo (id, at) VALUES (?, ?)", undone)
        return len(fresh)

    def changed(self) -> tuple[int, ...]:
        """What differs after every change: a key for caches; cheap, opens nothing."""
        return tuple(
            number
            for path in (self.path, self.path.with_name(f"{self.path.name}-wal"))
            for number in _size_and_time_ns(path)
        )

    def _notes(self, query: str, values: tuple[str, ...] = ()) -> tuple[Note, ...]:
        return tuple(_note(row) for row in self._rows(query, values))

    def _rows(self, query: str, values: tuple[str, ...] = ()) -> list[Any]:
        """What is there; reading makes no file."""
        if not self.path.exists() and self.path not in _seen:
            return []
        with self._opened() as book:
            return [tuple(row) for row in book.execute(query, values)]

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        if self.path in _seen and not self.path.exists():
            raise WorkError(
                f"expected the notes in {self.path}, where they were, found no such file; put it back, or start again "
                "to begin an empty one"
            )
        with opened_book(self.path, _SCHEMA, _SCHEMA_VERSION) as book:
            _seen.add(self.path)
            book.create_function("reader_key", 1, reader_key, deterministic=True)
            yield book


def notes_of(run: "Run") -> NoteBook:
    """The book beside a run."""
    return NoteBook(run.folder.parent / BOOK_NAME)


def as_row(note: Note) -> tuple[Any, ...]:
    """The values of `COLUMNS`."""
    mark = note.mark
    corners = (None,) * 4 if mark is None else (mark.x0, mark.y0, mark.x1, mark.y1)
    placed = dict(zip(("x0", "y0", "x1", "y1"), corners, strict=True)) | {"mark": "" if mark is None else mark.kind}
    return tuple(placed[name] if name in placed else getattr(note, name) for name in COLUMNS)


def _note(row: Any) -> Note:
    values = dict(zip(COLUMNS, row, strict=True))
    kind, corners = values.pop("mark"), [values.pop(name) for name in ("x0", "y0", "x1", "y1")]
    return Note(mark=Mark(kind, *corners) if kind else None, **values)


def _insert(book: sqlite3.Connection, notes: list[Note]) -> None:
    undone = COLUMNS.index("undone")
    rows = [tuple(value for place, value in enumerate(as_row(note)) if place != undone) for note in notes]
    book.executemany(f"INSERT INTO note ({', '.join(_KEPT)}) VALUES ({', '.join('?' * len(_KEPT))})", rows)


def _after(last: str | None) -> str:
    """The time now; a millisecond after the last note where that is not before it: a clock may have been set back."""
    now = datetime.now(UTC)
    if last is not None:
        now = max(now, datetime.fromisoformat(last) + timedelta(milliseconds=1))
    return time_text(now)


def _size_and_time_ns(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns
