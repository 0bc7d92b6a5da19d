"""Do the scores mean what they say? Calibration before and after temperature scaling, and the switch between them."""

import math
from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.calibration import read_calibration
from core.charts.reliability import reliability_figure
from core.charts.wording import scans
from core.errors import ExplorerError, RunDamagedError, failure_line
from core.evaluation.intervals import Estimate
from core.evaluation.reliability import BINNINGS, Binning
from core.evaluation.temperature import Temperature
from core.results import SplitResults, splits_of
from core.runs import Run
from core.scores_in_force import CalibrationReport, ScoreCheck, use_calibrated_scores, use_raw_scores
from pages.performance.by_patient import named_by, unit_words
from pages.performance.cached_checks import calibration_reports
from pages.shared import charts, frame, state
from pages.shared.errors import say_error
from pages.shared.tables import table_with_download
from pages.shared.words import SPLIT_NAMES, literal

_KINDS = {"raw": "As the network gives them", "calibrated": "Calibrated"}


def show_calibration(run: Run, results: SplitResults) -> None:
    """Reliability, what the temperature does to it on validation and test, and the switch for the whole app."""
    st.subheader("Do the scores mean what they say?", anchor="calibration")
    counted, file = f"{results.unit}s", f"{run.id}{named_by(run, results.joining)}"
    st.markdown(
        f"Of the {counted} scored 30 %, are three in ten positive? Points on the diagonal keep that promise; below it "
        "the model is too sure, above it not sure enough."
    )
    if results.joining:
        st.caption(
            f"A temperature is fitted on scans. Joined scores of {counted} are another thing: what calibrates the one "
            "may spoil the other."
        )
    binning = _pick_binning(counted)
    splits = (
        results.split,
        *(split for split in ("test", "val") if split in splits_of(run) and split != results.split),
    )
    reports = calibration_reports(run, splits, binning, results.joining)
    _show_switch(run, reports[results.split])
    for split, report in reports.items():
        _show_charts(run, split, report, counted)
    table_with_download(
        lines_table(reports), f"{file}-calibration", alt="ECE, calibration slope and intercept with their intervals"
    )
    table_with_download(brier_table(reports), f"{file}-brier", alt="Brier score and its parts")
    st.caption(_explained(reports[results.split]))
    with st.expander("The bins"):
        table_with_download(
            bins_table(reports),
            f"{file}-calibration-bins",
            alt=f"Each bin with its {counted}, mean score and share of positives",
            percents=("share", "low", "high"),
        )


def end_where_damaged(run: Run) -> None:
    """Where what is kept of the calibration cannot be read: say so, offer to do without it, and end the page."""
    try:
        read_calibration(run)
    except RunDamagedError as error:
        say_error(error)
        st.button(
            "Use the network's own scores",
            key="drop-calibration",
            type="primary",
            icon=":material/restart_alt:",
            on_click=use_raw_scores,
            args=(run,),
            help="Removes the damaged file. A temperature can be fitted again; a threshold that was chosen on "
            "calibrated scores must be chosen again.",
        )
        frame.end_page()


def lines_table(reports: dict[str, CalibrationReport]) -> pd.DataFrame:
    """A row a split and kind of scores: how many were looked at, ECE, slope and intercept with their intervals."""
    return _table(
        reports,
        lambda check: {
            "ECE": check.calibration.ece,
            **_with_bounds("slope", check.line.slope),
            **_with_bounds("intercept", check.line.intercept),
        },
    )


def brier_table(reports: dict[str, CalibrationReport]) -> pd.DataFrame:
    """A row a split and kind of scores: the Brier score in parts that add up to it."""
    return _table(
        reports,
        lambda check: {
            "Brier score": check.calibration.brier.brier,
            "= reliability": check.calibration.brier.reliability,
            "− resolution": check.calibration.brier.resolution,
            "+ uncertainty": check.calibration.brier.uncertainty,
            "+ within bins": check.calibration.brier.within,
        },
    )


def bins_table(reports: dict[str, CalibrationReport]) -> pd.DataFrame:
    """Every bin of every split and kind of scores; the column that counts is named for what it counts."""
    return pd.concat(
        [
            check.calibration.table.rename(columns={"scans": f"{check.results.unit}s"}).assign(
                split=SPLIT_NAMES[split], scores=kind
            )
            for split, report in reports.items()
            for kind, check in _checks(report).items()
        ],
        ignore_index=True,
    )


