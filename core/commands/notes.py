"""Commands about readers' notes, and labels corrected by them."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.commands.datasets import Facts
from core.errors import RequestError, RunNotFoundError
from core.runs import Run, find_run
from core.training.signs import Told

if TYPE_CHECKING:
    from core.review.notes.note import Note
    from core.review.notes.note_book import NoteBook


def notes(target: str, *, runs_folder: Path, export: Path | None, take_from: Path | None) -> Facts:
    """The notes about a run's scans, or all of a runs folder; written to a file, or taken in from one.

    Raises:
        RequestError: there is no such run or folder, both files are given, or one of them is of no use.
    """
    from core.review.notes.exchange import read_notes, write_notes

    if export is not None and take_from is not None:
        raise RequestError("expected --export or --import, found both; do one after the other")
    book, contents = _meant(target, runs_folder)
    if take_from is not None:
        taken = read_notes(take_from)
        added = book.take_in(taken)
        return {"notes": str(book.path), "read": len(taken), "new": added, "known": len(taken) - added}
    found = book.history() if contents is None else tuple(n for n in book.history() if n.content in contents)
    standing = {note.id for note in book.standing()}
    if export is not None:
        write_notes(export, found)
        return {"notes": str(book.path), "file": str(export), "written": len(found)}
    return {"notes": str(book.path), "count": len(found), "entries": [_facts(n, n.id in standing) for n in found]}


def for_people(facts: Facts) -> Facts:
    """The same, short enough to be read as lines."""
    if "entries" not in facts:
        return facts
    shown = ("at", "reader", "path", "verdict", "right_label", "confidence", "text")
    entries = [
        {name: " ".join(entry[name].split()) for name in shown} | {"state": entry["state"]}
        for entry in facts["entries"]
    ]
    return {**facts, "entries": entries}


def relabel(target: str, *, out: Path, runs_folder: Path, told: Told) -> Facts:
    """A corrected copy of a dataset, or of that of a run, which then keeps the run's split; and the figures of the run.

    Raises:
        RequestError: neither a run nor a dataset is there, the copy cannot be made there, or no label is to be changed.
    """
    from core.decided import point_in_force
    from core.results import splits_of
    from core.review.notes.corrected_copy import corrected_copy
    from core.review.notes.corrected_figures import corrected_figures
    from core.review.notes.note_book import BOOK_NAME, NoteBook, notes_of
    from core.runs import read_index

    run = _run_or_none(target, runs_folder)
    book = NoteBook(runs_folder / BOOK_NAME) if run is None else notes_of(run)
    standing, splits, data = book.standing(), None, target
    if run is not None:
        index = read_index(run)
        splits, data = dict(zip(index["path"].astype(str), index["split"].astype(str), strict=True)), run.record.data

    def tell(done: int, total: int) -> None:
        told("checking scans", done / max(total, 1), f"{done} of {total}")

    made = corrected_copy(data, out, standing, splits=splits, progress=tell)
    facts: Facts = {
        "folder": str(made.folder),
        "of": data,
        "scans": made.scans,
        "changed": made.changed,
        "not_applied": list(made.not_applied),
    }
    if run is not None:
        threshold = point_in_force(run).threshold
        facts["figures"] = {
            split: corrected_figures(run, split, standing, threshold).to_json()
            for split in ("val", "test")
            if split in splits_of(run)
        }
    return facts


def _meant(target: str, runs_folder: Path) -> "tuple[NoteBook, set[str] | None]":
    """The book, and the contents of the scans that are meant; None where all are."""
    from core.review.notes.note_book import BOOK_NAME, NoteBook, notes_of
    from core.runs import read_index

    run = _run_or_none(target, runs_folder) if target else None
    if run is not None:
        return notes_of(run), set(read_index(run)["sha256"].astype(str))
    folder = Path(target) if target else runs_folder
    if not folder.is_dir():
        raise RequestError(f"expected a run or a runs folder, found neither at {target or folder}; name one")
    return NoteBook(folder / BOOK_NAME), None


def _run_or_none(target: str, runs_folder: Path) -> Run | None:
    try:
        return find_run(target, runs_folder)
    except RunNotFoundError:
        if Path(target).is_dir():
            return None
        raise


def _facts(note: "Note", stands: bool) -> Facts:
    mark = None if note.mark is None else note.mark.to_dict()
    state = "" if stands else "taken back" if note.undone else "followed by another"
    return {**vars(note), "mark": mark, "stands": stands, "state": state}
