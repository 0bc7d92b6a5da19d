"""A dataset's folder and the files below it, by name; what leads outside is refused."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from core.data.frames import file_and_frame
from core.errors import DatasetError, RequestError
from core.files import make_folder

EXPECTED = "expected one subfolder of images per class, or an index.csv with the columns path and label"

OWN_FOLDER = ".ct-explorer"
DECISIONS_FILE = "decisions.json"

_SYSTEM_NAMES = {"thumbs.db", "desktop.ini", "__macosx"}


def dataset_root(folder: Path | str) -> Path:
    """The dataset's folder, resolved.

    Raises:
        DatasetError: it is missing, no folder, or cannot be read.
    """
    root = Path(folder)
    try:
        if not root.exists():
            raise DatasetError(f"no such folder: {root}; {EXPECTED}")
        if not root.is_dir():
            raise DatasetError(f"not a folder: {root}; {EXPECTED}")
        root = root.resolve()
        next(visible_entries(root), None)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"cannot read the folder {folder}: {reason}; check its rights") from None
    return root


def own_folder(root: Path) -> Path:
    """The hidden folder in a dataset that keeps what was decided about it, and the key of its patients' ids.

    Raises:
        WorkError: it cannot be made.
    """
    folder = root / OWN_FOLDER
    make_folder(folder, private=True)
    return folder


def dataset_signature(folder: Path | str) -> str:
    """A cheap hash over the names, sizes and times of a dataset's files: another one means index again.

    What was decided about the dataset counts too.

    Raises:
        DatasetError: as `dataset_root`.
    """
    digest = hashlib.sha256()
    root = dataset_root(folder)
    decisions = root / OWN_FOLDER / DECISIONS_FILE
    for path, entry in (*((path, entry) for path, entry, _ in walk(root)), (OWN_FOLDER, decisions)):
        size, modified_ns = -1, -1
        if entry is not None:
            with suppress(OSError):  # gone since, not there yet, or a link to nothing
                status = entry.stat()
                size, modified_ns = status.st_size, status.st_mtime_ns
        digest.update(f"{path}\0{size}\0{modified_ns}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def refusal(root: Path, path: str) -> str:
    """Why `path` must not be read as a part of `root`, else empty: no dataset reaches outside its folder.

    `root` must be resolved already: this is asked for every scan.
    """
    if not path:
        return "the path is empty"
    if path.startswith("/") or ".." in PurePosixPath(path).parts:
        return "refused: a path must be relative to the dataset's folder, without '..'"
    try:
        file, _ = file_and_frame(root / path)  # a link with a frame's number behind it is still that link
        outside = not file.resolve().is_relative_to(root)
    except (OSError, ValueError, RuntimeError) as error:  # a NUL, a circle of links
        return f"refused: {getattr(error, 'strerror', None) or error}"
    return "refused: a link that leads outside the dataset's folder" if outside else ""


def walk(root: Path) -> Iterator[tuple[str, "os.DirEntry[str] | None", str]]:
    """Every visible file below `root`, as (path, entry, problem); also folders that must be left out."""
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(visible_entries(root / folder), key=lambda entry: entry.name)
        except OSError as error:
            yield folder, None, f"a folder that cannot be read: {error.strerror or error}"
            continue
        below = []
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if not is_folder(entry):
                yield path, entry, ""
            elif entry.is_symlink():
                # Inside, its scans are here anyway; following links could also go round in circles.
                reason = refusal(root, path) or "a link to another folder of the dataset: not followed"
                yield path, entry, reason
            else:
                below.append(path)
        waiting.extend(reversed(below))


def visible_entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """What lies in the folder, without hidden files and what operating systems leave behind."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not is_hidden(entry.name):
                yield entry


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is passed over: hidden, or what operating systems leave behind."""
    return name.startswith(".") or name.lower() in _SYSTEM_NAMES


def is_folder(entry: "os.DirEntry[str]") -> bool:
    """Whether the entry is a folder or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # links in a circle
        return False


def check_folder(folder: Path) -> None:
    """Refuse what is no folder and so no dataset.

    Raises:
        RequestError: a file is there, or nothing.
    """
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise RequestError(f"expected a dataset's folder, found {found} at {folder}")
