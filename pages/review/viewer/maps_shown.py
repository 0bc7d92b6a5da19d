"""Which maps are shown: of what, by which method, at which layer; one, or up to four side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import pandas as pd
import streamlit as st

from core.runs import Run
from pages.shared import cached_viewed, state
from pages.shared.cached_viewed import Asked
from pages.shared.words import literal

MOST_MAPS = 4
PREDICTED = "as predicted"  # with a space that no method's key has; a class of that name is asked for by its own
ONE, CLASSES, METHODS_SIDE, LAYERS = "one", "classes", "methods", "layers"
_SIDE_WORDS = {ONE: "One map", CLASSES: "Classes", METHODS_SIDE: "Methods", LAYERS: "Layers"}


@dataclass(frozen=True)
class MapsWanted:
    """Which maps of any case: of targets (one may be `PREDICTED`), by methods, at layers; each with each."""

    targets: tuple[str, ...]
    methods: tuple[str, ...]
    layers: tuple[str, ...]
    classes: tuple[str, ...]

    def of(self, predicted: str) -> tuple[Asked, ...]:
        """The maps of a case that was called so; at least one, at most `MOST_MAPS`."""
        asked = dict.fromkeys(
            Asked(predicted if target == PREDICTED and PREDICTED not in self.classes else target, method, layer)
            for target in self.targets
            for method in self.methods
            for layer in self.layers
        )
        return tuple(islice(asked, MOST_MAPS))


def is_wide() -> bool:
    """Whether several maps are shown, which want the width of the page."""
    return st.session_state.get(state.MAPS_COMPARED, ONE) != ONE


def asked_first(run: Run) -> Asked | None:
    """The first of the maps shown last in this session for a run, which panels beside the scan speak of."""
    known: dict[str, Asked] = st.session_state.get(state.MAP_ASKED, {})
    return known.get(run.id)


def choose_maps(run: Run, case: pd.Series) -> MapsWanted:
    """Draw the choices.

    Args:
        run: whose network is asked.
        case: its scan: what it was called is one of the choices.
    """
    from core.explanation.maps import METHODS
    from core.explanation.targets import target_choices

    classes = target_choices(run.record.classes, run.record.positive)
    targets = {**classes, **({} if PREDICTED in classes else {PREDICTED: "what it was called"})}
    layers = cached_viewed.layers(run)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    compared = row.selectbox(
        "Show",
        list(_SIDE_WORDS),
        key=state.MAPS_COMPARED,
        format_func=lambda name: _SIDE_WORDS[name] + ("" if name == ONE else " side by side"),
        width=190,
    )
    chosen_targets = _chosen(row, "Evidence for", targets, state.MAP_TARGET, run, several=compared == CLASSES)
    methods = _chosen(row, "Method", METHODS, state.MAP_METHOD, run, several=compared == METHODS_SIDE)
    chosen_layers = _chosen(row, "Layer", layers, state.MAP_LAYER, run, several=compared == LAYERS, last=True)
    wanted = MapsWanted(tuple(chosen_targets), tuple(methods), tuple(chosen_layers), tuple(classes))
    st.session_state.setdefault(state.MAP_ASKED, {})[run.id] = wanted.of(case["predicted"])[0]
    return wanted


def _chosen(
    place: st.delta_generator.DeltaGenerator,
    label: str,
    choices: Mapping[str, str],
    key: str,
    run: Run,
    *,
    several: bool,
    last: bool = False,
) -> list[str]:
    """One of the choices, or several where these are compared; the first (or last) where nothing is chosen."""
    names = list(choices)
    usual = names[-1] if last else names[0]
    # Another run has other classes and layers.
    key = f"{key}-{'several' if several else 'one'}-{run.id}"
    if not several:
        index = names.index(usual)
        return [
            place.selectbox(label, names, index, key=key, format_func=lambda name: literal(choices[name]), width=220)
        ]
    # The usual one first, and what stands beside it in the list.
    beside = (names[::-1] if last else names)[:MOST_MAPS]
    first = [name for name in names if name in beside]
    return place.multiselect(
        label,
        names,
        first,
        key=key,
        max_selections=MOST_MAPS,
        format_func=lambda name: literal(choices[name]),
        width=460,
    ) or [usual]
