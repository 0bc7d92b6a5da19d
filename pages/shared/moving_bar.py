"""A progress bar for work within a page, moved no more often than people can see."""

import time
from collections.abc import Callable

import streamlit as st

_SECONDS_BETWEEN_STEPS = 0.1  # more often would only slow the work down


def moving_bar(
    place: st.delta_generator.DeltaGenerator, words: Callable[[int, int], str]
) -> Callable[[int, int], None]:
    """What to call with (done, total) as work goes on.

    Args:
        place: an `st.empty`, where the bar is shown.
        words: of (done, total), beside the bar.
    """
    moved_at = 0.0

    def move(done: int, total: int) -> None:
        nonlocal moved_at
        now = time.monotonic()
        if now - moved_at >= _SECONDS_BETWEEN_STEPS:
            moved_at = now
            place.progress(done / total if total else 1.0, text=words(done, total))

    return move
