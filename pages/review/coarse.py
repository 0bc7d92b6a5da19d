"""How coarse a run's maps are, said wherever heat is judged by where it lies."""

import streamlit as st

from core.review.worklists.filters import Filters
from core.runs import Run
from pages.review import cached_heat
from pages.shared.errors import errors_in_a_line
from pages.shared.words import percent, share

_COARSE = 7  # cells a side, up to which a map spills over an organ's border


def words_of_cells(run: Run) -> str:
    """How many cells a map has and, where they are large, how large; for a run whose heat has been worked out."""
    from core.analyses.heat_pictures import map_cells

    height, width = map_cells(run)
    says = f"A map has {height} × {width} cells."
    if max(height, width) > _COARSE:
        return says
    return (
        f"{says} Each covers {share(1 / (height * width))} of the picture, so heat in a lung spills over its border: "
        "read these shares beside chance, not alone."
    )


@errors_in_a_line()
def say_what_chance_gives(run: Run, filters: Filters) -> None:
    """A line above a worklist of heat outside the lungs: how many an even map would put there; else nothing."""
    if not filters.outside_lungs and filters.order != "outside":
        return
    everything = cached_heat.places(run).get("all")
    if everything is None or not everything.judged:
        return
    st.caption(
        f"Less than half of the heat in the lungs: so in {percent(everything.outside)} of the validation and test "
        f"scans; maps that are the same everywhere would put {share(everything.outside_by_chance)} of them here.",
        help=words_of_cells(run),
    )
