"""Where what can be made again is kept, so that it need not be: indexes, decoded pixels, audits."""

import os
from pathlib import Path

from core.files import make_folder


def cache_folder(*names: str) -> Path:
    """A folder in the cache (`CT_EXPLORER_CACHE`, else `cache/` here), made if it is not there; for this user only.

    Raises:
        WorkError: it cannot be made.
    """
    root = Path(os.environ.get("CT_EXPLORER_CACHE") or "cache").absolute()
    folder = root.joinpath(*names)
    make_folder(folder, private=True)
    return folder