def temperature_words(temperature: Temperature, one: str) -> str:
    """What a temperature says of a model, in a sentence or two; `one` is what a group is called."""
    if math.isclose(temperature.value, 1, rel_tol=0.05):
        means = "scores further apart or nearer together would hardly fit better"
    elif temperature.value > 1:
        means = "the network is surer of itself than it has reason to be"
    else:
        means = "the network is less sure of itself than it could be"
    says = (
        f"Temperature **{temperature.value:.2f}**, fitted on {temperature.n:,} "
        f"{SPLIT_NAMES[temperature.split].lower()} scans: {means}."
    )
    says += " It mends no scores that are all too high or all too low: the intercept tells of that."
    if temperature.is_rough:
        groups = temperature.fewest_groups
        alone = groups is None or groups == temperature.fewest
        few = scans(temperature.fewest) if alone else scans(groups, one)
        says += f" It is a rough one: a class has only {few} there."
    return says


def _pick_binning(counted: str) -> Binning:
    chosen = st.segmented_control(
        "Bins of",
        BINNINGS,
        default=BINNINGS[0],
        required=True,
        key=state.CALIBRATION_BINNING,
        persist_state="session",
        format_func=str.capitalize,
        help=f"Equal count: as many {counted} in each bin. Equal width: each bin a tenth of the scores.",
    )
    return BINNINGS[BINNINGS.index(chosen)] if chosen else BINNINGS[0]


def _show_switch(run: Run, report: CalibrationReport) -> None:
    problem = state.take(state.CALIBRATION_PROBLEM)
    if problem:
        say_error(problem)
    if report.temperature is None:
        st.info(f"No temperature: {literal(report.refused)}.", icon=":material/thermostat:")
        return
    st.markdown(temperature_words(report.temperature, unit_words(run)[0]))
    key = f"{state.CALIBRATED_OF_RUN}{run.id}"
    kept = read_calibration(run)
    st.session_state[key] = kept is not None and kept.in_force  # the file counts: others may have switched it
    st.toggle(
        "Use calibrated scores everywhere",
        key=key,
        on_change=_switch,
        args=(run, key),
        help="On every page and on the command line, for this run. Nothing is lost: switching back restores all.",
    )
    if len(run.record.classes) == 2:
        st.caption(
            "Of two classes exactly the same scans stay positive: the threshold goes along, and no rate and no AUC "
            "changes. Only what the scores say of how likely it is does."
        )
    else:
        st.caption(
            "Of several classes scans may change places: the rule of the threshold in force is applied again to "
            "calibrated validation scores."
        )


def _switch(run: Run, key: str) -> None:
    try:
        (use_calibrated_scores if st.session_state[key] else use_raw_scores)(run)
    except ExplorerError as error:
        state.put(state.CALIBRATION_PROBLEM, failure_line(error))


def _show_charts(run: Run, split: str, report: CalibrationReport, counted: str) -> None:
    grid = st.grid(2, min_column_width=360)
    fitted = " (fitted here)" if report.temperature and report.temperature.split == split else ""
    for kind, check in _checks(report).items():
        with grid.cell():
            st.markdown(f"**{SPLIT_NAMES[split]}{fitted}**: {_KINDS[kind].lower()}, {_short(check)}")
            figure = reliability_figure(
                check.calibration, check.results.scored.scores, positive=run.record.positive, counted=counted
            )
            charts.show(figure, key=f"reliability-{split}-{kind}")


def _table(reports: dict[str, CalibrationReport], figures: Callable[[ScoreCheck], dict[str, float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "split": SPLIT_NAMES[split],
                "scores": kind,
                f"{check.results.unit}s": check.calibration.n,
                **figures(check),
            }
            for split, report in reports.items()
            for kind, check in _checks(report).items()
        ]
    )


def _checks(report: CalibrationReport) -> dict[str, ScoreCheck]:
    return {"raw": report.raw} | ({} if report.calibrated is None else {"calibrated": report.calibrated})


def _short(check: ScoreCheck) -> str:
    return "no ECE" if math.isnan(check.calibration.ece) else f"ECE {check.calibration.ece:.3f}"


def _with_bounds(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name} low": estimate.low, f"{name} high": estimate.high}


def _explained(report: CalibrationReport) -> str:
    check = report.raw
    words = (
        f"ECE, the expected calibration error: how far a bin's mean score lies from its share of positives, over "
        f"{len(check.calibration.bins)} bins of {check.calibration.binning}. Slope below 1: scores too extreme; "
        "intercept above 0: more positives than the scores say. Brier score: lower is better; it is its reliability "
        f"less its resolution, plus uncertainty and what differs within bins. Bins: {check.calibration.method}. "
        f"Slope and intercept: {check.line.method}."
    )
    return f"{words} No slope: {check.line.reason}." if check.line.reason else words
