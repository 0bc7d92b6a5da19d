"""The same work on many files at once, in order, with progress."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# Pillow, OpenCV and hashlib let go of the interpreter while they work, so threads do; more of them than cores, since
# some of them always wait for the disk or for the interpreter. Yet the more there are, the more often they take it
# from one another: with four a core, indexing was a quarter slower.
THREADS_PER_CORE = 2
MAX_THREADS = 32
# How many items wait for each thread: enough that none is idle behind a slow one, few enough that the memory in
# use does not grow with the number of items.
_AHEAD_PER_THREAD = 8


def each_in_threads(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Result]:
    """`work(item)` for every item, in the order of the items, computed `workers` at a time.

    Only a few items are worked on ahead of the one that is asked for, whatever their number.
    `progress(done, total)` is called in the calling thread, after each result. What it or `work` raises ends
    everything: items not yet begun are left alone.

    Raises:
        ValueError: `workers` is below 1.
    """
    if workers is None:
        workers = min(MAX_THREADS, THREADS_PER_CORE * (os.cpu_count() or 1))
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    waiting: deque[Future[Result]] = deque()
    begun = 0
    with ThreadPoolExecutor(workers) as pool:
        try:
            for done in range(len(items)):
                while begun < len(items) and begun - done < workers * _AHEAD_PER_THREAD:
                    waiting.append(pool.submit(work, items[begun]))
                    begun += 1
                result = waiting.popleft().result()
                if progress is not None:
                    progress(done + 1, len(items))
                yield result
        finally:
            for future in waiting:
                future.cancel()
