"""Notes as CSV and JSON, and back: for spreadsheets, other machines, and a copy in safety.

Texts in CSV are such that a spreadsheet runs nothing (`core.spreadsheets`), and nothing is changed on the way.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from core.errors import RequestError
from core.files import write_json, write_text
from core.review.notes.marks import Mark
from core.review.notes.note import Note, checked_kept_note
from core.review.notes.note_book import COLUMNS, as_row
from core.spreadsheets import no_formula, text_again

ENDINGS = (".csv", ".json")
MOST_BYTES = 64 * 2**20
_SCHEMA = 1
_CORNERS = ("x0", "y0", "x1", "y1")


def write_notes(path: Path, notes: Sequence[Note]) -> None:
    """Write notes to a `.csv` or `.json` file, whole.

    Raises:
        RequestError: the file's name ends in something else.
        WorkError: it cannot be written.
    """
    if _ending(path) == ".csv":
        write_text(path, notes_csv(notes))
    else:
        write_json(path, notes_content(notes))


def read_notes(path: Path) -> tuple[Note, ...]:
    """The notes that such a file holds, each checked.

    Raises:
        RequestError: it is no such file, too large, or a note in it is none; says which, and what was expected.
    """
    ending = _ending(path)
    try:
        if path.exists() and not path.is_file():  # a device may never end
            raise RequestError(f"expected a file of notes, found something else at {path}")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise RequestError(f"expected notes of at most {MOST_BYTES >> 20} MiB, found {size >> 20} MiB in {path}")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RequestError(f"expected notes as UTF-8, found other bytes in {path}; save the file as UTF-8") from None
    except OSError as error:
        raise RequestError(
            f"cannot read notes from {path}: {error.strerror or error}; give a file that can be read"
        ) from None
    entries = _csv_entries(path, text) if ending == ".csv" else _json_entries(path, text)
    return tuple(_checked(path, where, entry) for where, entry in entries)


def notes_csv(notes: Sequence[Note]) -> str:
    """The notes as CSV, a row each: `core.review.notes.note_book.COLUMNS`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in as_row(note)] for note in notes)
    return text.getvalue()


def notes_content(notes: Sequence[Note]) -> dict[str, Any]:
    """The notes as plain values fit for JSON."""
    return {"schema": _SCHEMA, "notes": [dict(zip(COLUMNS, as_row(note), strict=True)) for note in notes]}


def _csv_entries(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = next(reader, [])
        if sorted(columns) != sorted(COLUMNS):
            _refuse(path, f"expected the columns {', '.join(COLUMNS)}, found {', '.join(columns)[:200] or 'none'}")
        for values in reader:
            if not values:
                continue
            where = f"line {reader.line_num}"
            if len(values) != len(columns):
                _refuse(path, f"expected {len(columns)} values in {where}, found {len(values)}")
            yield where, {name: text_again(value) for name, value in zip(columns, values, strict=True)}
    except csv.Error as error:
        _refuse(path, f"line {reader.line_num} is no CSV ({error})")


def _json_entries(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        content = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        _refuse(path, f"expected JSON, found something else ({str(error)[:80]})")
    if not isinstance(content, dict) or content.get("schema") != _SCHEMA:
        found = content.get("schema") if isinstance(content, dict) else type(content).__name__
        _refuse(path, f"expected an object with schema {_SCHEMA} and notes, found {found!r:.40}")
    entries = content.get("notes")
    if not isinstance(entries, list):
        _refuse(path, "expected a list of notes, found none")
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or sorted(entry) != sorted(COLUMNS):
            _refuse(path, f"expected note {number} with {', '.join(COLUMNS)}, found something else")
        yield f"note {number}", entry


def _checked(path: Path, where: str, entry: dict[str, Any]) -> Note:
    values = dict(entry)
    kind, corners = values.pop("mark"), {name: values.pop(name) for name in _CORNERS}
    try:
        if kind == "" and any(value not in ("", None) for value in corners.values()):
            raise RequestError("expected the kind of a mark beside its corners, found none")
        mark = None if kind == "" else Mark.from_dict({"kind": kind} | corners)
        return checked_kept_note(Note(mark=mark, **values))
    except RequestError as error:
        _refuse(path, f"{where}: {error}")


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return repr(value)
    return no_formula("" if value is None else str(value))


def _ending(path: Path) -> str:
    if path.suffix.lower() not in ENDINGS:
        raise RequestError(f"expected a file that ends in {' or '.join(ENDINGS)}, found {path.name!r}")
    return path.suffix.lower()


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _refuse(path: Path, says: str) -> NoReturn:
    raise RequestError(f"cannot take notes from {path}: {says}; nothing was taken in, export them anew")
