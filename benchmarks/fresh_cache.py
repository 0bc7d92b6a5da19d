"""A cache that is empty, so that everything is made anew."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def fresh_cache() -> Iterator[None]:
    """`CT_EXPLORER_CACHE` is an empty folder for as long as this lasts."""
    before = os.environ.get("CT_EXPLORER_CACHE")
    with tempfile.TemporaryDirectory() as name:
        os.environ["CT_EXPLORER_CACHE"] = name
        try:
            yield
        finally:
            if before is None:
                del os.environ["CT_EXPLORER_CACHE"]
            else:
                os.environ["CT_EXPLORER_CACHE"] = before
