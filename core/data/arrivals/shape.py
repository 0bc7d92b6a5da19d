"""Which folder of what arrived is the dataset, and what in it belongs to no class."""

from dataclasses import dataclass
from pathlib import Path

from core.data.layout import INDEX_NAME, list_scans
from core.errors import DatasetError

_SHAPES = f"class folders, or an {INDEX_NAME} with the columns path and label"


@dataclass(frozen=True)
class Settled:
    """The folder that is the dataset, how many files are in it, and (path, reason) of what was removed from it."""

    top: Path
    files: int
    kept_out: tuple[tuple[str, str], ...]


def settle(folder: Path, *, name: str, peel: bool) -> Settled:
    """Find the dataset in a folder of new files, and see that it can be opened.

    Args:
        folder: the new files; those that belong to no class are removed.
        name: stands in errors for the folder.
        peel: whether a folder around everything is to be taken off.

    Raises:
        DatasetError: no scan, no class folder and no index.csv, or an index.csv that cannot be used.
    """
    if not any(path.is_file() and path.name != INDEX_NAME for path in folder.rglob("*")):
        raise DatasetError(f"no scans in {name}: expected images or DICOM files in {_SHAPES}; found none")
    top = _peeled(folder) if peel else folder
    kept_out = []
    for path in sorted(top.rglob(INDEX_NAME)):
        if path.parent != top:
            kept_out.append((path, f"only the {INDEX_NAME} beside the class folders is read"))
    if not (top / INDEX_NAME).exists():
        loose = sorted(path for path in top.iterdir() if path.is_file())
        if not any(path.is_dir() for path in top.iterdir()):
            raise DatasetError(
                f"expected {_SHAPES}, found {len(loose):,} scans in no folder in {name}: "
                "put each class into a folder of its own, or choose a class for them"
            )
        kept_out += [(path, "in no class folder") for path in loose]
    for path, _ in kept_out:
        path.unlink()
    try:
        list_scans(top)
    except DatasetError as error:
        raise DatasetError(str(error).replace(str(top.resolve()), name).replace(str(top), name)) from None
    files = sum(path.is_file() and path != top / INDEX_NAME for path in top.rglob("*"))
    return Settled(top, files, tuple((path.relative_to(top).as_posix(), reason) for path, reason in kept_out))


def _peeled(folder: Path) -> Path:
    """Below a chain of single folders, the first that holds several or an index.csv; else `folder` itself."""
    inner = folder
    while True:
        entries = list(inner.iterdir())
        folders = [entry for entry in entries if entry.is_dir()]
        if len(folders) > 1 or any(entry.name == INDEX_NAME for entry in entries):
            return inner
        if len(entries) != 1 or not folders:
            return folder
        inner = folders[0]
