"""What did it look at, over all scans of a run? Where the heat lies, cell by cell, and what each cell has in common."""

import math
from typing import TYPE_CHECKING

import streamlit as st

from core.charts.wording import scans
from core.review.worklists.filters import CELLS, Filters
from core.runs import Run
from pages.review import cached_heat
from pages.review.coarse import words_of_cells
from pages.review.faithful import show_run_faithfulness
from pages.shared import charts, links, state
from pages.shared.analyses import show_analysis
from pages.shared.errors import errors_in_a_line
from pages.shared.estimates import show_rate
from pages.shared.flat_maps import FLAT_WORDS
from pages.shared.tables import table_with_download
from pages.shared.words import interval, literal, percent, sentence, share

if TYPE_CHECKING:
    import pandas as pd

    from core.analyses.heat_summary import HeatPlaces
    from core.evaluation.intervals import Estimate
    from core.explanation.mean_maps import MeanMap

_PERCENTS = ("in_lungs", "lung_area", "in_body", "in_border", "peak_y", "peak_x")
_SHOWN = ("path", "split", "label", "predicted", "cell", "score", *_PERCENTS[:4], "peak_in", *_PERCENTS[4:])
_PICTURE_WIDTH_PX = 470  # two beside each other on a wide screen, one on a narrow one
_RATE_WIDTH_PX = 225


@errors_in_a_line()
def show_whole_run(run: Run) -> None:
    """Where the heat of all validation and test scans lies, their mean pictures, and how faithful the maps are."""
    st.subheader("Where the heat is")
    analysis = show_analysis(
        run,
        "heat",
        start_words="Find out where the heat is",
        help_words="For every validation and test scan: a Grad-CAM of what the model says, and where the lungs are.",
    )
    if analysis.status == "finished":
        _show_heat(run)
    elif analysis.status != "running":
        st.caption(
            "Makes a map of every validation and test scan, for the class that the model calls it, and looks for its "
            "lungs: how much of the heat lies in them, how much elsewhere. A few scans a second, in the background."
        )
    show_run_faithfulness(run)


def _show_heat(run: Run) -> None:
    from core.analyses.heat_pictures import map_cells

    table, places = cached_heat.table(run), cached_heat.places(run)
    if table is None or table.empty:
        st.info("It has to be worked out anew: the run's predictions have changed.", icon=":material/replay:")
        return
    everything = places["all"]
    st.caption(
        "Grad-CAM at the last stage, for the class that the model calls each scan at the threshold in force; "
        "validation and test together. Lungs are found by grey values and shape, which a glance at their outline "
        "in the viewer can check."
    )
    _say_refused(table, everything)
    if map_cells(run) == (1, 1):
        st.info(FLAT_WORDS, icon=":material/grid_off:")
    elif everything.judged:
        _show_lungs(run, places, everything)
    else:
        _show_without_lungs(everything)
    with st.expander("Every scan", icon=":material/table:"):
        _show_table(run, table)
    _show_pictures(run)


def _say_refused(table: "pd.DataFrame", everything: "HeatPlaces") -> None:
    if not everything.without_lungs:
        return
    reasons = table.loc[table["refused"] != "", "refused"].value_counts()
    most = literal(sentence(str(reasons.index[0])))
    if not everything.judged:
        st.info(f"These scans do not look like cross-sections of a chest, so nothing is said of lungs. {most}")
        return
    st.caption(
        f"{everything.without_lungs:,} of {everything.scans:,} scans do not look like cross-sections of a chest and "
        f"are left out here. Most often: {most}"
    )


def _show_lungs(run: Run, places: "dict[str, HeatPlaces]", everything: "HeatPlaces") -> None:
    from core.charts.heat_places import CellHeat, heat_places_figure

    _show_rates(
        ("Looked outside the lungs", everything.outside, "Scans with less than half of the heat in the lungs"),
        ("Heat in the lungs", everything.in_lungs, "Mean share over the scans with lungs and heat"),
        ("Heat at the border", everything.in_border, "Mean share in the outermost 8 % of the picture"),
    )
    st.markdown(_in_words(everything))
    st.caption(words_of_cells(run))
    figure = heat_places_figure(
        {
            cell: CellHeat(found.in_lungs, found.lung_area, found.judged)
            for cell, found in places.items()
            if cell != "all"
        }
    )
    charts.show(figure, key="heat-places")
    st.button(
        "Open the scans where it looked outside the lungs",
        icon=":material/list:",
        key="open-outside-lungs",
        on_click=_open_worklist,
    )


def _in_words(found: "HeatPlaces") -> str:
    if math.isnan(found.gain.low):
        verdict = "There are too few groups to tell this from chance."
    elif found.gain.low > 0:
        verdict = "The maps favour the lungs."
    elif found.gain.high < 0:
        verdict = "**The maps shun the lungs**: what the model goes by may lie elsewhere in the picture."
    else:
        verdict = "**The maps favour the lungs no more than chance would.**"
    return (
        f"{verdict} Lungs cover {share(found.lung_area)} of these pictures, so a map that is the same everywhere would "
        f"have {share(found.lung_area)} of its heat there; these have {percent(found.in_lungs)} "
        f"({interval(found.in_lungs)}). That even map would look outside the lungs in {share(found.outside_by_chance)} "
        f"of the scans; the model did in {percent(found.outside)} ({interval(found.outside)})."
    )


def _show_without_lungs(everything: "HeatPlaces") -> None:
    _show_rates(
        ("Heat in the body", everything.in_body, "Mean share over all scans with heat"),
        ("Heat at the border", everything.in_border, "Mean share in the outermost 8 % of the picture"),
    )


def _show_rates(*rates: "tuple[str, Estimate, str]") -> None:
    with st.container(horizontal=True):
        for label, rate, meaning in rates:
            with st.container(width=_RATE_WIDTH_PX):
                show_rate(label, rate, meaning=meaning)


def _show_table(run: Run, table: "pd.DataFrame") -> None:
    table_with_download(
        table[[*_SHOWN, "maximum", "refused"]],
        f"heat-{run.id}",
        alt="Where the heat lies in each validation and test scan",
        percents=_PERCENTS,
        height=380,
    )


def _show_pictures(run: Run) -> None:
    from core.charts.mean_maps import CellPicture, mean_map_figure

    st.subheader("What each cell has in common")
    means = cached_heat.pictures(run)
    hottest = max((float(mean.heat.max()) for mean in means.values()), default=0.0) or 1.0
    with st.container(horizontal=True):
        for cell in (cell for cell in CELLS if cell in means):
            mean = means[cell]
            picture = CellPicture(mean.scans, mean.scan, mean.heat)
            with st.container(width=_PICTURE_WIDTH_PX):
                st.markdown(f"**{cell.capitalize()}**: {scans(mean.scans)}{_empty_words(mean)}")
                charts.show(mean_map_figure(cell, picture, hottest=hottest), key=f"mean-map-{cell}", top_px=24)
    st.caption(
        "Each map is scaled to its own maximum before the mean is taken, all cells share one scale of mean heat, and "
        "scans are squashed to a square, as the network sees them. A mean shows what repeats, such as a marker in a "
        "corner; of a few scans it shows those scans."
    )


def _empty_words(mean: "MeanMap") -> str:
    return f", {mean.without_evidence:,} without any heat" if mean.without_evidence else ""


def _open_worklist() -> None:
    """Callback: the worklist of the scans that the model looked at outside the lungs."""
    links.ask_for_worklist(Filters(outside_lungs=True, order="outside").to_query())
    links.forget_case()
    state.put(state.VIEW, "")
