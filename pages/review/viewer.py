"""One case after the other: the scan large, the heat over it, the figures beside it."""

import zlib
from functools import partial

import cv2
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.errors import ExplorerError
from core.evaluation.decision.operating_point import OperatingPoint
from core.explanation.maps import METHODS, ScanMap
from core.explanation.overlay import overlaid
from core.runs import Run
from pages.shared import cached_scans, state
from pages.shared.errors import errors_in_a_line, say_error
from pages.shared.flat_maps import FLAT_WORDS, is_flat
from pages.shared.tables import download_button
from pages.shared.words import literal, score_text

_LEAST_HEIGHT_PX = 640
_BADGES = {"missed": "red", "false alarm": "orange", "found": "green", "cleared": "blue"}


@st.fragment
@errors_in_a_line()
def viewer(run: Run, cases: pd.DataFrame, point: OperatingPoint) -> None:
    """Show the case in the address, else the first; paging repaints this part alone.

    Args:
        run: whose network is asked.
        cases: the worklist in its order: path, label, predicted, cell, score, group, a probability a class.
        point: the threshold in force.
    """
    paths = cases["path"].tolist()
    if state.get(state.CASE) not in paths:
        state.put(state.CASE, paths[0])
    position = paths.index(state.get(state.CASE))
    case = cases.iloc[position]
    grid = st.grid(5, min_column_width=160, gap="medium")
    picture, beside = grid.cell(column_span=3), grid.cell(column_span=2)
    with beside:
        _paging(paths, position)
        _verdict(case, run, point)
        target, method, opacity = _map_controls(run)
    try:
        scan, found = cached_scans.scan_with_map(run, case["path"], target, method)
    except ExplorerError as error:
        say_error(error, place=picture)
    else:
        with picture:
            _show(scan, found, opacity, case)
        with beside:
            _map_figures(found)
    with beside:
        _facts(case, run)
    _worklist_table(cases, run)
    state.write_address("review")


def _paging(paths: list[str], position: int) -> None:
    back, where, on = st.columns([3, 2, 3], vertical_alignment="center")
    back.button(
        "Previous",
        key="previous",
        icon=":material/chevron_left:",
        shortcut="Left",
        disabled=position == 0,
        width="stretch",
        on_click=_turn_to,
        args=(paths[max(position - 1, 0)],),
    )
    where.markdown(f"**{position + 1}** of {len(paths)}", text_alignment="center")
    on.button(
        "Next",
        key="next",
        icon=":material/chevron_right:",
        icon_position="right",
        shortcut="Right",
        disabled=position + 1 == len(paths),
        width="stretch",
        on_click=_turn_to,
        args=(paths[min(position + 1, len(paths) - 1)],),
    )


def _turn_to(path: str) -> None:
    """Callback: the table below begins without a chosen row, so that each of its rows can be chosen again."""
    state.put(state.CASE, path)
    st.session_state[state.WORKLIST_TURN] = st.session_state.get(state.WORKLIST_TURN, 0) + 1


def verdict_words(label: str, predicted: str) -> str:
    """What it is and what it was called, in a sentence of Markdown that shows the names as they are."""
    truth, call = literal(label), literal(predicted)
    if label == predicted:
        return f"It is {truth}, and called so."
    return f"It is {truth}, called {call}."


def _verdict(case: pd.Series, run: Run, point: OperatingPoint) -> None:
    cell = case["cell"]
    st.markdown(f":{_BADGES[cell]}-badge[{cell}] {verdict_words(case['label'], case['predicted'])}")
    score, distance = st.columns(2)
    score.metric(
        f"Score for {literal(run.record.positive)}",
        score_text(case["score"]),
        help="Probability of the positive class.",
    )
    distance.metric(
        "From the threshold",
        f"{case['score'] - point.threshold:+.3f}",
        help=f"Positive from {score_text(point.threshold)} on. Far on the wrong side is a confident error.",
    )


