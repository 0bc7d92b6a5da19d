"""A zip from a stranger: its entries, once nothing in its structure can do harm.

Python's own reader does the parsing and inflates a piece at a time. Everything it takes on trust is checked here:
how many entries there are before it reads them, where each lies, what kind it is, and how large it claims to be.
"""

import stat
import struct
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

from core.data.arrivals.entries import CHUNK_BYTES, Entry
from core.data.arrivals.limits import ALWAYS_UNPACKED_BYTES, LIMITS, Limits, size_words
from core.data.arrivals.names import safe_path, shown
from core.errors import DatasetError

_CENTRAL_SIGNATURE = b"PK\x01\x02"
_LOCAL_SIGNATURE = b"PK\x03\x04"
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, then how long name and extra field are
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # Python inflates the others without a bound
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_SPECIAL = {
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}
_AGAIN = "zip the folder again"


def archive_entries(file: BinaryIO, *, limits: Limits = LIMITS) -> list[Entry]:
    """The files in a zip, in its order; reads its directory alone. `file` must stay open while they are read.

    Raises:
        DatasetError: it is no zip, damaged, too large by its own words, encrypted, packed in a way that is not
            read, or holds links, names or overlaps that no honest zip has.
    """
    packed_bytes = file.seek(0, 2)
    if _directory_records(file, limits.entries) > limits.entries:
        raise DatasetError(f"refused: more than {limits.entries:,} entries in the zip; split it")
    try:
        archive = zipfile.ZipFile(file)
    except Exception as error:  # broad on purpose: damaged directories raise nearly anything
        raise _damaged(error) from None
    infos = archive.infolist()
    for info in infos:
        _check(info, limits)
    _refuse_overlaps(file, archive.start_dir, infos)
    claimed = sum(info.file_size for info in infos)
    if claimed > limits.total_bytes:
        raise DatasetError(
            f"refused: the zip claims to hold {size_words(claimed)}, at most {size_words(limits.total_bytes)} are "
            "unpacked; split it"
        )
    if claimed > max(ALWAYS_UNPACKED_BYTES, limits.ratio * packed_bytes):
        raise DatasetError(
            f"refused: {size_words(packed_bytes)} claim to unpack to {size_words(claimed)}, which no set of images "
            f"does; {_AGAIN}, images alone"
        )
    return [_entry(archive, info) for info in infos if not info.is_dir()]


def _directory_records(file: BinaryIO, enough: int) -> int:
    """How often a directory record can begin in the file, counted to just above `enough`.

    Whatever the end of the zip claims, no more entries than this can be read from it.
    """
    file.seek(0)
    found, tail = 0, b""
    while found <= enough and (chunk := file.read(CHUNK_BYTES)):
        found += (tail + chunk).count(_CENTRAL_SIGNATURE)
        tail = chunk[1 - len(_CENTRAL_SIGNATURE) :]
    return found


def _check(info: zipfile.ZipInfo, limits: Limits) -> None:
    name = info.orig_filename  # as it stands in the zip: `filename` is cut at a NUL
    safe_path(name)
    special = _SPECIAL.get(stat.S_IFMT(info.external_attr >> 16))
    if special:
        raise DatasetError(f"refused: '{shown(name)}' is {special}, not a file; {_AGAIN} without it")
    if info.flag_bits & _ENCRYPTED:
        raise DatasetError(f"refused: '{shown(name)}' is encrypted; zip the folder without a password")
    if info.compress_type not in _METHODS:
        raise DatasetError(
            f"refused: '{shown(name)}' is packed by method {info.compress_type}, expected 0 (stored) or 8 (deflate); "
            f"{_AGAIN} as an ordinary zip"
        )
    if info.file_size > limits.file_bytes:
        raise DatasetError(
            f"refused: '{shown(name)}' claims {size_words(info.file_size)}, at most {size_words(limits.file_bytes)} "
            "of a file are read; leave it out"
        )
    if info.is_dir() and info.file_size:
        raise DatasetError(f"refused: the folder '{shown(name)}' claims to hold bytes itself; {_AGAIN}")
    if info.compress_type == zipfile.ZIP_STORED and info.compress_size != info.file_size:
        raise _lying(name)


def _refuse_overlaps(file: BinaryIO, directory_at: int, infos: list[zipfile.ZipInfo]) -> None:
    """Each entry has bytes of its own: else a small zip could hold the same bytes a thousand times."""
    spans = []
    for info in infos:
        file.seek(max(info.header_offset, 0))
        header = file.read(_LOCAL_HEADER.size)
        if info.header_offset < 0 or len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
            raise DatasetError(f"damaged zip: '{shown(info.orig_filename)}' is not where it should be; {_AGAIN}")
        _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
        data_at = info.header_offset + _LOCAL_HEADER.size + name_bytes + extra_bytes
        spans.append((info.header_offset, data_at + info.compress_size, info.orig_filename))
    spans.sort()
    spans.append((directory_at, directory_at, ""))
    for (_, end, name), (following, _, _) in pairwise(spans):
        if end > following:
            raise DatasetError(f"refused: '{shown(name)}' overlaps what follows it in the zip; {_AGAIN}")


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    def chunks() -> Iterator[bytes]:
        real_bytes = 0
        try:
            with archive.open(info) as file:
                while chunk := file.read(CHUNK_BYTES):
                    real_bytes += len(chunk)
                    yield chunk
        except Exception as error:  # broad on purpose, as above
            raise _damaged(error, info.orig_filename) from None
        if real_bytes != info.file_size:
            raise _lying(info.orig_filename)

    return Entry(info.orig_filename, info.file_size, chunks)


def _damaged(error: Exception, name: str = "") -> DatasetError:
    where = f" at '{shown(name)}'" if name else ""
    found = shown(" ".join(str(error).split()) or type(error).__name__)
    return DatasetError(f"expected a zip, found one that is damaged or cut off{where} ({found}); {_AGAIN}")


def _lying(name: str) -> DatasetError:
    return DatasetError(f"refused: '{shown(name)}' is not as large as the zip says; {_AGAIN}")
