"""Notes of readers: kept whatever happens, found again by the scan's content, taken back, never overwritten."""

import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import unicodedata
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError, WorkError
from core.review.notes import note_book as module
from core.review.notes.marks import Mark
from core.review.notes.note import MOST_READER_LETTERS, MOST_TEXT_LETTERS, Note, checked_note
from core.review.notes.note_book import COLUMNS, NoteBook
from core.review.notes.verdicts import VERDICTS

SCAN, OTHER = "a" * 64, "b" * 64
SAVE_MANY = """
import sys
from pathlib import Path
from core.review.notes.note import Note
from core.review.notes.note_book import NoteBook

book = NoteBook(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    kept = book.save(Note(f"{number % 50:064x}", sys.argv[2], "model-wrong", text=str(number)))
    print(kept.id, flush=True)
"""


@pytest.fixture
def book(tmp_path: Path) -> NoteBook:
    return NoteBook(tmp_path / "runs" / "notes.sqlite")


def saving(book: NoteBook, reader: str, count: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", SAVE_MANY, str(book.path), reader, str(count)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def is_sound(book: NoteBook) -> bool:
    with closing(sqlite3.connect(book.path)) as file:
        return file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@given(st.sampled_from(["Ada", "Zoë", "STRASSE", "Ǆ Ω"]), st.data())
def test_capitals_spaces_and_ways_of_writing_an_accent_make_nobody_another_reader(tmp_path_factory, name, data):
    ways = [
        name,
        name.upper(),
        name.lower(),
        f"  {name} ",
        *(unicodedata.normalize(form, name) for form in ("NFC", "NFD")),
    ]
    names = data.draw(st.lists(st.sampled_from(ways), min_size=2, max_size=5))
    book = NoteBook(tmp_path_factory.mktemp("book") / "notes.sqlite")
    kept = [book.save(Note(SCAN, each, "model-wrong", text=str(at))) for at, each in enumerate(names)]
    assert book.standing() == (kept[-1],)
    assert [note.at for note in kept] == sorted({note.at for note in kept})
    book.save(Note(SCAN, "Grace", "model-wrong"))
    assert len(book.standing()) == 2
    for before in reversed(kept[:-1]):
        book.undo(SCAN, data.draw(st.sampled_from(ways)))
        assert before in book.standing()


def test_a_note_is_found_again_with_all_it_says(book):
    mark = Mark("rectangle", 0.1, 0.25, 0.3, 1.0)
    note = Note(SCAN, "Ada", "label-wrong", "high", "healthy", "two\nlines, é", mark, "run-1", "a/b.png")
    kept = book.save(note)
    assert dataclasses.replace(kept, id="", at="") == note
    assert NoteBook(book.path).of_scan(SCAN) == (kept,)
    assert book.of_scan(OTHER) == ()
    assert datetime.fromisoformat(kept.at).tzinfo is not None


def test_the_last_note_of_each_reader_about_each_scan_stands(book):
    for reader, content, verdict in (
        ("Ada", SCAN, "model-wrong"),
        ("Ada", SCAN, "poor-image"),
        ("Bob", SCAN, "label-wrong"),
        ("Ada", OTHER, "wrong-kind"),
    ):
        book.save(Note(content, reader, verdict))
    found = [(note.reader, note.content, note.verdict) for note in book.standing()]
    assert found == [("Ada", SCAN, "poor-image"), ("Bob", SCAN, "label-wrong"), ("Ada", OTHER, "wrong-kind")]
    assert len(book.history()) == 4
    latest = book.latest()
    assert list(latest.columns) == list(COLUMNS)
    assert latest["verdict"].tolist() == [note.verdict for note in book.standing()]
    assert book.scans_read() == {SCAN, OTHER}
    book.undo(OTHER, "Ada")
    assert book.scans_read() == {SCAN}


def test_undo_goes_back_note_by_note_and_keeps_them_in_the_history(book):
    first, second = (book.save(Note(SCAN, "Ada", verdict)) for verdict in ("model-wrong", "poor-image"))
    other = book.save(Note(SCAN, "Bob", "model-wrong"))
    assert book.undo(SCAN, "Ada").id == second.id
    assert {note.id for note in book.standing()} == {first.id, other.id}
    assert book.undo(SCAN, "Ada").id == first.id
    assert book.standing() == (other,)
    with pytest.raises(RequestError, match="to take back, found none"):
        book.undo(SCAN, "Ada")
    assert [(note.id, bool(note.undone)) for note in book.history()] == [
        (first.id, True),
        (second.id, True),
        (other.id, False),
    ]
    again = book.save(Note(SCAN, "Ada", "both-defensible"))
    assert again in book.standing()


def test_notes_are_in_order_though_the_clock_was_set_back(book, monkeypatch):
    class SetBack(datetime):
        moment = datetime.now(UTC)

        @classmethod
        def now(cls, tz=None):
            cls.moment -= timedelta(hours=1)
            return cls.moment

    monkeypatch.setattr(module, "datetime", SetBack)
    for verdict in VERDICTS:
        book.save(Note(SCAN, "Ada", verdict))
    assert [note.verdict for note in book.of_scan(SCAN)] == list(VERDICTS)
    assert book.standing()[0].verdict == list(VERDICTS)[-1]


def test_two_processes_that_save_at_once_lose_nothing(book):
    processes = [saving(book, reader, 200) for reader in ("Ada", "Bob")]
    told = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert [len(ids) for ids in told] == [200, 200]
    assert {note.id for note in book.history()} == {*told[0], *told[1]}
    assert len(book.standing()) == 100
    assert is_sound(book)


def test_many_threads_of_one_server_save_at_once(book):
    def save(reader: str) -> None:
        for number in range(5):
            book.save(Note(f"{number:064x}", reader, "model-wrong"))

    threads = [threading.Thread(target=save, args=(f"reader {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(book.standing()) == len(book.history()) == 40


def test_every_note_that_a_killed_server_had_acknowledged_is_there(book):
    for kill_after in (1, 7, 19):
        before = {note.id for note in book.history()}
        process = saving(book, "Ada", 100_000)
        told = [process.stdout.readline().strip() for _ in range(kill_after)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.read().split()
        process.wait()
        process.stdout.close()
        there = {note.id for note in book.history()}
        assert before < there
        assert set(told) <= there
        assert len(there - before - set(told)) <= 1  # saved, and killed before it could say so
    assert is_sound(book)
    book.save(Note(SCAN, "Ada", "model-wrong"))


@pytest.fixture
def small_disk(tmp_path: Path):
    """A disk of 512 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("expected rights to mount a small disk, found none; run as root to test this")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_said_loses_nothing_and_saving_works_again(small_disk):
    book = NoteBook(small_disk / "notes.sqlite")
    text = "x" * MOST_TEXT_LETTERS
    kept = [book.save(Note(SCAN, "Ada", "model-wrong", text=text)) for _ in range(5)]
    ballast = small_disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))
    for _ in range(3):
        says = ""
        while not says:  # what room was left in the file is used first
            try:
                kept.append(book.save(Note(SCAN, "Ada", "model-wrong", text=text)))
            except WorkError as error:
                says = str(error)
        assert "full" in says
        assert "free some space" in says
        assert "\n" not in says
    ballast.unlink()
    kept.append(book.save(Note(SCAN, "Ada", "poor-image", text=text)))
    assert list(book.of_scan(SCAN)) == kept
    assert is_sound(book)


def test_a_file_that_may_not_grow_is_said_and_loses_nothing(book):
    saved = """
import resource, signal, sys
from pathlib import Path
from core.errors import WorkError
from core.review.notes.note import Note
from core.review.notes.note_book import NoteBook

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
book = NoteBook(Path(sys.argv[1]))
book.save(Note("a" * 64, "Ada", "model-wrong"))
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    for _ in range(100):
        print(book.save(Note("a" * 64, "Ada", "model-wrong", text="x" * 4000)).id)
except WorkError as error:
    print("said", error)
"""
    done = subprocess.run([sys.executable, "-c", saved, str(book.path)], capture_output=True, text=True, check=True)
    *ids, said = done.stdout.splitlines()
    assert said.startswith("said cannot save in")
    assert ids
    assert [note.id for note in book.history()][1:] == ids
    book.save(Note(SCAN, "Ada", "model-wrong"))
    assert is_sound(book)


def test_reading_makes_no_file(book):
    assert book.of_scan(SCAN) == book.standing() == book.history() == ()
    assert book.latest().empty
    assert not book.path.parent.exists()


def test_a_book_that_is_gone_is_said_and_not_begun_anew(book):
    book.save(Note(SCAN, "Ada", "model-wrong"))
    book.path.rename(book.path.with_name("away.sqlite"))
    for act in (book.history, lambda: book.save(Note(SCAN, "Ada", "model-wrong"))):
        with pytest.raises(WorkError, match="found no such file; put it back"):
            act()
    assert not book.path.exists()
    book.path.with_name("away.sqlite").rename(book.path)
    assert len(book.history()) == 1


@pytest.mark.parametrize("content", [b"no database at all " * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_book_is_said_and_never_overwritten(book, content):
    book.path.parent.mkdir()
    book.path.write_bytes(content)
    for act in (book.history, lambda: book.save(Note(SCAN, "Ada", "model-wrong")), lambda: book.undo(SCAN, "Ada")):
        with pytest.raises(WorkError, match=r"notes\.sqlite") as caught:
            act()
        assert "\n" not in str(caught.value)
    assert book.path.read_bytes() == content


def test_damage_in_the_middle_of_a_book_is_said_and_kept(book):
    for number in range(40):
        book.save(Note(f"{number:064x}", "Ada", "model-wrong", text="x" * 500))
    content = bytearray(book.path.read_bytes())
    content[4096 : len(content) - 4096] = os.urandom(len(content) - 8192)
    book.path.write_bytes(content)
    with pytest.raises(WorkError, match=r"notes\.sqlite"):
        book.history()
    assert book.path.read_bytes() == bytes(content)


def test_a_book_of_a_later_version_or_another_program_is_left_alone(book):
    book.save(Note(SCAN, "Ada", "model-wrong"))
    with closing(sqlite3.connect(book.path)) as file:
        file.execute("PRAGMA user_version=99")
    with pytest.raises(WorkError, match=r"version 1 in .* found 99"):
        book.history()
    other = NoteBook(book.path.with_name("trials.sqlite"))
    with closing(sqlite3.connect(other.path)) as file:
        file.execute("CREATE TABLE trials (number)")
    with pytest.raises(WorkError, match="found others"):
        other.save(Note(SCAN, "Ada", "model-wrong"))


def test_a_book_that_somebody_holds_too_long_is_said(book, monkeypatch):
    book.save(Note(SCAN, "Ada", "model-wrong"))
    monkeypatch.setattr("core.review.book.WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(book.path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(WorkError, match="locked"):
            book.save(Note(SCAN, "Ada", "poor-image"))
        assert len(book.history()) == 1  # readers go on
    book.save(Note(SCAN, "Ada", "poor-image"))


def test_a_change_by_anybody_changes_the_key_for_caches(book):
    before = book.changed()
    book.save(Note(SCAN, "Ada", "model-wrong"))
    after = book.changed()
    assert before != after == book.changed()
    with saving(book, "Bob", 1) as process:
        process.communicate()
    assert book.changed() != after


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"reader": "  "}, "a reader's name, found none"),
        ({"reader": "x" * (MOST_READER_LETTERS + 1)}, "at most 60 letters, found 61"),
        ({"reader": "A\x1bda"}, "control characters"),
        ({"reader": "A\u202eda"}, "control characters"),
        ({"reader": "A\nda"}, "control characters"),
        ({"verdict": "wrong"}, "verdict to be one of model-wrong, label-wrong"),
        ({"verdict": ["model-wrong"]}, "to be a text"),
        ({"confidence": "certain"}, "confidence to be one of low, medium, high"),
        ({"text": "x" * (MOST_TEXT_LETTERS + 1)}, "at most 4,000 letters, found 4,001"),
        ({"text": "a\0b"}, "control characters"),
        ({"text": "\ud800"}, "control characters"),
        ({"content": "a" * 63}, "SHA-256"),
        ({"content": f"{SCAN}#2"}, "SHA-256"),
        ({"content": SCAN.upper()}, "SHA-256"),
        ({"right_label": "healthy"}, "only, found it with another"),
        ({"path": "a\0b"}, "path without control characters"),
        ({"run": "x" * 5000}, "run of at most 4,096"),
        ({"mark": {"kind": "point"}}, "a mark or none"),
    ],
)
def test_what_no_note_may_hold_is_refused_in_one_line_and_nothing_is_kept(book, change, says):
    note = dataclasses.replace(Note(SCAN, "Ada", "model-wrong"), **change)
    with pytest.raises(RequestError, match=says) as caught:
        book.save(note)
    assert "\n" not in str(caught.value)
    assert not book.path.exists()


def test_one_name_typed_in_two_ways_is_one_reader():
    typed = [checked_note(Note(SCAN, name, "model-wrong")).reader for name in ("Zoe\u0301 X", " Zo\u00e9 X ")]
    assert typed[0] == typed[1]


@given(st.text(max_size=80), st.text(max_size=200))
def test_any_name_and_text_is_kept_whole_or_refused(tmp_path_factory, reader, text):
    try:
        tidy = checked_note(Note(SCAN, reader, "model-wrong", text=text))
    except RequestError:
        return
    assert checked_note(tidy) == tidy
    tidy.text.encode()
    tidy.reader.encode()
