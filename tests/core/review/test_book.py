"""A file that people write into: two at once, a kill, a full disk, damage, strangers."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import WorkError
from core.review.book import open_book, opened_book, writing

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = ("CREATE TABLE words (id INTEGER PRIMARY KEY AUTOINCREMENT, who TEXT NOT NULL) STRICT",)
_MANY = """
import sys
from pathlib import Path
from core.review.book import opened_book, writing
path, who, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for _ in range(times):
    with opened_book(path, {schema!r}, 1) as book, writing(book):
        book.execute("INSERT INTO words (who) VALUES (?)", (who,))
    print(who, flush=True)
"""


def writer(path: Path, who: str, times: int) -> "subprocess.Popen[str]":
    """A process that writes so often, and says each time when it is saved."""
    code = _MANY.format(schema=SCHEMA)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path), who, str(times)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def words(path: Path) -> list[str]:
    with opened_book(path, SCHEMA, 1) as book:
        return [row["who"] for row in book.execute("SELECT who FROM words ORDER BY id")]


def test_processes_that_begin_a_file_at_once_lose_nothing(tmp_path):
    path = tmp_path / "new" / "book.sqlite"
    writers = [writer(path, name, 8) for name in "abcd"]
    assert [process.wait(60) for process in writers] == [0, 0, 0, 0]
    for process in writers:
        process.stdout.close()
    assert sorted(words(path)) == sorted("abcd" * 8)


def test_a_killed_writer_leaves_all_that_it_said_was_saved(tmp_path):
    path = tmp_path / "book.sqlite"
    with writer(path, "a", 100_000) as process:
        said = sum(bool(process.stdout.readline()) for _ in range(5))
        os.kill(process.pid, signal.SIGKILL)
        said += len(process.stdout.readlines())
    assert said <= len(words(path)) <= said + 1  # the last one may have been saved before it was said
    with opened_book(path, SCHEMA, 1) as book, writing(book):
        book.execute("INSERT INTO words (who) VALUES ('b')")
    assert words(path)[-1] == "b"


def test_a_full_disk_is_said_and_saves_nothing_by_halves(tmp_path):
    path = tmp_path / "book.sqlite"
    words(path)

    def fill() -> None:
        with opened_book(path, SCHEMA, 1) as book:
            book.execute(f"PRAGMA max_page_count={book.execute('PRAGMA page_count').fetchone()[0] + 1}")
            with writing(book):
                book.executemany("INSERT INTO words (who) VALUES (?)", [("x" * 500,)] * 100)

    with pytest.raises(WorkError, match=r"full.*free some space"):
        fill()
    assert words(path) == []


def test_what_fails_half_way_is_not_there_at_all(tmp_path):
    path = tmp_path / "book.sqlite"

    def fail() -> None:
        with opened_book(path, SCHEMA, 1) as book, writing(book):
            book.execute("INSERT INTO words (who) VALUES ('a')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert words(path) == []


def test_a_damaged_file_is_said_and_left_as_it_is(tmp_path):
    path = tmp_path / "book.sqlite"
    path.write_bytes(b"no database at all, whatever its name" * 100)
    before = path.read_bytes()
    with pytest.raises(WorkError, match=r"damaged.*restore it from a copy"):
        open_book(path, SCHEMA, 1)
    assert path.read_bytes() == before


def test_a_file_torn_in_the_middle_is_said(tmp_path):
    path = tmp_path / "book.sqlite"
    with opened_book(path, SCHEMA, 1) as book, writing(book):
        book.executemany("INSERT INTO words (who) VALUES (?)", [("x" * 300,)] * 200)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * len(content[4096:])
    path.write_bytes(bytes(content))
    with pytest.raises(WorkError, match="damaged"):
        words(path)


def test_a_file_of_another_version_or_program_is_refused(tmp_path):
    path = tmp_path / "book.sqlite"
    words(path)
    with pytest.raises(WorkError, match=r"expected version 2 in .*, found 1"):
        open_book(path, SCHEMA, 2)
    stranger = sqlite3.connect(tmp_path / "other.sqlite")
    stranger.execute("CREATE TABLE things (id INTEGER)")
    stranger.commit()
    stranger.close()
    with pytest.raises(WorkError, match="found others"):
        open_book(tmp_path / "other.sqlite", SCHEMA, 1)


def test_an_empty_file_which_a_kill_left_behind_is_begun_anew(tmp_path):
    (tmp_path / "book.sqlite").touch()
    assert words(tmp_path / "book.sqlite") == []


def test_a_folder_in_its_place_is_said(tmp_path):
    with pytest.raises(WorkError, match="cannot save in or read"):
        open_book(tmp_path, SCHEMA, 1)


def test_what_is_saved_is_on_the_disk_and_readers_do_not_wait(tmp_path):
    with opened_book(tmp_path / "book.sqlite", SCHEMA, 1) as book:
        assert book.execute("PRAGMA synchronous").fetchone()[0] == 2  # full
        assert book.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        with writing(book):
            book.execute("INSERT INTO words (who) VALUES ('a')")
            assert words(tmp_path / "book.sqlite") == []  # as before, and at once
