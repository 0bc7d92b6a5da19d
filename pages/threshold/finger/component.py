"""The parts of the threshold page that live in the browser, mounted: scores, dials, pictures, intervals.

All of them run one script and meet in it. The scores go out once a run, outside of the fragment that a release runs
again; the others are small.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.charts.palette import ACCENT, CELL_COLOURS, NEUTRAL, POSITIVE
from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED

_FOLDER = Path(__file__).parent
SCRIPTS = ("counting", "scales", "saying", "held", "following", "dials", "overlays", "pictures", "mounting")
_COLOURS = {
    "accent": ACCENT,
    "neutral": NEUTRAL,
    "positive": POSITIVE,
    "found": CELL_COLOURS[FOUND],
    "missed": CELL_COLOURS[MISSED],
    "alarmed": CELL_COLOURS[FALSE_ALARM],
    "cleared": CELL_COLOURS[CLEARED],
}


@dataclass(frozen=True)
class Released:
    """Where a finger left the thresholds.

    Attributes:
        threshold: in [0, 1].
        upper: not below it; None for a single threshold.
        turn: how often the browser has said so.
    """

    threshold: float
    upper: float | None
    turn: int


def script(names: tuple[str, ...] = SCRIPTS) -> str:
    """The JavaScript as one module."""
    return "\n".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in names)


def _meeting() -> str:
    """JavaScript: where the whole script leaves `handOver` and the small ones wait for it; of this version only."""
    version = hashlib.blake2b(script().encode(), digest_size=6).hexdigest()
    return f"""
const meeting = (globalThis[Symbol.for("ct-explorer.finger-{version}")] ??= (() => {{
  let resolve
  const promise = new Promise((settled) => (resolve = settled))
  return {{ promise, resolve }}
}})())
"""


def mount_scores(key: str, content: bytes) -> None:
    """Send a payload to the browser; nothing is seen of it."""
    _SCORES(key=key, data=content)


def mount_dials(
    key: str,
    *,
    scores: str,
    threshold: float,
    upper: float | None,
    turn: int,
    label: str,
    in_force: float | None,
    on_release: Callable[[], None],
) -> None:
    """Handles, fields, counts and rates.

    Args:
        key: session key; `released` asks for it.
        scores: key of the payload.
        threshold, upper: where the handles stand.
        turn: the last release that the server knows of, so that an old answer does not move a handle back.
        label: what the threshold means.
        in_force: where a mark stands for the threshold in force; None for no mark.
        on_release: called at a release, before the fragment runs again.
    """
    data = {
        "part": "dials",
        "key": scores,
        "threshold": threshold,
        "upper": upper,
        "turn": turn,
        "label": label,
        "in_force": in_force,
        "colours": _COLOURS,
    }
    _DIALS(key=key, data=data, on_released_change=on_release)


def mount_pictures(key: str, *, scores: str, plotly: str) -> None:
    """ROC, rates along the threshold and scores by class, drawn by the plotly at an address of this server."""
    data = {"part": "pictures", "key": scores, "plotly": plotly, "colours": _COLOURS}
    _PICTURES(key=key, data=data)


def mount_intervals(
    key: str,
    *,
    scores: str,
    threshold: float,
    upper: float | None,
    splits: Mapping[str, Mapping[str, list[float] | None]],
) -> None:
    """Intervals by groups for the cards, shown while the handles stand where they belong; nothing is seen of it.

    Args:
        key: session key.
        scores: key of the payload.
        threshold, upper: where the intervals belong.
        splits: [low, high] by rate and split; None where there is no interval.
    """
    data = {"part": "intervals", "key": scores, "threshold": threshold, "upper": upper, "splits": splits}
    _INTERVALS(key=key, data=data)


def released(key: str) -> Released | None:
    """What the dials under `key` have just said; None where that is nothing they could say."""
    content = st.session_state[key].get("released")
    try:
        return _checked(content)
    except (TypeError, KeyError, ValueError, OverflowError):
        return None


def _checked(content: Mapping[str, Any]) -> Released:
    threshold, upper = float(content["threshold"]), content["upper"]
    upper = None if upper is None else float(upper)
    if not (0 <= threshold <= 1 and math.isfinite(threshold)) or not (upper is None or threshold <= upper <= 1):
        raise ValueError("no thresholds")
    return Released(threshold, upper, int(content["turn"]))


def _component(name: str, *, js: str, seen: bool = True) -> Any:
    return st.components.v2.component(
        f"threshold_{name}",
        html=(_FOLDER / f"{name}.html").read_text(encoding="utf-8") if seen else None,
        css=(_FOLDER / "finger.css").read_text(encoding="utf-8") if seen else None,
        js=js,
        isolate_styles=False,  # plotly and the page's fonts belong to the whole document
    )


# A mount sends its JavaScript along each time: only the scores, which a release does not mount again, bring all of it.
_WHOLE = f"{script()}\n{_meeting()}\nmeeting.resolve(handOver)\nexport default handOver"
_WAITS = f"{_meeting()}\nexport default await meeting.promise"
_SCORES = _component("scores", js=_WHOLE, seen=False)
_INTERVALS = _component("intervals", js=_WAITS, seen=False)
_DIALS = _component("dials", js=_WAITS)
_PICTURES = _component("pictures", js=_WAITS)
