"""Whether a file is DICOM, by how it begins; told without the library that reads it, which is slow to import."""

import struct

_MAGIC_AT, _MAGIC = 128, b"DICM"
DATA_AT = 132
_SUFFIXES = (".dcm", ".dicom", ".ima")
_FIRST_GROUPS = (0x0002, 0x0004, 0x0008)  # what a data set without a preamble may begin with
_LONGEST_FIRST_VALUE = 1024


def has_dicom_magic(content: bytes) -> bool:
    """Whether the content says that it is DICOM."""
    return content[_MAGIC_AT:DATA_AT] == _MAGIC


def may_be_dicom(content: bytes, suffix: str) -> bool:
    """Whether content without the magic may be a bare data set, by its first element or the file's suffix."""
    if len(content) < 16:
        return False
    if suffix.lower() in _SUFFIXES and content[:_MAGIC_AT].count(0) > 4:
        return True
    for order in "<>":
        group, _, length = struct.unpack_from(f"{order}HHI", content)
        if group in _FIRST_GROUPS:
            return is_vr(content[4:6]) or 0 < length <= _LONGEST_FIRST_VALUE
    return False


def is_vr(letters: bytes) -> bool:
    """Whether these may be the two letters of a value representation."""
    return len(letters) == 2 and letters.isalpha() and letters.isupper()
