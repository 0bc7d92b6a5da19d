"""The address of one frame in a file that holds several: `dir/file.dcm#2`, counted from 1."""

import re
from pathlib import Path

_FRAME = re.compile(r"(.+)#([1-9]\d{0,5})", re.DOTALL)


def frame_path(path: str, frame: int) -> str:
    """The address of a frame, counted from 1."""
    return f"{path}#{frame}"


def file_and_frame(path: Path | str) -> tuple[Path, int | None]:
    """The file that an address means and the frame in it, counted from 1; None where it is a file's own name.

    A file that really has such a name wins.
    """
    path = Path(path)
    found = _FRAME.fullmatch(path.name)
    if found is None or path.exists():
        return path, None
    return path.with_name(found.group(1)), int(found.group(2))
