"""A widget for each setting, made from what the config says about it; so a new setting appears by itself."""

from dataclasses import Field, fields
from typing import Any

import streamlit as st

from core.errors import ConfigError
from core.training.config import TrainingConfig, with_settings
from core.training.presets import PRESETS
from pages.shared import state
from pages.shared.errors import say_error

SPECS: dict[str, Field[Any]] = {spec.name: spec for spec in fields(TrainingConfig)}
# Each group begins at this setting and ends where the next one begins, as in the config's own file.
_BEGINNINGS = {
    "backbone": "The network",
    "loss": "What is learnt",
    "epochs": "How",
    "rotation_degrees": "Augmentation",
    "seed": "On which scans",
}
_SUGGESTIONS = {
    "backbone": (
        *("resnet18", "resnet10t", "resnet26d", "resnet34", "resnet50", "resnet101"),
        *("mobilenetv3_small_100", "mobilenetv3_large_100", "efficientnet_b0", "densenet121", "convnext_atto"),
    ),
    "optimizer": ("adamw", "adam", "adamax", "nadamw", "sgd", "rmsprop", "lamb", "lion"),
}


def grouped_settings() -> dict[str, list[str]]:
    """Every setting by name, under the heading of its group, in the config's order."""
    groups: dict[str, list[str]] = {}
    heading = ""
    for name in SPECS:
        heading = _BEGINNINGS.get(name, heading)
        groups.setdefault(heading, []).append(name)
    return groups


def key_of(preset: str, name: str) -> str:
    """The session key of a setting's widget: each preset has its own, so what was changed in one stays there."""
    return f"{state.SETTING}{preset}-{name}"


def label_of(name: str) -> str:
    """A setting's name as a label."""
    return name.replace("_", " ").capitalize()


def edited(preset: str, name: str) -> tuple[Any, bool]:
    """Draw the widget of one setting; gives its value, and whether it is a value that this setting can have."""
    base = getattr(PRESETS[preset].config, name)
    key = key_of(preset, name)
    st.session_state.setdefault(key, base)
    value = _widget(name, key, base)
    try:
        with_settings(PRESETS[preset].config, {name: value})
    except ConfigError as error:
        say_error(error)
        return value, False
    return value, True


def back_to_preset(preset: str) -> None:
    """Give every setting the preset's value; a callback."""
    for name in SPECS:
        if key_of(preset, name) in st.session_state:
            st.session_state[key_of(preset, name)] = getattr(PRESETS[preset].config, name)


def _widget(name: str, key: str, base: Any) -> Any:
    spec = SPECS[name]
    low, high, choices = (spec.metadata[about] for about in ("low", "high", "choices"))
    says = f"{spec.metadata['says'][:1].upper()}{spec.metadata['says'][1:]}."
    if low is not None:
        says += f" Between {low:g} and {high:g}."
    asked: dict[str, Any] = {"key": key, "help": says, "persist_state": "session"}
    if name in _SUGGESTIONS:
        options = list(dict.fromkeys((base, *_SUGGESTIONS[name], st.session_state[key] or base)))
        return st.selectbox(label_of(name), options, accept_new_options=True, **asked) or base
    if choices:
        return st.selectbox(label_of(name), choices, **asked)
    if isinstance(base, bool):
        return st.toggle(label_of(name), **asked)
    if isinstance(base, int):
        return int(st.number_input(label_of(name), int(low), int(high), step=1, **asked))
    if isinstance(base, float):
        return float(
            st.number_input(
                label_of(name), float(low), float(high), step=_step(spec.default, high), format="%g", **asked
            )
        )
    return st.text_input(label_of(name), **asked).strip()


def _step(default: float, high: float) -> float:
    """How far a click on plus or minus goes: a tenth of what is usual, or of what is likely where that is 0."""
    return default / 10 or (0.1 if high > 1 else 0.05)
