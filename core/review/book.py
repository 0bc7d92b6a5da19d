"""A SQLite file that people write into, opened with care: what was once saved stays, whatever happens after.

Several servers and the command line may have the same file open. Write-ahead logging lets readers and one writer go
on side by side, `synchronous=FULL` has each saved transaction on the disk before anybody hears that it is, and
`BEGIN IMMEDIATE` makes a second writer wait instead of failing half-way.
Source: SQLite documentation, "Write-Ahead Logging" and "PRAGMA synchronous".
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from core.errors import WorkError
from core.files import make_folder

WAIT_SECONDS = 30.0  # for others who write; a transaction here takes milliseconds
_LOOK_AGAIN_SECONDS = 0.02
_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_UNDERSTOOD = (sqlite3.OperationalError, sqlite3.DatabaseError)


def open_book(path: Path, schema: Sequence[str], version: int) -> sqlite3.Connection:
    """A connection to the file, made with its tables where it is not there yet; close it after use.

    The connection is in autocommit mode, rows are `sqlite3.Row`; write inside `writing`. Opening is cheap: open for
    each piece of work rather than keep it, so that no thread waits for another.

    Args:
        path: of the file; its folder is made where it is not there yet.
        schema: the statements that make the tables, one each.
        version: of the schema, from 1; kept as the file's `user_version`.

    Raises:
        WorkError: the file is damaged, of another version or another program, cannot be written, or the disk is full.
    """
    make_folder(path.parent)
    with errors_said(path):
        book = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            _prepare(book, path, schema, version)
        except BaseException:
            book.close()
            raise
    return book


@contextmanager
def opened_book(path: Path, schema: Sequence[str], version: int) -> Iterator[sqlite3.Connection]:
    """The same for the length of a `with`; what SQLite has to complain of inside is a `WorkError` too."""
    with closing(open_book(path, schema, version)) as book, errors_said(path):
        yield book


@contextmanager
def writing(book: sqlite3.Connection) -> Iterator[None]:
    """One transaction: all that is done inside is saved together at its end, or nothing of it."""
    book.execute("BEGIN IMMEDIATE")
    try:
        yield
        book.execute("COMMIT")
    except BaseException:
        if book.in_transaction:  # a full disk may have ended it already
            book.execute("ROLLBACK")
        raise


@contextmanager
def errors_said(path: Path) -> Iterator[None]:
    """What SQLite raises inside becomes a `WorkError` that names the file and says what to do.

    A broken constraint (`sqlite3.IntegrityError`) goes through: it says something of what was saved, not of the file.
    """
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except _UNDERSTOOD as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            raise WorkError(
                f"expected a SQLite file at {path}, found a damaged one ({error}); restore it from a copy, or move it "
                "away to begin a new one"
            ) from error
        raise WorkError(
            f"cannot save in or read {path}: {error}; nothing was half saved, free some space or see who holds the "
            "file, then try again"
        ) from error


def _prepare(book: sqlite3.Connection, path: Path, schema: Sequence[str], version: int) -> None:
    book.row_factory = sqlite3.Row
    _write_ahead(book)
    book.execute("PRAGMA synchronous=FULL")
    book.execute("PRAGMA foreign_keys=ON")
    found = _version_of(book)
    if found == 0:
        with writing(book):
            found = _version_of(book)  # somebody may have made the tables while this waited
            if found == 0:
                if book.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    raise WorkError(f"expected tables of CT Explorer in {path}, found others; move that file away")
                for statement in schema:
                    book.execute(statement)
                book.execute(f"PRAGMA user_version={version:d}")
                found = version
    if found != version:
        raise WorkError(
            f"expected version {version} in {path}, found {found}; open it with the CT Explorer that wrote it, or move "
            "it away to begin a new one"
        )


def _write_ahead(book: sqlite3.Connection) -> None:
    """Turn write-ahead logging on: two who do so at once do not wait for each other as other writers do."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            book.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > until:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)


def _version_of(book: sqlite3.Connection) -> int:
    return int(book.execute("PRAGMA user_version").fetchone()[0])
