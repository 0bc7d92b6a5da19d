"""What a file on its way in is, by how it begins: a scan worth keeping, or why it is kept out."""

from pathlib import PurePosixPath

from core.data.arrivals.names import shown
from core.data.dicom.signs import has_dicom_magic, may_be_dicom

_STARTS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",  # JPEG
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),  # TIFF
    *(b"GIF87a", b"GIF89a"),
    *(b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),  # JPEG 2000
)
_ARCHIVE_STARTS = (
    *(b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"),
    b"\x28\xb5\x2f\xfd",  # zstd
)
_TAR_MAGIC_AT = 257


def why_kept_out(start: bytes, name: str) -> str:
    """Empty where a file begins as a scan does, else the reason in a few words.

    Args:
        start: its first bytes, 300 are enough.
        name: what it is called; counts for DICOM alone, which may begin without saying so.
    """
    if not start:
        return "an empty file"
    if _is_image(start) or has_dicom_magic(start):
        return ""
    if start.startswith(_ARCHIVE_STARTS) or start[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar":
        return "an archive in itself, not unpacked: unpack it first"
    suffix = PurePosixPath(name).suffix
    if may_be_dicom(start, suffix):
        return ""
    return f"not a scan: a {shown(suffix)} file that begins as no image does" if suffix else "not a scan, as it begins"


def _is_image(start: bytes) -> bool:
    return (
        start.startswith(_STARTS)
        or (start[:2] == b"BM" and start[6:10] == b"\0\0\0\0")
        or (start[:4] == b"RIFF" and start[8:12] == b"WEBP")
        or (start[:1] == b"P" and start[1:2] in b"123456" and start[2:3].isspace())
    )
