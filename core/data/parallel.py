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
    together: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Result]:
    """`work(item)` for every item, in the order of the items, computed `workers` at a time.

    Only a few items are worked on ahead of the one that is asked for, whatever their number. What `work` or `progress`
    raises ends everything: items not yet begun are left alone.

    Args:
        work: called in any of the threads.
        items: each is worked on once.
        workers: threads; by default a few for each core.
        together: how many items a thread takes at once: where they are quick, handing over each takes long.
        progress: called with (done, total) in the calling thread, before each result is given.

    Raises:
        ValueError: `workers` or `together` is below 1.
    """
    if workers is None:
        workers = min(MAX_THREADS, THREADS_PER_CORE * (os.cpu_count() or 1))
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    if together < 1:
        raise ValueError(f"together must be at least 1, got {together}")

    def some(start: int) -> list[Result]:
        return [work(item) for item in items[start : start + together]]

    waiting: deque[Future[list[Result]]] = deque()
    done = begun = 0
    with ThreadPoolExecutor(workers) as pool:
        try:
            while done < len(items):
                while begun < len(items) and begun - done < workers * together * _AHEAD_PER_THREAD:
                    waiting.append(pool.submit(some, begun))
                    begun += together
                for result in waiting.popleft().result():
                    done += 1
                    if progress is not None:
                        progress(done, len(items))
                    yield result
        finally:
            for future in waiting:
                future.cancel()
