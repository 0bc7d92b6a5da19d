"""One case after the other: the scan large, the heat over it, the figures beside it."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.errors import ExplorerError, failure_line
from core.evaluation.thresholds import OperatingPoint
from core.explanation.maps import METHODS, ScanMap
from core.explanation.overlay import overlaid
from core.runs import Run
from pages.shared import cached, state

_SHOWN_HEIGHT_PX = 640
_METHOD, _TARGET, _OPACITY, _HEAT = "map_method", "map_target", "map_opacity", "map_shown"


@st.fragment
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
    picture, beside = st.columns([3, 2], gap="medium")
    with beside:
        _paging(paths, position)
        _verdict(case, run, point)
        target, method, opacity = _map_controls(run)
    try:
        scan = cached.scan(Path(run.record.data) / case["path"])
        found = cached.scan_map(run, Path(run.record.data) / case["path"], target, method)
    except ExplorerError as error:
        picture.error(failure_line(error), icon=":material/error:")
    else:
        with picture:
            _show(scan, found, opacity, case)
        with beside:
            _map_figures(found)
    with beside:
        _facts(case, run)
    _worklist_table(cases, position, run)
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
        on_click=state.put,
        args=(state.CASE, paths[max(position - 1, 0)]),
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
        on_click=state.put,
        args=(state.CASE, paths[min(position + 1, len(paths) - 1)]),
    )


def _verdict(case: pd.Series, run: Run, point: OperatingPoint) -> None:
    says = {
        "missed": "Missed: it is {label}, called {predicted}.",
        "false alarm": "False alarm: it is {label}, called {predicted}.",
        "found": "Found: it is {label}, and called so.",
        "cleared": "Cleared: it is {label}, called {predicted}.",
    }[case["cell"]].format(label=case["label"], predicted=case["predicted"])
    colour = {"missed": "red", "false alarm": "orange", "found": "green", "cleared": "blue"}[case["cell"]]
    st.markdown(f":{colour}-badge[{case['cell']}] {says.split(':', 1)[1].strip().capitalize()}")
    score, distance = st.columns(2)
    score.metric(f"Score for {run.record.positive}", f"{case['score']:.3f}", help="Probability of the positive class.")
    distance.metric(
        "From the threshold",
        f"{case['score'] - point.threshold:+.3f}",
        help=f"Positive from {point.threshold:.3f} on. Far on the wrong side is a confident error.",
    )


def _map_controls(run: Run) -> tuple[str, str, float]:
    shown, opacity = st.columns([1, 2], vertical_alignment="center")
    heat = shown.toggle("Heat", True, key=_HEAT, help="Show what the network looked at.")
    share = opacity.slider("Opacity", 0.0, 1.0, 0.55, 0.05, key=_OPACITY, disabled=not heat)
    which, how = st.columns(2)
    classes = list(run.record.classes)
    target = which.selectbox("Evidence for", classes, index=classes.index(run.record.positive), key=_TARGET)
    method = how.selectbox("Method", list(METHODS), format_func=lambda name: METHODS[name], key=_METHOD)
    return target, method, share if heat else 0.0


def _show(scan: NDArray[np.uint8], found: ScanMap, opacity: float, case: pd.Series) -> None:
    picture = overlaid(scan, found, opacity=opacity)
    factor = max(_SHOWN_HEIGHT_PX / picture.shape[0], 1.0)
    if factor > 1:
        picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    heat = "" if opacity == 0 or found.is_empty else f", with the heat of {METHODS[found.method]} for {found.target}"
    st.image(picture, width="stretch", output_format="PNG", alt=f"Scan {case['path']}, {case['label']}{heat}")


def _map_figures(found: ScanMap) -> None:
    if found.is_empty:
        st.warning(f"No positive evidence for {found.target} in this scan: there is nothing to draw.")
    score, maximum = st.columns(2)
    score.metric(f"Score for {found.target}", f"{found.target_score:.3f}")
    maximum.metric(
        "Unscaled maximum",
        f"{found.maximum:.3g}",
        help="Every map is scaled by its own maximum, so weak evidence looks as strong as strong evidence. "
        "This number tells them apart.",
    )
    st.caption(f"The map is {found.side[1]} x {found.side[0]} cells over the scan: it says where, not how exactly.")


def _facts(case: pd.Series, run: Run) -> None:
    with st.expander("About this scan"):
        facts = {"File": case["path"], "Label": case["label"], "Split": case["split"], "Group": case["group"]}
        facts |= {f"Probability of {name}": f"{case[name]:.4f}" for name in run.record.classes}
        st.table(pd.DataFrame(facts.items(), columns=["", " "]).set_index(""), border="horizontal")


def _worklist_table(cases: pd.DataFrame, position: int, run: Run) -> None:
    with st.expander(f"The whole worklist ({len(cases)}), most confident first"):
        columns = ["path", "label", "predicted", "score", "group"]
        table = cases[columns]
        chosen = st.dataframe(
            table,
            hide_index=True,
            width="stretch",
            height=280,
            on_select="rerun",
            selection_mode="single-row",
            key=f"worklist-{cases['cell'].iloc[0]}-{len(cases)}",
            column_config={
                "score": st.column_config.ProgressColumn("score", min_value=0.0, max_value=1.0, format="%.3f")
            },
        )
        rows = chosen["selection"]["rows"]
        if rows and rows[0] != position and rows != st.session_state.get("worklist_row"):
            st.session_state["worklist_row"] = rows
            state.put(state.CASE, cases["path"].iloc[rows[0]])
            st.rerun(scope="fragment")
        st.download_button(
            "Download as CSV", table.to_csv(index=False), f"{run.id}-{cases['cell'].iloc[0]}.csv", "text/csv"
        )
