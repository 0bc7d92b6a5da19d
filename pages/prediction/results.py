"""The answers: scan by scan with its map, then all of them as a table."""

import pandas as pd
import streamlit as st

from core.evaluation.decision.operating_point import OperatingPoint
from core.evaluation.decision.zones import MEANING
from core.explanation.maps import LIVE_METHODS, METHODS
from core.prediction import decided
from core.runs import Run
from pages.prediction.card import MapChoice, show_card
from pages.prediction.uploads import Answer, Upload, answered
from pages.shared import cached, state
from pages.shared.errors import errors_in_a_line, say_error
from pages.shared.tables import table_with_download
from pages.shared.words import literal

PER_PAGE = 6
MOST_PROBLEMS = 5


def show_results(run: Run, point: OperatingPoint, uploads: list[Upload]) -> None:
    """Problems first, then a page of scans, then the table."""
    answers = answered(run, uploads)
    table = answers_table(run, answers, point)
    _show_problems([answer for answer in answers if answer.problem])
    good = [answer for answer in answers if not answer.problem]
    if good:
        _cards(run, point, good)
    st.subheader("All answers")
    table_with_download(
        table,
        f"{run.id}-predictions",
        alt="Score and decision of every uploaded scan",
    )
    if point.upper is not None:
        st.caption(MEANING)


def answers_table(run: Run, answers: list[Answer], point: OperatingPoint) -> pd.DataFrame:
    """A row an upload: scan, score, decision, threshold, one probability column a class, problem.

    Where two thresholds are in force, also its zone, and the upper threshold beside the lower.
    """
    network = cached.model(run)
    zone, upper = ([], []) if point.upper is None else (["zone"], ["upper"])
    rows: list[dict[str, object]] = []
    for answer in answers:
        row: dict[str, object] = {"scan": answer.upload.name, "problem": answer.problem, "decision": "", "zone": ""}
        if answer.probabilities is not None:
            row |= decided(network, answer.probabilities, threshold=point.threshold, upper=point.upper)
        rows.append(row | {"threshold": point.threshold, "upper": point.upper})
    columns = ["scan", "score", "decision", *zone, "threshold", *upper, *network.classes, "problem"]
    return pd.DataFrame(rows, columns=columns)


def _show_problems(bad: list[Answer]) -> None:
    for answer in bad[:MOST_PROBLEMS]:
        say_error(answer.problem, before=f"{literal(answer.upload.name)}: ")
    if len(bad) > MOST_PROBLEMS:
        say_error(f"{len(bad) - MOST_PROBLEMS} more cannot be read; the table below says why.")


@st.fragment
@errors_in_a_line()
def _cards(run: Run, point: OperatingPoint, answers: list[Answer]) -> None:
    choice = _map_choice(run)
    pages = -(-len(answers) // PER_PAGE)
    page = st.pagination(pages, key=f"{state.PREDICTIONS_PAGE}{pages}") if pages > 1 else 1
    for answer in answers[(page - 1) * PER_PAGE : page * PER_PAGE]:
        show_card(run, point, answer, choice)


def _map_choice(run: Run) -> MapChoice:
    classes = list(run.record.classes)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        target = st.selectbox(
            "Evidence for", classes, index=classes.index(run.record.positive), key=state.PREDICTION_TARGET, width=220
        )
        method = st.selectbox(
            "Method", LIVE_METHODS, format_func=METHODS.__getitem__, key=state.PREDICTION_METHOD, width=180
        )
        opacity = st.slider("Opacity of the heat", 0.0, 1.0, 0.5, 0.05, key=state.PREDICTION_OPACITY, width=280)
    return MapChoice(target, method, opacity)
