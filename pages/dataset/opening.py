"""From a folder to its table, with a bar while every file is looked at."""

import time
from pathlib import Path

import streamlit as st

from core.data.dataset import Dataset
from core.data.index import index_dataset
from pages.shared import cached

_SECONDS_BETWEEN_STEPS = 0.1  # more often than people can see would only slow the work down


def opened(folder: Path, signature: str, place: st.delta_generator.DeltaGenerator) -> Dataset:
    """Index the dataset, and remember it under its signature.

    Args:
        folder: as chosen.
        signature: of the folder as it is now.
        place: an `st.empty`, where the bar is shown meanwhile.

    Raises:
        DatasetError: as `index_dataset`.
    """
    place.progress(0.0, text="Looking for scans")
    found = index_dataset(folder, progress=_Bar(place).move)
    cached.keep_dataset(folder, signature, found)
    return found


class _Bar:
    def __init__(self, place: st.delta_generator.DeltaGenerator) -> None:
        self._place = place
        self._moved_at = 0.0

    def move(self, done: int, total: int) -> None:
        """Show how many files have been looked at; not each time."""
        now = time.monotonic()
        if now - self._moved_at >= _SECONDS_BETWEEN_STEPS:
            self._moved_at = now
            self._place.progress(done / total, text=f"Checking every scan: {done:,} of {total:,}")
