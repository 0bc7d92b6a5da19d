"""Notes carried out and in: nothing is changed on the way, nothing is taken in by halves."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RequestError
from core.review.notes.exchange import MOST_BYTES, notes_content, notes_csv, read_notes, write_notes
from core.review.notes.marks import Mark
from core.review.notes.note import MOST_READER_LETTERS, MOST_TEXT_LETTERS, Note, checked_kept_note, time_text
from core.review.notes.note_book import COLUMNS, NoteBook
from core.review.notes.verdicts import CONFIDENCES, VERDICTS

share = st.floats(0, 1, allow_nan=False)
printable = st.characters(exclude_categories=("Cc", "Cs"))


@st.composite
def marks(draw):
    xs, ys = sorted([draw(share), draw(share)]), sorted([draw(share), draw(share)])
    if draw(st.booleans()):
        return Mark("point", xs[0], ys[0], xs[0], ys[0])
    return Mark("rectangle", xs[0], ys[0], xs[1], ys[1])


@st.composite
def kept_notes(draw):
    verdict = draw(st.sampled_from(list(VERDICTS)))
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=draw(st.integers(0, 10**9)))
    names = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=MOST_READER_LETTERS)
    texts = st.text(printable | st.sampled_from("\n\t\r'\"=,;"), max_size=60)
    return checked_kept_note(
        Note(
            content=draw(st.sampled_from(["a" * 64, "b" * 64, "c" * 64])),
            reader=draw(names.filter(lambda name: len(name) <= MOST_READER_LETTERS // 4)),
            verdict=verdict,
            confidence=draw(st.sampled_from(["", *CONFIDENCES])),
            right_label=draw(st.text(printable, max_size=8)) if verdict == "label-wrong" else "",
            text=draw(texts),
            mark=draw(st.none() | marks()),
            run=draw(st.text(printable, max_size=8)),
            path=draw(st.text(printable, max_size=8)),
            at=time_text(at),
            id=draw(st.uuids(version=4)).hex,
            undone=draw(st.just("") | st.just(time_text(at + timedelta(hours=1)))),
        )
    )


@settings(max_examples=25)
@given(
    notes=st.lists(kept_notes(), max_size=6, unique_by=lambda note: note.id), ending=st.sampled_from(["csv", "json"])
)
def test_what_is_written_and_read_into_an_empty_book_is_the_same(tmp_path_factory, notes, ending):
    folder = tmp_path_factory.mktemp("book")
    file, book = folder / f"notes.{ending}", NoteBook(folder / "notes.sqlite")
    write_notes(file, notes)
    assert read_notes(file) == tuple(notes)
    assert book.take_in(read_notes(file)) == len(notes)
    assert book.take_in(read_notes(file)) == 0
    assert sorted(book.history(), key=lambda note: note.id) == sorted(notes, key=lambda note: note.id)
    write_notes(file, book.history())
    assert read_notes(file) == book.history()


@pytest.fixture
def book(tmp_path):
    found = NoteBook(tmp_path / "notes.sqlite")
    for reader in ("Ada", "Bob"):
        for verdict in ("model-wrong", "label-wrong"):
            found.save(Note("a" * 64, reader, verdict, text="=1+1", mark=Mark("point", 0.5, 0.5, 0.5, 0.5)))
    found.undo("a" * 64, "Bob")
    return found


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_two_books_that_take_in_each_other_are_the_same(book, tmp_path, ending):
    other = NoteBook(tmp_path / "other" / "notes.sqlite")
    other.save(Note("b" * 64, "Cy", "poor-image"))
    for giving, taking in ((book, other), (other, book)):
        write_notes(tmp_path / f"carried.{ending}", giving.history())
        taking.take_in(read_notes(tmp_path / f"carried.{ending}"))
    assert book.history() == other.history()
    assert book.standing() == other.standing()


def test_what_was_taken_back_elsewhere_is_taken_back_here_too(book, tmp_path):
    before = book.history()
    book.undo("a" * 64, "Ada")
    after = book.history()
    other = NoteBook(tmp_path / "other" / "notes.sqlite")
    assert (other.take_in(before), other.take_in(after), other.take_in(before)) == (4, 0, 0)
    assert other.history() == after


def test_a_spreadsheet_takes_no_cell_for_a_formula(book):
    evil = Note("a" * 64, "=cmd()", "label-wrong", right_label="@SUM(A1)", text='+1\n"x",-2', path="-1+1.png")
    book.save(evil)
    rows = list(csv.reader(io.StringIO(notes_csv(book.history()), newline="")))
    assert [row for row in rows if any(cell[:1] in tuple("=+-@\t\r") for cell in row)] == []
    assert len(rows) == 6


def test_a_note_that_is_there_with_other_values_is_refused_and_nothing_is_taken_in(book, tmp_path):
    content = notes_content(book.history())
    content["notes"][-1] |= {"text": "forged"}
    content["notes"].insert(0, dict(content["notes"][0]) | {"id": "f" * 32})
    (tmp_path / "forged.json").write_text(json.dumps(content))
    before = book.history()
    with pytest.raises(RequestError, match=r"found .* with other values than here"):
        book.take_in(read_notes(tmp_path / "forged.json"))
    assert book.history() == before


def _with(**values):
    return lambda content: content["notes"][1].update(values)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_with(verdict="formula"), "note 2: expected verdict"),
        (_with(reader=""), "note 2: expected a reader's name"),
        (_with(reader=7), "note 2: expected reader of a note to be a text"),
        (_with(id="1"), "note 2: expected the id"),
        (_with(id="../" * 10 + "ab"), "note 2: expected the id"),
        (_with(at="yesterday"), "note 2: expected a time with its zone"),
        (_with(at="2026-01-01T00:00:00"), "note 2: expected a time with its zone"),
        (_with(at="9999-12-31T23:59:59+00:00"), "has not come yet"),
        (_with(at="0001-01-01T00:00:00+14:00"), "note 2: expected a time with its zone"),
        (_with(x0=2.0), "note 2: expected a mark inside the scan"),
        (_with(x0="wide"), "note 2: expected a mark with"),
        (_with(x0=[1]), "note 2: expected a mark with"),
        (_with(mark=""), "note 2: expected the kind of a mark"),
        (_with(mark="circle"), "note 2: expected a mark that is a point or a rectangle"),
        (_with(text="x" * (MOST_TEXT_LETTERS + 1)), "note 2: expected a text of at most"),
        (_with(extra=1), "expected note 2 with id, at"),
        (lambda content: content.update(schema=2), "schema 1 and notes, found 2"),
        (lambda content: content.update(notes={}), "a list of notes, found none"),
        (lambda content: content["notes"].append(7), "expected note 5 with"),
    ],
)
def test_json_that_holds_no_notes_is_refused_in_one_line(book, tmp_path, change, says):
    content = notes_content(book.history())
    change(content)
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(content))
    with pytest.raises(RequestError, match=says) as caught:
        read_notes(path)
    assert "\n" not in str(caught.value)


HEAD = ",".join(COLUMNS)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "", "expected the columns id, at"),
        ("a.csv", "path,label\n", "found path, label"),
        ("a.csv", f"{HEAD},{HEAD}\n", "expected the columns"),
        ("a.csv", f"{HEAD}\n1,2\n", "expected 16 values in line 2, found 2"),
        ("a.csv", f'{HEAD}\n"{"x" * 200_000}"\n', "line 2 is no CSV"),
        ("a.csv", f'{HEAD}\n"open', "is no CSV"),
        ("a.csv", f"{HEAD}\n" + ",".join(["nan"] * 16), "line 2: expected"),
        ("a.csv", b"\xff\xfe\0", "as UTF-8"),
        ("a.json", "", "expected JSON"),
        ("a.json", "[" * 100_000, "expected JSON"),
        ("a.json", '{"schema": NaN}', "NaN is no number"),
        ("a.json", "[]", "found 'list'"),
        ("a.json", "9" * 5000, "expected JSON"),
        ("a.xlsx", "", "ends in .csv or .json"),
    ],
)
def test_a_file_that_holds_no_notes_is_refused_in_one_line(tmp_path, name, content, says):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RequestError, match=says) as caught:
        read_notes(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


def test_a_huge_file_a_device_and_no_file_are_refused_unread(tmp_path):
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    (tmp_path / "endless.csv").symlink_to("/dev/zero")
    for name, says in (("huge.csv", "at most 64 MiB"), ("endless.csv", "something else"), ("none.csv", "No such file")):
        with pytest.raises(RequestError, match=says):
            read_notes(tmp_path / name)
