"""Memory: how much was needed, how it is told that it ran out in a step, and what is tried next."""

import torch

from core.errors import WorkError
from core.processes import resident_gib

_SAYS_SO = ("not enough memory", "out of memory", "can't allocate memory")


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error means that memory ran out; torch has several kinds for it, one of them a plain RuntimeError."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _SAYS_SO)


def halved(micro_batch: int) -> int:
    """Half as many scans at a time, the memory of the failed step given back first.

    Raises:
        WorkError: it was one scan already.
    """
    if micro_batch <= 1:
        raise WorkError("out of memory: not even one scan fits; train again with a smaller image_size or backbone")
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return (micro_batch + 1) // 2


def peak_memory_gib() -> float:
    """The most this process has held: of the GPU's memory where there is one, else resident; 0 where unknown."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**30
    try:
        import resource
    except ImportError:  # not on Windows
        return 0.0
    return resident_gib(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
