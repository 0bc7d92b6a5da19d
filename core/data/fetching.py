"""Getting a public set: downloaded where there is a network, else one line says how to get it by hand."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.data import kaggle_download
from core.data.partial_folder import partial_folder, remove_abandoned
from core.data.public_sets import PublicSet, public_set
from core.errors import DatasetError, WorkError
from core.files import make_folder

SOURCE_FILE = "SOURCE.txt"
SECONDS_TO_BEGIN = 18  # until the first byte has come
SECONDS_WITHOUT_A_BYTE = 60  # once some have
_SECONDS_BETWEEN_LOOKS = 0.25

Progress = Callable[[int, int], None]
Download = Callable[[PublicSet, Path, Progress], None]


@dataclass(frozen=True)
class Fetched:
    """Where a public set lies, and whether it did so before anybody asked."""

    folder: Path
    was_there: bool


class DownloadError(Exception):
    """Why a download failed, in a few words; nothing that an account or a token could be read from."""


def fetch(name: str, into: Path, *, progress: Progress | None = None, download: Download | None = None) -> Fetched:
    """Get a public set as the folder `into/name`; it appears whole or not at all.

    Args:
        name: one of `PUBLIC_SETS`.
        into: made where it is missing.
        progress: called with (bytes so far, about how many there will be), several times a second; what it raises
            ends the download.
        download: fills a folder with the set; from Kaggle where None.

    Raises:
        DatasetError: no such set, or something else is in its place.
        WorkError: it cannot be downloaded or written; the text says what to do by hand.
    """
    known = public_set(name)
    folder = Path(into).absolute() / known.name
    if folder.exists():
        return _found(folder, known)
    try:
        make_folder(folder.parent)
        remove_abandoned(folder)
        with partial_folder(folder) as partial:
            partial.mkdir()
            (download or download_from_kaggle)(known, partial / "download", progress or _say_nothing)
            _arrange(partial / "download", partial / "set", known)
            if folder.exists():  # somebody else was quicker
                return _found(folder, known)
            (partial / "set").rename(folder)
    except DownloadError as error:
        raise WorkError(f"cannot fetch {known.name}: {error}; {by_hand(known, folder)}") from None
    except OSError as error:
        raise WorkError(
            f"cannot write {folder}: {error.strerror or error}; free some space or choose another folder"
        ) from error
    return Fetched(folder, was_there=False)


def by_hand(known: PublicSet, folder: Path) -> str:
    """What to do without a network: what to download, and where to put it."""
    places = " and ".join(str(folder / label) for label in known.classes)
    return f"download {known.address} by hand and unpack it so that {places} hold its scans"


def download_from_kaggle(known: PublicSet, folder: Path, progress: Progress) -> None:
    """Let a process of its own fill `folder`: what hangs can be ended, and what it prints is seen by nobody.

    Raises:
        DownloadError: no network, no account, nothing has come for too long, or no such set any more.
    """
    total = 2 * known.packed_bytes  # the archive, then the same unpacked beside it
    process = subprocess.Popen(
        [sys.executable, "-m", kaggle_download.__name__, known.handle, str(folder)],
        cwd=Path(__file__).resolve().parents[2],
        env=kaggle_download.environment(folder),
        stdin=subprocess.PIPE,  # it ends when this closes, so it does not outlive us
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        had, came_at = 0, time.monotonic()
        while (status := process.poll()) is None:
            now, has = time.monotonic(), _bytes_in(folder)
            progress(min(has, total), total)
            if has != had:
                had, came_at = has, now
            elif now - came_at > (SECONDS_WITHOUT_A_BYTE if had else SECONDS_TO_BEGIN):
                raise DownloadError(f"nothing came from Kaggle for {now - came_at:.0f} s")
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    finally:
        process.kill()
        process.communicate()
    if status != 0:
        raise DownloadError(kaggle_download.REASONS.get(status, "the download failed"))
    progress(total, total)


def _found(folder: Path, known: PublicSet) -> Fetched:
    if _without_scans(folder, known):
        raise DatasetError(
            f"expected {known.name} or nothing in {folder}, found something without scans in the folders "
            f"{' and '.join(known.classes)}; move it away"
        )
    return Fetched(folder, was_there=True)


def _arrange(downloaded: Path, made: Path, known: PublicSet) -> None:
    """The class folders, wherever in the download they lie, side by side with a note of where they come from."""
    first = min(
        (path for path in downloaded.rglob(known.classes[0]) if path.is_dir()),
        key=lambda path: len(path.parts),
        default=None,
    )
    top = first.parent if first else downloaded
    missing = _without_scans(top, known)
    if missing:
        raise DownloadError(f"what came holds no scans in a folder named {missing[0]}")
    made.mkdir()
    for label in known.classes:
        (top / label).rename(made / label)
    words = f"{known.title}\n{known.address}\nLicence: {known.licence}\n{known.citation}\n"
    (made / SOURCE_FILE).write_text(words, encoding="utf-8")


def _without_scans(folder: Path, known: PublicSet) -> list[str]:
    """The classes that have no folder there, or an empty one."""
    return [label for label in known.classes if not (folder / label).is_dir() or not any((folder / label).iterdir())]


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # renamed or removed since
            continue
    return total


def _say_nothing(_done: int, _total: int) -> None:
    pass
