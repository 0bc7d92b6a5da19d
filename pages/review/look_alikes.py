"""What did it learn from? The training scans most like the one under review, of each class."""

from math import isnan
from pathlib import PurePosixPath

import pandas as pd
import streamlit as st

from core.errors import ExplorerError
from core.explanation.look_alikes import LookAlikes, Neighbour, leak_words
from core.explanation.near_copies import Copies
from core.review.worklists.filters import ANY
from core.runs import Run
from pages.review import cached_features
from pages.shared import cached_scans, links
from pages.shared.errors import errors_in_a_line
from pages.shared.words import literal

_TILE_PX = 136


@errors_in_a_line()
def show_look_alikes(run: Run, case: pd.Series) -> None:
    """A row of thumbnails for each class, the nearest first, with what marks a leak; a click opens that scan.

    Args:
        run: whose features are asked.
        case: the scan under review: its `path` and `split`.
    """
    found, copies = cached_features.look_alikes(run, str(case["path"]))
    _headline(found, copies)
    with st.grid(2, min_column_width=4 * (_TILE_PX + 16), gap="medium"):
        for name, neighbours in found.by_class.items():
            with st.container():
                st.markdown(f"**Most like these {literal(name)} scans**")
                if not neighbours:
                    st.caption("It learnt from no other scan of this class.")
                with st.container(horizontal=True, gap="small"):
                    for number, neighbour in enumerate(neighbours):
                        _tile(run, found, neighbour, copies.of.get(neighbour.path, ""), f"{name}-{number}")
    for path, problem in copies.unread.items():
        st.caption(f"{literal(path)} could not be compared by its picture: {literal(problem)}")
    st.caption(
        "Distance: one minus the cosine of the angle between the network's own features of two scans, 0 to 2. "
        "It says what the network takes for alike, which need not be what a reader would."
    )


def _headline(found: LookAlikes, copies: Copies) -> None:
    leaks = sum(
        bool(leak_words(found, neighbour, copies.of.get(neighbour.path, "")))
        for row in found.by_class.values()
        for neighbour in row
    )
    if leaks:
        st.warning(
            f"{leaks} of these training scans {'is' if leaks == 1 else 'are'} of its own group or nearly the same "
            "picture: it was learnt from, so the score of this scan is better than it would be on new people.",
            icon=":material/water_drop:",
        )
    if not isnan(found.beyond):
        words = (
            f"Its nearest training scan of another group is at {distance_text(found.distance)}; "
            f"{found.beyond:.0%} of the training scans are nearer to theirs."
        )
        if found.is_unlike:
            st.warning(f"{words} It is unlike anything the network learnt from.", icon=":material/help:")
        else:
            st.caption(words)


def _tile(run: Run, found: LookAlikes, neighbour: Neighbour, copy: str, key: str) -> None:
    name = PurePosixPath(neighbour.path).name
    try:
        picture = cached_scans.thumbnail(cached_scans.file_of(run, neighbour.path))
    except ExplorerError:
        picture = None
    with st.container(gap="xxsmall", width=_TILE_PX):
        if picture:
            st.image(picture, width="stretch", alt=f"Training scan {name}, {neighbour.label}")
        else:
            st.caption("No picture: the file cannot be read.")
        if st.button(literal(name), key=f"look-alike-{key}", type="tertiary", help="Open this training scan."):
            links.open_case(links.Case(ANY, "train", neighbour.path))
            st.rerun()  # the whole page: it is another worklist
        group = "" if neighbour.group == f"scan:{neighbour.path}" else f"  \n{literal(neighbour.group)}"
        st.caption(f"at {distance_text(neighbour.distance)}{group}")
        if words := leak_words(found, neighbour, copy):
            st.markdown(f":small[**:material/water_drop: {words.capitalize()}**]")
        elif copy or neighbour.same_group:
            st.caption((copy or "same group").capitalize())


def distance_text(distance: float) -> str:
    """A distance in [0, 2] with two digits that count."""
    return "0" if distance < 1e-6 else f"{distance:.2g}"
