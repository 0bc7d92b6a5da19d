"""From a folder to its table, with a bar while every file is looked at."""

from pathlib import Path

import streamlit as st

from core.data.dataset import Dataset
from core.data.index import index_dataset
from pages.shared import cached
from pages.shared.moving_bar import moving_bar


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
    bar = moving_bar(place, lambda done, total: f"Checking every scan: {done:,} of {total:,}")
    found = index_dataset(folder, progress=bar)
    cached.keep_dataset(folder, signature, found)
    return found
