"""Folders worth offering, and whether a folder may be looked into at all.

An address can name any folder, and whoever sends a link must not make this machine read through its disk: a folder
from an address is looked into only where it is known here, or once somebody has said so.
"""

from pathlib import Path

from pages.shared import cached, state


def known_datasets() -> list[Path]:
    """Datasets under the data folder, those of known runs and those opened since the server started, each once."""
    found = [*cached.opened_datasets(), *_trained_on(), *_made_here()]
    return [folder for folder in dict.fromkeys(found) if is_there(folder)]


def may_be_opened(folder: str) -> bool:
    """Whether a folder is known here, or somebody said in this session to look at it."""
    return folder == state.get(state.ALLOWED_FOLDER) or Path(folder) in known_datasets()


def allow(folder: str) -> None:
    """Somebody asked for this folder with a button or by typing it; a callback."""
    state.put(state.DATA_FOLDER, folder)
    state.put(state.ALLOWED_FOLDER, folder)


def folder_of(typed: str) -> Path:
    """The folder meant by what somebody typed: `~` is home, where there is one."""
    try:
        return Path(typed.strip()).expanduser()
    except RuntimeError:  # the home of nobody
        return Path(typed.strip())


def is_there(folder: Path) -> bool:
    """Whether it is a folder that can be seen from here; a folder without rights is not."""
    try:
        return folder.is_dir()
    except (OSError, ValueError):
        return False


def _trained_on() -> list[Path]:
    return [Path(run.record.data) for run in cached.all_runs()[0]]


def _made_here() -> list[Path]:
    parent = cached.data_folder()
    try:
        folders = sorted(entry.resolve() for entry in parent.iterdir() if entry.is_dir())
    except OSError:  # nothing was made here yet
        return []
    return [folder for folder in folders if not folder.name.startswith(".")]
