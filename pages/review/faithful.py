"""Is this map faithful? One word for the map at hand, or for a method over a run, with the numbers behind it."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.explanation.faithfulness.verdict import CHANCE_TO_TRUST, LEAST_AGREEMENT, MOST_LIKE_UNTRAINED
from core.runs import Run
from pages.review import cached_faithful
from pages.review.viewer.maps_shown import asked_first
from pages.shared import cached_viewed, charts, state
from pages.shared.analyses import show_analysis
from pages.shared.moving_bar import moving_bar
from pages.shared.tables import table_with_download
from pages.shared.words import literal, sentence

if TYPE_CHECKING:
    from core.explanation.faithfulness.measured import Faithfulness

BADGES = {
    "trust": ("green", ":material/verified:"),
    "doubt": ("orange", ":material/help:"),
    "ignore": ("red", ":material/block:"),
}
_HOW = (
    "Pixels are changed in the map's order, and the network is asked again each time: blurred (deletion), given back "
    "to a blurred scan (insertion), or filled in from their neighbours (ROAD); the same for random maps with the map's "
    "values and smoothness at other places. It says what the network used, not whether that is the disease."
)
_AGREEMENTS = {
    "flip": ("the mirrored scan", f"at least {LEAST_AGREEMENT}"),
    "shift": ("the moved scan", f"at least {LEAST_AGREEMENT}"),
    "untrained": ("untrained networks", f"at most {MOST_LIKE_UNTRAINED}"),
}


def show_faithfulness(run: Run, path: str, target: str, method: str, layer: str) -> None:
    """The word for one map, where it was asked for; else the button that asks.

    Args:
        run: whose network is asked.
        path: of the scan, as in the run's index.
        target: a class, or the difference of two.
        method: a key of `core.explanation.maps.METHODS`.
        layer: name of a stage's module; the last where empty.
    """
    from core.explanation.maps import BACKGROUND_METHODS, METHODS

    key = cached_faithful.key_of(run, path, target, method, layer)
    found = cached_faithful.measured(key)
    if found is None:
        slow = " This method needs minutes." if method in BACKGROUND_METHODS else ""
        place = st.empty()
        asked = place.button(
            "Is this map faithful?",
            icon=":material/fact_check:",
            key="ask-faithful",
            help=f"{METHODS[method]} for {literal(target)}: takes some seconds.{slow} {_HOW}",
        )
        if not asked:
            return
        words = "Perturbing the scan in the order of map {} of {}"
        found = cached_faithful.measure_now(
            run, key, progress=moving_bar(place, lambda done, of: words.format(done + 1, of))
        )
        place.empty()
    _show_found(found)


def show_faithfulness_of_shown(run: Run, path: str) -> None:
    """The same for the first map that the viewer shows of this run."""
    from core.explanation.maps import METHODS
    from core.explanation.targets import target_choices

    asked = asked_first(run)
    if asked is None:
        st.caption("Choose a map above first.")
        return
    words = target_choices(run.record.classes, run.record.positive).get(asked.target, asked.target)
    where = cached_viewed.layers(run).get(asked.layer, asked.layer or "the last stage")
    st.markdown(f"**{METHODS[asked.method]}** for **{literal(words)}**, {literal(where)}")
    show_faithfulness(run, path, asked.target, asked.method, asked.layer)


def show_run_faithfulness(run: Run) -> None:
    """For each method over some scans of each cell: its gain over random maps with intervals, and the words."""
    from core.analyses.faithfulness import KIND, PER_CELL, Asked, by_method, read_faithfulness
    from core.explanation.maps import METHODS

    st.subheader("Are its maps faithful?")
    st.caption(_HOW)
    methods = st.multiselect(
        "Methods",
        list(METHODS),
        default=list(Asked().methods),
        format_func=METHODS.__getitem__,
        key=f"{state.FAITHFUL_METHODS_OF_RUN}{run.id}",
        help="Score-CAM and Ablation-CAM need a pass for each of a layer's maps: hours for a run.",
    )
    if not methods:
        st.info("Choose a method.", icon=":material/arrow_upward:")
        return
    options = Asked(methods=tuple(name for name in METHODS if name in methods)).options()
    found = read_faithfulness(run, options)
    if found is None:
        show_analysis(
            run,
            KIND,
            options,
            start_words="Measure them",
            help_words=f"Up to {PER_CELL} scans of each cell, in the background: some seconds a map at 96 px.",
        )
        return
    st.caption(
        f"{found.table['path'].nunique()} scans of the {found.split} split, at most {found.per_cell} of each "
        f"cell at threshold {found.threshold:.3f}, drawn by seed {found.seed}"
        + (f"; {found.unread} could not be read." if found.unread else ".")
    )
    table = by_method(found.table).replace({"method": dict(METHODS)})
    for row in table.itertuples():
        _say_word(row.word, f"**{row.method}**: {literal(row.says)}.")
    table_with_download(
        table.drop(columns=["word", "says"]).rename(columns=lambda name: name.replace("_", " ")),
        f"faithfulness-{run.id}",
        alt="Each method's gain over random maps with intervals, agreements, and shares of trust, doubt and ignore",
        percents=("trust", "doubt", "ignore"),
    )
    with st.expander(f"Each map ({len(found.table)})"):
        table_with_download(found.table, f"faithfulness-maps-{run.id}", alt="The figures of each map measured")


def _show_found(found: "Faithfulness") -> None:
    _say_word(found.verdict.word, literal(sentence(found.verdict.says)))
    if found.curves is None:
        return
    from core.charts.faithfulness import faithfulness_figure
    from core.explanation.faithfulness.curves import SHARES

    figure = faithfulness_figure(
        SHARES,
        {name: getattr(found.curves, name).tolist() for name in ("deletion", "insertion")},
        {name: [getattr(one, name).tolist() for one in found.random] for name in ("deletion", "insertion")},
        about=found.target,
    )
    charts.show(figure, key="faithful-curves", top_px=36)
    grid = st.grid(5, min_column_width=150, gap="medium")
    with grid.cell(column_span=3):
        table_with_download(gains_of(found), "faithfulness-gains", alt="Each measure of the map and of random maps")
    with grid.cell(column_span=2):
        table_with_download(agreements_of(found), "faithfulness-agreements", alt="Agreement of the map with others")
    st.caption(
        f"{len(found.random)} random maps, drawn by a seed. Gains are in log-odds; low and high hold 95 % of the "
        f"random maps. Over all three, random maps do as well in {found.chance:.0%} of draws; up to "
        f"{CHANCE_TO_TRUST:.0%} is trusted. {_HOW}"
    )


def _say_word(word: str, why: str) -> None:
    colour, icon = BADGES[word]
    st.markdown(f":{colour}-badge[{icon} {word}] {why}")


def gains_of(found: "Faithfulness") -> pd.DataFrame:
    """A row a measure: of the map, of random maps, and how much better the map is; `low` and `high` around that."""
    from core.explanation.faithfulness.measured import MEASURES

    rows = [
        {
            "measure": MEASURES[name],
            "this map": one.value,
            "random maps": one.random,
            "gain": one.gain.value,
            "low": one.gain.low,
            "high": one.gain.high,
        }
        for name, one in found.compared.items()
    ]
    return pd.DataFrame(rows)


def agreements_of(found: "Faithfulness") -> pd.DataFrame:
    """With which maps the map agrees, in [-1, 1], and how much is trusted."""
    rows = [
        {"map of": words, "agreement": getattr(found, name), "trusted": limit}
        for name, (words, limit) in _AGREEMENTS.items()
    ]
    return pd.DataFrame(rows)
