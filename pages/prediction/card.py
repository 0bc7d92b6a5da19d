"""One uploaded scan: as it is, with the heat over it, and what the network makes of it."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.errors import ExplorerError, failure_line
from core.evaluation.decision.operating_point import OperatingPoint
from core.explanation.maps import METHODS, ScanMap
from core.explanation.overlay import overlaid
from core.prediction import decided
from core.runs import Run
from pages.prediction.uploads import Answer
from pages.prediction.verdict import verdict_html
from pages.shared import cached, cached_scans
from pages.shared.flat_maps import FLAT_WORDS, is_flat
from pages.shared.words import SPLIT_NAMES, literal, score_text


@dataclass(frozen=True)
class MapChoice:
    """Which map to show: the class asked about, a key of `METHODS`, and the heat's opacity in [0, 1]."""

    target: str
    method: str
    opacity: float


def show_card(run: Run, point: OperatingPoint, answer: Answer, choice: MapChoice) -> None:
    """Scan, overlay and verdict side by side, below each other where there is no room."""
    name = literal(answer.upload.name)
    with st.container(border=True):
        st.markdown(f"**{name}**")
        grid = st.grid(3, min_column_width=190)
        try:
            scan, found = cached_scans.upload_map(
                run, answer.upload.content, answer.upload.name, choice.target, choice.method
            )
        except ExplorerError as error:  # a backbone without maps still has scores
            grid.info(literal(failure_line(error)), icon=":material/info:")
            found = None
        else:
            with grid.cell():
                st.image(scan, width="stretch", output_format="PNG", alt=f"Scan {answer.upload.name}")
                st.caption("As uploaded, turned grey")
            with grid.cell():
                _overlay(answer, scan, found, choice)
        with grid.cell():
            _verdict(run, point, answer)
            if found is not None:
                _map_figures(found, run.record.positive)
            _say_if_known(run, answer)


def _overlay(answer: Answer, scan: NDArray[np.uint8], found: ScanMap, choice: MapChoice) -> None:
    if found.is_empty:
        st.info(f"No positive evidence for {literal(found.target)}: there is nothing to draw.", icon=":material/block:")
        return
    if is_flat(found):
        st.info(FLAT_WORDS, icon=":material/grid_off:")
        return
    st.image(
        overlaid(scan, found, opacity=choice.opacity),
        width="stretch",
        output_format="PNG",
        alt=f"Scan {answer.upload.name} with the heat of {METHODS[found.method]} for {found.target}",
    )
    st.caption(f"{METHODS[found.method]} for {literal(found.target)}, {found.side[1]} x {found.side[0]} cells")


def _verdict(run: Run, point: OperatingPoint, answer: Answer) -> None:
    facts = decided(cached.model(run), answer.probabilities, threshold=point.threshold, upper=point.upper)
    st.metric(
        f"Score for {literal(run.record.positive)}",
        score_text(facts["score"]),
        help="Probability of the positive class.",
    )
    st.html(
        verdict_html(
            str(facts["decision"]),
            float(facts["score"]),
            threshold=point.threshold,
            upper=point.upper,
            classes=run.record.classes,
            positive=run.record.positive,
        )
    )
    if len(run.record.classes) > 2:
        st.caption(", ".join(f"{literal(name)} {facts[name]:.3f}" for name in run.record.classes))


def _map_figures(found: ScanMap, positive: str) -> None:
    if found.target != positive:
        st.metric(f"Score for {literal(found.target)}", f"{found.target_score:.3f}", help="Of the class asked about.")
    st.metric(
        "Unscaled maximum of the map",
        f"{found.maximum:.3g}",
        help="Every map is scaled by its own maximum, so weak evidence looks as strong as strong evidence. "
        "This number tells them apart.",
    )


def _say_if_known(run: Run, answer: Answer) -> None:
    """A score says nothing new about a scan that the network has learnt from."""
    split, label = cached_scans.known_scans(run).get(answer.upload.sha256, ("", ""))
    if split == "train":
        st.warning(
            f"The network learnt from this very scan (labelled {literal(label)}): its score proves nothing.",
            icon=":material/school:",
        )
    elif split:
        st.info(
            f"This very scan is in the run's {SPLIT_NAMES[split].lower()} split, labelled {literal(label)}.",
            icon=":material/info:",
        )
