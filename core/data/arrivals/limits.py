"""How much may come at once."""

from dataclasses import dataclass

_GIB = 2**30


@dataclass(frozen=True)
class Limits:
    """What an arrival may hold; more is refused before, or at the latest while, it is written.

    Attributes:
        entries: files and folders.
        total_bytes: of all files unpacked.
        file_bytes: of one of them; as much as is read of a scan.
        table_bytes: of an index.csv, which is read in one piece.
        ratio: of the unpacked to the packed size of an archive; images hardly shrink, bombs do.
        free_bytes: what must stay free on the disk.
    """

    entries: int = 100_000
    total_bytes: int = 20 * _GIB
    file_bytes: int = _GIB // 2
    table_bytes: int = 64 * 2**20
    ratio: float = 60.0
    free_bytes: int = _GIB // 4


LIMITS = Limits()
# Even the best packed small set stays below this, and no bomb of this size does harm.
ALWAYS_UNPACKED_BYTES = 64 * 2**20


def size_words(count: float) -> str:
    """Bytes as people say them."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
