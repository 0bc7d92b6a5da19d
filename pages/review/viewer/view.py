"""The case's scan in the viewer, with its maps, the slices of its group, and what is computed ahead."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core.errors import ExplorerError, failure_line
from core.review.notes.marks import Mark
from core.review.pictures import Heat
from core.runs import Run
from pages.review.paging import turn_to
from pages.review.viewer import component, payload
from pages.review.viewer.keys_shown import KEYS
from pages.review.viewer.maps_shown import MapsWanted, choose_maps
from pages.review.viewer.neighbours import show_slices
from pages.review.viewer.slow_maps import is_slow, offer_slow_map, slow_heat
from pages.shared import ahead, cached_viewed, state
from pages.shared.cached_viewed import Asked
from pages.shared.errors import say_error

_VIEW, _MAPS = "viewer-case", "viewer-maps"
_MOST_MARKS = 200
_COMING, _GONE = 2, 1  # cases after and before this one that are computed ahead


def viewer(run: Run, cases: pd.DataFrame, position: int, *, noted: Sequence[Mark] = ()) -> MapsWanted | None:
    """Show a case of the worklist with its map; called inside of a fragment that paging runs again.

    Args:
        run: whose network is asked.
        cases: the worklist in its order: path, label and predicted.
        position: of the case, from 0; those beside it are computed ahead.
        noted: marks of notes that were made about the case, shown with dashes.

    Returns:
        Which maps are shown; None where the scan cannot be.
    """
    return show_case(run, cases.iloc[position], noted=noted, upcoming=around(cases, position))


def show_case(
    run: Run, case: pd.Series, *, noted: Sequence[Mark] = (), upcoming: Sequence[pd.Series] = ()
) -> MapsWanted | None:
    """Show one scan with its maps: the scan first, maps as soon as they are there.

    Args:
        run: whose network is asked.
        case: path, label and predicted of the scan.
        noted: marks of its notes.
        upcoming: scans that are likely to be asked for next, the likeliest first; computed while people look.

    Returns:
        As `viewer`.
    """
    place, choices, below = st.container(), st.container(), st.container()
    path, key = str(case["path"]), case_key(run, str(case["path"]))
    try:
        content = case_payload_of(run, case, noted)
    except ExplorerError as error:
        say_error(error, place=place)
        return None
    with place:
        component.mount_case(_VIEW, content, on_mark=_keep_mark, on_turn=partial(_turn, run))
    with choices:
        wanted = choose_maps(run, case)
    with below:
        component.mount_script(payload.script_payload(KEYS))
        _show_maps(run, path, wanted.of(case["predicted"]))
        show_slices(run, path, key, cached_viewed.slices(run, path))
    ahead.of_this_server().wish(state.session_id(), _tasks(run, wanted, upcoming))
    return wanted


def around(cases: pd.DataFrame, position: int) -> list[pd.Series]:
    """The cases that are likely to be asked for next, the likeliest first."""
    places = [position + step for step in range(1, _COMING + 1)] + [position - step for step in range(1, _GONE + 1)]
    return [cases.iloc[place] for place in places if 0 <= place < len(cases)]


def case_payload_of(run: Run, case: pd.Series, noted: Sequence[Mark]) -> bytes:
    """A case for the browser; raises DatasetError where its scan cannot be read."""
    path = str(case["path"])
    slices = cached_viewed.slices(run, path)
    return payload.case_payload(
        case_key(run, path),
        cached_viewed.picture(run, path),
        label=f"Scan {path}, {case['label']}",
        at=slices.index(path),
        count=len(slices),
        mark=marked(run, path),
        noted=noted,
    )


def maps_of(run: Run, path: str, asked: Sequence[Asked]) -> list[Heat | str]:
    """Its maps; instead of one that cannot be shown the words why."""
    return [_map_or_words(run, path, each) for each in asked]


def maps_payload_of(run: Run, path: str, maps: Sequence[Heat | str]) -> bytes:
    """Its maps for the browser."""
    return payload.maps_payload(case_key(run, path), maps, is_of_two=run.record.config.get("test_flip") is True)


def case_key(run: Run, path: str) -> str:
    """What the browser knows a case by."""
    return f"{run.id}/{path}"


def marked(run: Run, path: str) -> Mark | None:
    """The mark that this reader drew on a scan in this session, not yet taken away."""
    marks: dict[str, Mark] = st.session_state.get(state.MARKS, {})
    return marks.get(case_key(run, path))


def forget_mark(run: Run, path: str) -> None:
    """Take the mark of a scan away, as once it is kept in a note."""
    st.session_state.get(state.MARKS, {}).pop(case_key(run, path), None)


def _turn(run: Run) -> None:
    """Callback: the viewer was turned to another case of the worklist."""
    key = component.turned_in(_VIEW)
    if key is not None and key.startswith(case_key(run, "")):
        turn_to(key.removeprefix(case_key(run, "")))


def _keep_mark() -> None:
    """Callback: a mark was drawn, or taken away."""
    found = component.marked_in(_VIEW)
    if found is None:
        return
    key, mark = found
    marks: dict[str, Mark] = st.session_state.setdefault(state.MARKS, {})
    marks.pop(key, None)
    if mark is not None:
        marks[key] = mark
    while len(marks) > _MOST_MARKS:
        del marks[next(iter(marks))]


def _show_maps(run: Run, path: str, asked: Sequence[Asked]) -> None:
    maps = maps_of(run, path, asked)
    component.mount_maps(_MAPS, maps_payload_of(run, path, maps))
    for each, found in zip(asked, maps, strict=True):
        if isinstance(found, str) and is_slow(each):
            offer_slow_map(run, path, each)


def _map_or_words(run: Run, path: str, asked: Asked) -> Heat | str:
    try:
        if not is_slow(asked):
            return cached_viewed.heat(run, path, asked)
        return slow_heat(run, path, asked) or "This map takes a while: start it below."
    except ExplorerError as error:
        return failure_line(error)


def _tasks(run: Run, wanted: MapsWanted, upcoming: Sequence[pd.Series]) -> list[ahead.Task]:
    tasks: list[ahead.Task] = []
    for case in upcoming:
        path = str(case["path"])
        asked = wanted.of(case["predicted"])
        tasks.append(partial(cached_viewed.picture, run, path))
        tasks += [partial(cached_viewed.heat, run, path, each) for each in asked if not is_slow(each)]
        if st.session_state.get(state.OUTLINE_WANTED):
            tasks.append(partial(cached_viewed.outline, run, path))
    return tasks
