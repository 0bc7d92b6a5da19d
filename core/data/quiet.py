"""No word from the libraries that read images: what matters in their warnings is checked by us anyway."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_readers = 0
_filters = warnings.catch_warnings()


@contextmanager
def quiet_readers() -> Iterator[None]:
    """Ignore the warnings of Pillow and pydicom while at least one thread reads.

    Warning filters belong to the whole process, so only the first reader in sets them and only the last one
    out sets them back; each thread on its own would put back what another has changed.
    """
    global _readers, _filters
    with _lock:
        _readers += 1
        if _readers == 1:
            _filters = warnings.catch_warnings()
            _filters.__enter__()
            warnings.filterwarnings("ignore", module=r"(PIL|pydicom)\.")
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if _readers == 0:
                _filters.__exit__(None, None, None)
