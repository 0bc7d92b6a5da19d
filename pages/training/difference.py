"""What a config changes of its preset, as a small table."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

_MOST_IN_A_LINE = 6


def differences(preset: Mapping[str, Any], here: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The settings that differ: field, the preset's value, the one here, in the config's order.

    A setting that only one of both has differs too: a run may be older than a setting, or newer than this version.
    """
    return [
        (name, preset.get(name), here.get(name))
        for name in dict.fromkeys((*here, *preset))
        if name not in preset or name not in here or preset[name] != here[name]
    ]


def difference_table(changed: list[tuple[str, Any, Any]]) -> pd.DataFrame:
    """The same as columns of texts: Field, Preset, Here."""
    rows = [(name, _text(before), _text(here)) for name, before, here in changed]
    return pd.DataFrame(rows, columns=["Field", "Preset", "Here"])


def difference_line(changed: list[tuple[str, Any, Any]]) -> str:
    """The values here in one line, a few of them where there are many: `epochs 30, batch_size 8 and 2 more`."""
    said = ", ".join(f"{name} {_text(here)}" for name, _, here in changed[:_MOST_IN_A_LINE])
    more = len(changed) - _MOST_IN_A_LINE
    return f"{said} and {more} more" if more > 0 else said


def show_differences(preset: str, changed: list[tuple[str, Any, Any]]) -> None:
    """The table with a sentence above it, or the sentence that there is nothing to show."""
    if not changed:
        st.caption(f"Exactly the preset {preset}.")
        return
    count = f"{len(changed)} setting{'s' if len(changed) != 1 else ''}"
    st.caption(f"Differs from the preset {preset} in {count}:")
    st.dataframe(
        difference_table(changed),
        hide_index=True,
        width="content",
        alt=f"{count} that differ from the preset {preset}: its value, and the one here",
    )


def _text(value: Any) -> str:
    if value is None:
        return "not there"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) or "empty"
