"""The viewer in the browser, mounted: its script once a page, then a case, its maps and its slices.

All parts run one script and meet in it. It goes out once, outside of the fragment that a case paints again; what
turns with the case is small.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import ExplorerError
from core.review.notes.marks import Mark

MOST_SLICES_AT_ONCE = 12
MOST_CASES_AT_ONCE = 8
_FOLDER = Path(__file__).parent
SCRIPTS = ("unpacking", "greys", "heats", "places", "viewed", "coming", "slices", "marks", "panels")
SCRIPTS += ("pointer", "tools", "keys", "mounting")


@dataclass(frozen=True)
class Wish:
    """What the browser asks for: slices by number, and whether the outline, of the case with this key."""

    key: str
    slices: tuple[int, ...]
    outline: bool


@dataclass(frozen=True)
class CasesWish:
    """The browser, at the case with this key, lacks those; `tries` says how often it has asked already."""

    key: str
    lacking: tuple[str, ...]
    tries: int


def script() -> str:
    """The JavaScript as one module."""
    return "\n".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)


def mount_script(content: bytes) -> None:
    """Send the script to the browser; nothing is seen of it."""
    _SCRIPT(key="viewer-script", data=content)


def mount_case(key: str, content: bytes, *, on_mark: Callable[[], None], on_turn: Callable[[], None]) -> None:
    """The scan with its tools.

    Args:
        key: of the component in this session.
        content: as `payload.case_payload` gives it.
        on_mark: called where a mark was drawn or taken away (`marked_in`).
        on_turn: called where another case is wanted (`turned_in`).
    """
    _CASE(key=key, data=content, on_mark_change=on_mark, on_turned_change=on_turn)


def mount_maps(key: str, content: bytes) -> None:
    """Send the maps of a case; nothing is seen of it but on the scan."""
    _MAPS(key=key, data=content)


def mount_slices(key: str, content: bytes, *, on_wish: Callable[[], None]) -> None:
    """Send slices; `on_wish` is called where more of them are wanted (`wished_in`)."""
    _SLICES(key=key, data=content, on_wished_change=on_wish)


def marked_in(key: str) -> tuple[str, Mark | None] | None:
    """The key of the case that was marked just now, and the mark; None for what the viewer never says."""
    try:
        content = st.session_state[key].get("mark")
        mark = None if content["mark"] is None else Mark.from_dict(content["mark"])
        return str(content["key"]), mark
    except (KeyError, TypeError, AttributeError, ExplorerError):
        return None


def turned_in(key: str) -> str | None:
    """The key of the case that is wanted just now; None for what the viewer never says."""
    try:
        return str(st.session_state[key].get("turned")["key"])
    except (KeyError, TypeError, AttributeError):
        return None


def wished_in(key: str) -> Wish | None:
    """What is wanted just now; None for what the viewer never asks for."""
    try:
        content = st.session_state[key].get("wished")
        numbers = [float(number) for number in content["slices"][:MOST_SLICES_AT_ONCE]]
        if not all(math.isfinite(number) and number >= 0 for number in numbers):
            return None
        return Wish(str(content["key"]), tuple(int(number) for number in numbers), bool(content["outline"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def mount_coming(key: str, content: bytes, *, on_wish: Callable[[], None]) -> None:
    """Say that a case is painted, or send those near it; `on_wish` is called where they are wanted."""
    _COMING(key=key, data=content, on_wished_change=on_wish)


def cases_wished_in(key: str) -> CasesWish | None:
    """Which cases are wanted ahead; None for what the viewer never asks for."""
    try:
        content = st.session_state[key].get("wished")
        lacking = tuple(str(each) for each in content["lacking"][:MOST_CASES_AT_ONCE])
        return CasesWish(str(content["key"]), lacking, int(content["tries"]))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return None


def _meeting() -> str:
    """JavaScript: where the whole script leaves `handOver` and the small ones wait for it; of this version only."""
    version = hashlib.blake2b(script().encode(), digest_size=6).hexdigest()
    return f"""
const meeting = (globalThis[Symbol.for("ct-explorer.viewer-{version}")] ??= (() => {{
  let resolve
  const promise = new Promise((settled) => (resolve = settled))
  return {{ promise, resolve }}
}})())
"""


def _component(name: str, *, js: str, seen: bool = False) -> Any:
    return st.components.v2.component(
        f"review_{name}",
        html=(_FOLDER / "view.html").read_text(encoding="utf-8") if seen else None,
        css=(_FOLDER / "viewer.css").read_text(encoding="utf-8") if seen else None,
        js=js,
        isolate_styles=False,  # the page's fonts and theme belong to the whole document
    )


_WAITS = f"{_meeting()}\nexport default await meeting.promise"
_SCRIPT = _component("script", js=f"{script()}\n{_meeting()}\nmeeting.resolve(handOver)\nexport default handOver")
_CASE = _component("case", js=_WAITS, seen=True)
_MAPS = _component("maps", js=_WAITS)
_SLICES = _component("slices", js=_WAITS)
_COMING = _component("coming", js=_WAITS)
