"""Folders worth offering: made here, trained on, or opened before."""

from pathlib import Path

from pages.shared import cached


def known_datasets() -> list[Path]:
    """Datasets under the data folder, those of known runs and those opened since the server started, each once."""
    found = [*cached.opened_datasets(), *_trained_on(), *_made_here()]
    return [folder for folder in dict.fromkeys(found) if is_there(folder)]


def is_there(folder: Path) -> bool:
    """Whether it is a folder that can be seen from here; a folder without rights is not."""
    try:
        return folder.is_dir()
    except OSError:
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