def _map_controls(run: Run) -> tuple[str, str, float]:
    shown, opacity = st.columns([1, 2], vertical_alignment="center")
    heat = shown.toggle("Heat", True, key=state.MAP_SHOWN, help="Show what the network looked at.")
    share = opacity.slider("Opacity", 0.0, 1.0, 0.55, 0.05, key=state.MAP_OPACITY, disabled=not heat)
    which, how = st.columns(2)
    classes = list(run.record.classes)
    target = which.selectbox("Evidence for", classes, index=classes.index(run.record.positive), key=state.MAP_TARGET)
    method = how.selectbox("Method", list(METHODS), format_func=lambda name: METHODS[name], key=state.MAP_METHOD)
    return target, method, share if heat else 0.0


def _show(scan: NDArray[np.uint8], found: ScanMap, opacity: float, case: pd.Series) -> None:
    opacity = 0.0 if is_flat(found) else opacity
    picture = overlaid(scan, found, opacity=opacity)
    factor = min(_LEAST_HEIGHT_PX / picture.shape[0], cached_scans.SHOWN_SCAN_PX / max(picture.shape[:2]))
    if factor > 1:
        picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    heat = "" if opacity == 0 or found.is_empty else f", with the heat of {METHODS[found.method]} for {found.target}"
    st.image(picture, width="stretch", output_format="PNG", alt=f"Scan {case['path']}, {case['label']}{heat}")


def _map_figures(found: ScanMap) -> None:
    target = literal(found.target)
    if found.is_empty:
        st.warning(f"No positive evidence for {target} in this scan: there is nothing to draw.")
    elif is_flat(found):
        st.warning(FLAT_WORDS, icon=":material/grid_off:")
    score, maximum = st.columns(2)
    score.metric(f"Score for {target}", f"{found.target_score:.3f}")
    maximum.metric(
        "Unscaled maximum",
        f"{found.maximum:.3g}",
        help="Every map is scaled by its own maximum, so weak evidence looks as strong as strong evidence. "
        "This number tells them apart.",
    )
    if not is_flat(found):
        st.caption(f"The map is {found.side[1]} x {found.side[0]} cells over the scan: it says where, not how exactly.")


def _facts(case: pd.Series, run: Run) -> None:
    with st.expander("About this scan"):
        facts = {"File": case["path"], "Label": case["label"], "Split": case["split"], "Group": case["group"]}
        facts |= {f"Probability of {name}": f"{case[name]:.4f}" for name in run.record.classes}
        shown = [(literal(name), literal(str(value))) for name, value in facts.items()]
        st.table(pd.DataFrame(shown, columns=["", " "]).set_index(""), border="horizontal")


def _worklist_table(cases: pd.DataFrame, run: Run) -> None:
    with st.expander(f"The whole worklist ({len(cases)}), most confident first"):
        table = cases[["path", "label", "predicted", "score", "group"]]
        named = f"{run.id}-{cases['split'].iloc[0]}-{cases['cell'].iloc[0].replace(' ', '-')}"
        # Another list is another table: a row chosen in one says nothing about the next.
        content = zlib.crc32("\n".join(table["path"]).encode())
        key = f"worklist-{named}-{content}-{st.session_state.get(state.WORKLIST_TURN, 0)}"
        st.dataframe(
            table,
            hide_index=True,
            width="stretch",
            height=280,
            on_select=partial(_take_row, key, table["path"].tolist()),
            selection_mode="single-row",
            key=key,
            column_config={
                "score": st.column_config.ProgressColumn("score", min_value=0.0, max_value=1.0, format="%.3f")
            },
        )
        download_button(table, named)


def _take_row(key: str, paths: list[str]) -> None:
    """Callback: a row of the worklist was chosen; taking the choice back leaves the case as it is."""
    rows = st.session_state[key]["selection"]["rows"]
    if rows:
        state.put(state.CASE, paths[rows[0]])
