"""A scan with all that its file knows of brightness, for a viewer that windows it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.dicom.levels import Levels, frame_levels
from core.data.dicom.signs import has_dicom_magic, may_be_dicom
from core.data.file_content import content_of, status_of
from core.data.frames import file_and_frame
from core.data.images import dicom_header, read_scan
from core.data.quiet import quiet_readers
from core.data.refusals import UnusableError, reasons
from core.data.windows import LUNG, Window
from core.errors import DatasetError

_START_BYTES = 256  # tell DICOM from others


def read_windowable(
    path: Path | str, *, window: Window = LUNG, sha256: str = ""
) -> tuple[NDArray[np.uint8], Levels | None]:
    """The scan as `read_scan` gives it, and its levels where it is a DICOM with more than a screen shows at once.

    Args:
        path: of a file, or of a frame in one.
        window: for scans in Hounsfield units; the first window of the levels too.
        sha256: as in the index, where the content must be that one.

    Raises:
        DatasetError: as `read_scan`.
    """
    scan = read_scan(path, window=window, sha256=sha256)
    file, frame = file_and_frame(path)
    try:
        with quiet_readers(), reasons():
            with file.open("rb") as opened:
                start = opened.read(_START_BYTES)
            if not has_dicom_magic(start) and not may_be_dicom(start, file.suffix):
                return scan, None
            return scan, _levels(file, frame, window)
    except UnusableError as error:
        raise DatasetError(f"{path}: {error}") from None


def _levels(file: Path, frame: int | None, window: Window) -> Levels | None:
    if frame is not None:
        from core.data.dicom.many_frames import header_and_digest

        return frame_levels(header_and_digest(file, status_of(file), frame)[0], frame, window)
    header = dicom_header(content_of(file, status_of(file)), file.suffix)
    return None if header is None else frame_levels(header, 1, window)
