"""How a DICOM file begins: how its data set is encoded, and where that starts (PS3.10, 7)."""

import struct
import zlib
from dataclasses import dataclass

from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from core.data.dicom.signs import DATA_AT, has_dicom_magic, is_vr
from core.data.refusals import UnusableError

_LONG_FORMS = (b"OB", b"OW", b"OF", b"SQ", b"UN", b"UT")  # VRs whose length has four bytes
_META_GROUP, _SYNTAX, _OBJECT_KIND = 0x0002, 0x0010, 0x0002
_MAX_INFLATED_MIB = 512


@dataclass(frozen=True)
class Start:
    """How a data set is encoded: its transfer syntax, the SOP class that the file names, and the data set's offset.

    `content` is the file; where it was deflated, the file inflated, and `syntax` is then Explicit VR Little Endian.
    """

    content: bytes
    syntax: UID
    object_kind: str
    offset: int
    deflated: bool = False


def dicom_start(content: bytes) -> Start:
    """Read the file meta information, and inflate what is deflated.

    Raises:
        UnusableError: the file is encoded in a way that is not read, or inflates to too much.
    """
    at = DATA_AT if has_dicom_magic(content) else 0
    values: dict[int, bytes] = {}
    while at + 8 <= len(content) and struct.unpack_from("<H", content, at)[0] == _META_GROUP:
        _, number, kind, length = struct.unpack_from("<HH2sH", content, at)
        at += 8
        if kind in _LONG_FORMS:
            (length,) = struct.unpack_from("<I", content, at)
            at += 4
        values[number] = content[at : at + min(length, 128)]
        at += length
    syntax, object_kind = _uid(values.get(_SYNTAX, b"")), str(_uid(values.get(_OBJECT_KIND, b"")))
    if not syntax:
        syntax = _guessed(content[at : at + 8])
    if syntax == DeflatedExplicitVRLittleEndian:
        return Start(_inflated(content[at:]), ExplicitVRLittleEndian, object_kind, 0, deflated=True)
    return Start(content, syntax, object_kind, at)


def _uid(value: bytes) -> UID:
    return UID(value.rstrip(b"\0 ").decode("ascii", "replace"))


def _guessed(element: bytes) -> UID:
    if len(element) < 8:
        raise UnusableError("damaged or cut off: DICOM without a data set")
    little = struct.unpack_from("<H", element)[0] <= 0x00FF
    if not is_vr(element[4:6]):
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _inflated(deflated: bytes) -> bytes:
    limit = _MAX_INFLATED_MIB * 2**20
    content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(deflated, limit + 1)
    if len(content) > limit:
        raise UnusableError(f"too large: it inflates to more than the {_MAX_INFLATED_MIB} MiB that are read")
    return content
