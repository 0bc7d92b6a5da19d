"""One file on its way in: its name, the size it claims, and its bytes a piece at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

CHUNK_BYTES = 1 << 18


@dataclass(frozen=True)
class Entry:
    """A file that is offered.

    Attributes:
        name: its path as the sender gives it; not to be trusted.
        claimed_bytes: how large it is said to be; likewise.
        chunks: opens it, and gives its content in pieces of at most `CHUNK_BYTES`. Raises DatasetError where it
            turns out to be damaged.
    """

    name: str
    claimed_bytes: int
    chunks: Callable[[], Iterator[bytes]]


def file_entry(name: str, file: BinaryIO) -> Entry:
    """A file by itself, such as one that a browser sent; `name` may hold folders."""

    def chunks() -> Iterator[bytes]:
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk

    size = file.seek(0, 2)
    return Entry(name, size, chunks)
