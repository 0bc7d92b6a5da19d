"""The book of reading studies beside the runs: SQLite, added to and never changed.

A reader can stop at any moment and go on anywhere: all that is known of a reading lies here, and every answer is on
the disk before the next case is shown.
"""

import json
import math
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from core.errors import RequestError, WorkError
from core.review.book import opened_book, writing
from core.review.studies.study import (
    LEFT_OUT,
    PHASES,
    RATINGS,
    UNAIDED,
    Answer,
    Step,
    Study,
    next_step,
    reader_key,
    tidy_name,
)
from core.runs import now_text

BOOK_NAME = "studies.sqlite"
_VERSION = 1
_SCHEMA = (
    "CREATE TABLE studies (id TEXT PRIMARY KEY, name_key TEXT NOT NULL UNIQUE, content TEXT NOT NULL) STRICT",
    """CREATE TABLE answers (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        study TEXT NOT NULL REFERENCES studies (id),
        reader_key TEXT NOT NULL,
        reader TEXT NOT NULL,
        number INTEGER NOT NULL,
        phase TEXT NOT NULL,
        rating INTEGER NOT NULL,
        seconds REAL NOT NULL,
        at TEXT NOT NULL,
        UNIQUE (study, reader_key, number, phase)
    ) STRICT""",
    *(
        f"CREATE TRIGGER {table}_{what.lower()} BEFORE {what} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'what was said stays'); END"
        for table in ("studies", "answers")
        for what in ("UPDATE", "DELETE")
    ),
)


@dataclass(frozen=True)
class StudyBook:
    """All studies of a runs folder. Each call opens the file anew, so any number of threads and servers may ask.

    Every method raises WorkError where the file is damaged or cannot be written.
    """

    path: Path

    @classmethod
    def of(cls, runs_folder: Path) -> "StudyBook":
        """The book that lies beside the runs."""
        return cls(runs_folder / BOOK_NAME)

    def add(self, study: Study) -> None:
        """Keep a new study.

        Raises:
            RequestError: another one has its name.
        """
        row = (study.id, _name_key(study.name), json.dumps(study.to_json(), allow_nan=False))
        try:
            with self._opened() as book, writing(book):
                book.execute("INSERT INTO studies (id, name_key, content) VALUES (?, ?, ?)", row)
        except sqlite3.IntegrityError as error:
            raise RequestError(
                f"expected a new name, found the study {study.name!r} already; choose another"
            ) from error

    def studies(self, run: str = "") -> tuple[Study, ...]:
        """All studies, the newest first; of one run where its id is given."""
        if not self.path.exists():
            return ()
        with self._opened() as book:
            rows = book.execute("SELECT content FROM studies ORDER BY rowid DESC").fetchall()
        found = (_study(row["content"], self.path) for row in rows)
        return tuple(study for study in found if run in ("", study.run))

    def study(self, name: str) -> Study:
        """The study of this id or name.

        Raises:
            RequestError: there is none.
        """
        row = None
        if self.path.exists():
            with self._opened() as book:
                row = book.execute(
                    "SELECT content FROM studies WHERE id = ? OR name_key = ? ORDER BY id != ?",
                    (name, name.casefold().strip(), name),
                ).fetchone()
        if row is None:
            raise RequestError(f"expected the id or the name of a study, found {name!r}; list them first")
        return _study(row["content"], self.path)

    def answers(self, study: Study) -> tuple[Answer, ...]:
        """Everything that was said in a study, in the order in which it was."""
        if not self.path.exists():
            return ()
        with self._opened() as book:
            return _answers(book, study)

    def readers(self, study: Study) -> tuple[str, ...]:
        """Who has said something, in the order of their first words and as they wrote their name then."""
        names: dict[str, str] = {}
        for answer in self.answers(study):
            names.setdefault(reader_key(answer.reader), answer.reader)
        return tuple(names.values())

    def next_step(self, study: Study, reader: str) -> Step | None:
        """What this reader does next; None where all is read."""
        return next_step(study, reader, self.answers(study))

    def commit(self, study: Study, reader: str, *, number: int, phase: str, rating: int, seconds: float) -> None:
        """Keep an answer for good. Only what comes next for this reader can be answered, and only once.

        Saying the same a second time, as a double click does, changes nothing.

        Args:
            study: which one.
            reader: who says it.
            number: of the case.
            phase: `UNAIDED` or `AIDED`.
            rating: a key of `RATINGS`; without the model also `LEFT_OUT`.
            seconds: that it took.

        Raises:
            RequestError: something else comes next, as where the reader goes on in another window; or no such rating.
        """
        if phase not in PHASES or not (rating in RATINGS or (rating == LEFT_OUT and phase == UNAIDED)):
            raise RequestError(f"expected a rating from {min(RATINGS)} to {max(RATINGS)}, found {rating!r} ({phase})")
        if not math.isfinite(seconds) or seconds < 0:
            raise RequestError(f"expected seconds from 0 on, found {seconds}")
        name = tidy_name(reader, "a reader's name")
        answer = Answer(name, number, phase, rating, seconds, now_text())
        with self._opened() as book, writing(book):
            if book.execute("SELECT 1 FROM studies WHERE id = ?", (study.id,)).fetchone() is None:
                raise WorkError(f"expected the study {study.name!r} in {self.path}, found it gone; put the file back")
            answers = _answers(book, study)
            step = next_step(study, name, answers)
            if step is not None and (step.case.number, step.phase) == (number, phase):
                _insert(book, study, answer)
            elif not any(_same(answer, earlier) for earlier in answers):
                raise RequestError(
                    "this case was answered already, perhaps in another window, and what was said stays; go on with "
                    "the next"
                )

    def _opened(self) -> AbstractContextManager[sqlite3.Connection]:
        return opened_book(self.path, _SCHEMA, _VERSION)


def _insert(book: sqlite3.Connection, study: Study, answer: Answer) -> None:
    book.execute(
        "INSERT INTO answers (study, reader_key, reader, number, phase, rating, seconds, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(study.id, reader_key(answer.reader), answer.reader, answer.number),
            *(answer.phase, answer.rating, answer.seconds, answer.at),
        ),
    )


def _answers(book: sqlite3.Connection, study: Study) -> tuple[Answer, ...]:
    rows: Sequence[sqlite3.Row] = book.execute(
        "SELECT reader, number, phase, rating, seconds, at FROM answers WHERE study = ? ORDER BY id", (study.id,)
    ).fetchall()
    return tuple(Answer(**dict(row)) for row in rows)


def _same(one: Answer, other: Answer) -> bool:
    return (reader_key(one.reader), one.number, one.phase, one.rating) == (
        *(reader_key(other.reader), other.number),
        *(other.phase, other.rating),
    )


def _name_key(name: str) -> str:
    return name.casefold().strip()


def _study(content: str, path: Path) -> Study:
    try:
        return Study.from_json(json.loads(content))
    except (ValueError, WorkError) as error:
        raise WorkError(f"expected studies in {path}, found one that cannot be read; restore it from a copy") from error
