"""The file of many frames that was read last, kept as long as its frames are asked for one after the other."""

import hashlib
import threading
from dataclasses import dataclass
from os import stat_result
from pathlib import Path

from core.data.dicom.header import Header, read_header
from core.data.file_content import content_of

_Stamp = tuple[Path, int, int, int]


@dataclass(frozen=True)
class _Read:
    stamp: _Stamp
    sha256: str
    header: Header


_lock = threading.Lock()
_last: _Read | None = None


def header_and_digest(path: Path, status: stat_result, frame: int) -> tuple[Header, str]:
    """The file's header with its content, and its SHA-256; read anew unless it was the last one and has not changed.

    Args:
        status: of the file, as it is now.
        frame: that is asked for; after the last one the file is let go.

    Raises:
        UnusableError: the file cannot be used.
        OSError: it cannot be read.
    """
    global _last
    stamp = (path, status.st_size, status.st_mtime_ns, status.st_ino)
    with _lock:  # others wait: most likely for this very file
        found = _last
        if found is None or found.stamp != stamp:
            _last = None
            content = content_of(path, status)
            found = _Read(stamp, hashlib.sha256(content).hexdigest(), read_header(content))
        _last = found if frame < found.header.frames else None
    return found.header, found.sha256
