"""Where do the misses lie among all scans? A map by what the network sees, and worklists drawn on it."""

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.analyses.job import state_of
from core.charts.scan_map import MOST_DRAWN, SCORE, colours_of, scan_map_figure
from core.charts.wording import in_cell
from core.errors import RequestError
from core.explanation.projection import MAPS, PCA, TSNE, Area, Projection, drawn_area, read_area, within
from core.review.worklists.filters import ANY, Filters
from core.review.worklists.worklist import PART
from core.runs import Run
from pages.review import cached_features, cached_review
from pages.shared import cached, charts, links, state
from pages.shared.errors import errors_in_a_line
from pages.shared.words import SPLIT_NAMES, literal

_COLOURS = {"cell": "Cell", "label": "Label", "split": "Split", SCORE: "Score"}


@errors_in_a_line()
def show_scan_map(run: Run) -> None:
    """The map with its choices; a lasso or a box around scans becomes a worklist, a click on one opens it."""
    point = cached.point_in_force(run)
    area = _area_in_address()
    kind, by = _choices(run, area)
    found = _found_places(run, kind)
    if found is None:
        return
    column = (by,) if by not in _COLOURS else ()
    scans = cached_review.table_with_parts(run, point, column, ANY)
    places = _placed(scans, cached_features.predictions(run)["path"], found)
    if column:
        places[by] = places[PART + by] if PART + by in places.columns else ""
    shown = area if area is not None and area.kind == kind else None
    figure = scan_map_figure(
        places,
        by=by,
        colours=colours_of(by, run.record.classes, run.record.positive),
        axes=_axes(kind, found),
        positive=run.record.positive,
        corners=shown.corners if shown is not None else (),
    )
    key = f"{state.SCAN_MAP}{run.id}-{kind}-{by}"
    charts.show(figure, key=key, on_select=lambda: _take(kind, key), areas=True)
    _below(places, shown, kind)


def _choices(run: Run, area: Area | None) -> tuple[str, str]:
    if state.SCAN_MAP_KIND not in st.session_state:
        state.put(state.SCAN_MAP_KIND, area.kind if area is not None else PCA)
    columns = list(cached_review.parts(run, cached.point_in_force(run), ANY))
    ways = [*_COLOURS, *(name for name in columns if name not in _COLOURS)]
    if state.get(state.SCAN_MAP_COLOUR) not in ways:
        state.put(state.SCAN_MAP_COLOUR, ways[0])
    with st.container(horizontal=True):
        kind = st.segmented_control(
            "Map", list(MAPS), key=state.SCAN_MAP_KIND, format_func=lambda name: MAPS[name], required=True
        )
        by = st.selectbox(
            "Colour by",
            ways,
            key=state.SCAN_MAP_COLOUR,
            format_func=lambda name: _COLOURS.get(name, name),
            width=260,
        )
    return kind, by


def _found_places(run: Run, kind: str) -> Projection | None:
    made = ""
    if kind == TSNE:
        from pages.shared.analyses import show_analysis

        analysis = state_of(run, TSNE)
        if analysis.status != "finished":
            st.caption(
                "t-SNE keeps neighbours together and needs a while: it is made once, in the background, and stays "
                "with the run. What lies far apart on it need not be far apart for the network."
            )
            analysis = show_analysis(run, TSNE, start_words="Make the t-SNE map")
        if analysis.status != "finished":
            return None
        made = str(cached.changed_at(analysis.folder / "status.json"))
    found = cached_features.places(run, kind, made)
    if found is None:
        st.info("The map has to be made anew: the run's predictions have changed.", icon=":material/scatter_plot:")
    return found


def _placed(scans: pd.DataFrame, paths: "pd.Series[str]", found: Projection) -> pd.DataFrame:
    points = pd.DataFrame(found.points, index=paths.to_numpy(object), columns=["x", "y"])
    points = points[~points.index.duplicated()].reindex(scans["path"].to_numpy(object))
    return scans.assign(x=points["x"].to_numpy(), y=points["y"].to_numpy())


def _axes(kind: str, found: Projection) -> tuple[str, str]:
    if kind != PCA or found.explained is None:
        return "t-SNE, first axis", "second axis"
    first, second = found.explained
    return f"First component ({first:.0%} of the variance)", f"Second component ({second:.0%})"


def _take(kind: str, key: str) -> None:
    """Callback: an area was drawn, or a scan clicked; a choice taken back changes nothing."""
    if outline := charts.drawn(key):
        area = drawn_area(kind, *outline)
        if area is not None:
            state.put(state.AREA, area.text)
    elif clicked := charts.clicked(key):
        links.open_case(links.Case(ANY, ANY, str(clicked[0])))


def _below(places: pd.DataFrame, area: Area | None, kind: str) -> None:
    there = int(places["x"].notna().sum())
    if area is None:
        st.caption("Draw around scans with the lasso to make a worklist of them, or click one to open it.")
    else:
        _show_area(places[_inside(places, area)], area)
    drawn = f" {MOST_DRAWN:,} of {there:,} are drawn, every error among them; an area counts all." * (
        there > MOST_DRAWN
    )
    left = f" {len(places) - there:,} scans are not on this map, which is of a sample." * (there < len(places))
    near = "directions of most variance" if kind == PCA else "neighbours kept together, distances not to scale"
    st.caption(f"{there:,} scans by the network's own features: {near}.{drawn}{left}")


def _inside(places: pd.DataFrame, area: Area) -> NDArray[np.bool_]:
    return within(places[["x", "y"]].to_numpy(np.float64), area.text)


def _show_area(inside: pd.DataFrame, area: Area) -> None:
    cells = ", ".join(in_cell(count, str(cell)) for cell, count in inside["cell"].value_counts().items() if count)
    labels = ", ".join(
        f"{count:,} {literal(str(name))}" for name, count in inside["label"].value_counts().items() if count
    )
    splits = ", ".join(
        f"{count:,} {SPLIT_NAMES[str(name)].lower()}" for name, count in inside["split"].value_counts().items() if count
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Go through {'this scan' if len(inside) == 1 else f'these {len(inside):,} scans'}",
            icon=":material/list_alt:",
            type="primary",
            key="scan-map-worklist",
            disabled=inside.empty,
            on_click=_open_worklist,
            args=(area,),
        )
        st.button(
            "Drop the area", icon=":material/close:", key="scan-map-drop", on_click=state.put, args=(state.AREA, "")
        )
        st.markdown(f"In the area: {cells}; {labels}; {splits}." if len(inside) else "No scan lies in this area.")


def _open_worklist(area: Area) -> None:
    """Callback: the worklist of the area and of nothing else."""
    links.ask_for_worklist(Filters(split=ANY, area=area.text).to_query())
    links.forget_case()
    state.put(state.VIEW, "")


def _area_in_address() -> Area | None:
    text = state.get(state.AREA)
    try:
        return read_area(text) if text else None
    except RequestError:
        return None
