"""What people hand in becomes a dataset: checked, written a piece at a time, and there only once it is complete."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from core.data.arrivals.checks import refuse_meetings, refuse_taken, refuse_too_much
from core.data.arrivals.entries import Entry
from core.data.arrivals.kinds import why_kept_out
from core.data.arrivals.limits import LIMITS, Limits, size_words
from core.data.arrivals.names import clean_folder_name, safe_path, shown
from core.data.arrivals.shape import settle
from core.data.folders import is_hidden
from core.data.layout import INDEX_NAME
from core.data.partial_folder import partial_folder, remove_abandoned
from core.errors import DatasetError, WorkError
from core.files import make_folder

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Batch:
    """Files that come together; `label` is the class of all of them, or empty where their folders say it."""

    entries: Sequence[Entry]
    label: str = ""


@dataclass(frozen=True)
class KeptOut:
    """A file that is not part of the dataset, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Arrived:
    """A new dataset: its folder, how many files are in it (scans and their masks), and what was kept out."""

    folder: Path
    files: int
    kept_out: tuple[KeptOut, ...]


def receive(
    batches: Sequence[Batch], *, into: Path, name: str, progress: Progress | None = None, limits: Limits = LIMITS
) -> Arrived:
    """Write what arrived as the dataset `name` in the folder `into`; it appears whole or not at all.

    A file is kept if it begins as a scan does; so is an `index.csv` beside or above the scans. One folder around
    everything is peeled off. Nothing of the content is run, and no archive inside an archive is unpacked.

    Args:
        batches: read once, in order.
        into: made where it is missing.
        name: as typed; what cannot stand in a folder's name becomes "-".
        progress: called with (bytes written or passed over, bytes in all) after each piece.
        limits: how much may come.

    Raises:
        DatasetError: a name, a size or the shape is refused, the dataset is there already, a file is damaged, or
            the disk has too little room. Nothing is left behind.
        WorkError: writing failed. Nothing is left behind either.
    """
    into = Path(into)
    folder = into.absolute() / clean_folder_name(name, what="the dataset")
    refuse_taken(folder)
    wanted, kept_out = _named(batches)
    refuse_too_much([entry for _, entry in wanted], into, limits)
    refuse_meetings([path for path, _ in wanted])
    try:
        make_folder(into)
        remove_abandoned(folder)
        with partial_folder(folder) as partial:
            partial.mkdir()
            kept_out += _write(wanted, partial, progress, limits)
            settled = settle(partial, name=folder.name, peel=not any(batch.label for batch in batches))
            kept_out += [KeptOut(path, reason) for path, reason in settled.kept_out]
            refuse_taken(folder)
            settled.top.rename(folder)
    except OSError as error:
        raise WorkError(
            f"cannot write {folder}: {error.strerror or error}; free some space or choose another folder"
        ) from error
    return Arrived(folder, settled.files, tuple(kept_out))


def _named(batches: Sequence[Batch]) -> tuple[list[tuple[str, Entry]], list[KeptOut]]:
    """Each entry with the path that it is to have, those passed over apart."""
    wanted, kept_out = [], []
    for batch in batches:
        label = clean_folder_name(batch.label, what="the class") if batch.label else ""
        for entry in batch.entries:
            path = safe_path(entry.name)
            if any(is_hidden(part) for part in path.split("/")):
                kept_out.append(KeptOut(path, "hidden, or left behind by an operating system"))
            else:
                wanted.append((f"{label}/{path}" if label else path, entry))
    return wanted, kept_out


def _write(
    wanted: Sequence[tuple[str, Entry]], folder: Path, progress: Progress | None, limits: Limits
) -> list[KeptOut]:
    """Write the scans and tables; gives what was kept out. What is claimed is one thing, what comes is counted."""
    kept_out = []
    claimed = sum(entry.claimed_bytes for _, entry in wanted)
    passed_bytes = written_bytes = 0
    for path, entry in wanted:
        chunks = entry.chunks()
        start = next(chunks, b"")
        is_table = path.rsplit("/", 1)[-1] == INDEX_NAME
        reason = "" if is_table else why_kept_out(start, path)
        if reason:
            kept_out.append(KeptOut(path, reason))
        else:
            most_bytes = limits.table_bytes if is_table else limits.file_bytes
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                for chunk in _bounded(
                    chain([start], chunks), path, min(most_bytes, limits.total_bytes - written_bytes)
                ):
                    file.write(chunk)
                    if progress is not None:
                        progress(min(passed_bytes + file.tell(), claimed), claimed)
                written_bytes += file.tell()
        passed_bytes += entry.claimed_bytes
        if progress is not None:
            progress(passed_bytes, claimed)
    return kept_out


def _bounded(chunks: Iterable[bytes], path: str, most_bytes: int) -> Iterator[bytes]:
    had_bytes = 0
    for chunk in chunks:
        had_bytes += len(chunk)
        if had_bytes > most_bytes:
            raise DatasetError(
                f"refused: '{shown(path)}' goes on beyond the {size_words(most_bytes)} taken of it; leave it out"
            )
        yield chunk
