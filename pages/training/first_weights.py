"""Where a network's first weights come from: the hub, nowhere, a file, or another run."""

import streamlit as st

from core.runs import Run
from core.training.presets import Preset
from pages.shared import cached, state

HUB, SCRATCH = "hub", "scratch"
_FILE, _RUN = "a local file", "another run"
_WORDS = {HUB: "pretrained, from the model hub", SCRATCH: "from scratch"}


def choose_first_weights(preset: Preset) -> str:
    """Draw the choice; gives a config's `init`, empty while a file or a run is still to be named."""
    reachable = cached.hub_is_reachable()
    key = state.FIRST_WEIGHTS + preset.name
    wants_hub = preset.config.init == HUB
    st.session_state.setdefault(key, HUB if wants_hub and reachable else SCRATCH)
    way = st.selectbox(
        "First weights",
        (HUB, SCRATCH, _FILE, _RUN),
        format_func=lambda name: _WORDS.get(name, name),
        key=key,
        persist_state="session",
        help="To see whether the hub can be reached, this page opens a connection to it and closes it again: nothing "
        "is sent. Weights are fetched from there once a training with them starts.",
    )
    if way == HUB and not reachable:
        st.caption("The model hub cannot be reached from here: only weights it gave before will load.")
    elif not reachable and wants_hub and way == SCRATCH:
        st.caption("The model hub cannot be reached from here, so this starts from scratch; a file or a run works too.")
    if way == _FILE:
        return st.text_input(
            "Weights file", placeholder="/path/to/weights.safetensors", key=f"{key}-file", persist_state="session"
        ).strip()
    if way == _RUN:
        runs: list[Run] = cached.finished_runs()
        if not runs:
            st.caption("There is no finished run yet.")
            return ""
        return str(st.selectbox("Weights of run", [run.id for run in runs], key=f"{key}-run", persist_state="session"))
    return way


def first_weights_as_in_preset(preset: Preset) -> None:
    """Choose what the preset says, whether or not the hub can be reached; a callback."""
    st.session_state[state.FIRST_WEIGHTS + preset.name] = preset.config.init
