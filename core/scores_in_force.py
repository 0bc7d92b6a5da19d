"""Raw or calibrated: fitting a run's temperature, and letting everything speak of the one or the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.calibration import CALIBRATED, CALIBRATION_FILE, RunCalibration, read_calibration, write_calibration
from core.decided import stored_point
from core.errors import RequestError, RunDamagedError
from core.evaluation.calibration_line import CalibrationLine, calibration_line
from core.evaluation.carried import carried_point
from core.evaluation.decision.rule_texts import rule_words
from core.evaluation.patients import Joining
from core.evaluation.reliability import Binning, Calibration, calibration_of
from core.evaluation.temperature import Temperature, fit_temperature
from core.results import SplitResults, raw_results
from core.runs import Run, now_text


def temperature_of(run: Run) -> Temperature:
    """The temperature kept with a run, else the one fitted on its validation split now, which is not kept by that.

    Raises:
        RequestError: the run is not finished, has no validation split, or none can be fitted on it (the text says why).
        RunDamagedError: its predictions or its calibration are damaged.
    """
    kept = read_calibration(run)
    if kept is not None:
        return kept.temperature
    val = raw_results(run, "val")
    try:
        return fit_temperature(
            val.probabilities,
            val.table["label"].to_numpy(str),
            val.table["group"],
            classes=val.classes,
            positive=val.positive,
        )
    except ValueError as error:
        raise RequestError(f"{error}; the raw scores stay in force") from error


def use_calibrated_scores(run: Run) -> RunCalibration:
    """Put calibrated scores in force for a run: on every page and on the command line; its threshold goes along.

    Of two classes exactly the same scans stay positive. With more, the rule of the operating point is applied again
    to calibrated validation scores. The point on disk is not touched.

    Raises:
        RequestError: as `temperature_of`; or, with several classes, the point's rule cannot be met.
        RunDamagedError: as `temperature_of`, or the operating point is damaged.
    """
    kept = read_calibration(run)
    if kept is not None and kept.in_force:
        return kept
    temperature = temperature_of(run)
    fitted_at = now_text() if kept is None else kept.fitted_at
    calibration = RunCalibration(temperature, True, fitted_at, now_text(), **_carried(run, temperature, CALIBRATED))
    write_calibration(run, calibration)
    return calibration


def use_raw_scores(run: Run) -> RunCalibration | None:
    """Put the scores back in force that the network gave; the temperature is kept. None where there is none to keep.

    A point chosen before calibration is in force again as it was. One chosen since is taken along, as
    `use_calibrated_scores` does. A damaged calibration is removed.

    Raises:
        RequestError: with several classes, the point's rule cannot be met on raw scores.
        RunDamagedError: its predictions or its operating point are damaged.
    """
    try:
        kept = read_calibration(run)
    except RunDamagedError:
        (run.folder / CALIBRATION_FILE).unlink(missing_ok=True)
        return None
    if kept is None or not kept.in_force:
        return kept
    carried = _carried(run, kept.temperature, "")
    calibration = RunCalibration(kept.temperature, False, kept.fitted_at, now_text(), **carried)
    write_calibration(run, calibration)
    return calibration


@dataclass(frozen=True, eq=False)
class ScoreCheck:
    """How well one kind of scores of one split keeps its word."""

    results: SplitResults
    calibration: Calibration
    line: CalibrationLine

    def to_json(self) -> dict[str, Any]:
        """As plain values, None for NaN."""
        return {"n": self.calibration.n, **self.calibration.to_json(), **self.line.to_json()}


@dataclass(frozen=True, eq=False)
class CalibrationReport:
    """One split before and after temperature scaling.

    Attributes:
        temperature: fitted on validation; None where none can be fitted.
        refused: why there is none, in words; else empty.
        raw: of the scores as the network gave them.
        calibrated: of the scores with the temperature; None without one.
    """

    temperature: Temperature | None
    refused: str
    raw: ScoreCheck
    calibrated: ScoreCheck | None

    def to_json(self) -> dict[str, Any]:
        """The checks as plain values."""
        return {"raw": self.raw.to_json(), "calibrated": self.calibrated.to_json() if self.calibrated else None}


def calibration_reports(
    run: Run, splits: Sequence[str], *, binning: Binning = "equal count", joining: Joining | None = None
) -> dict[str, CalibrationReport]:
    """What the run's temperature, kept with the run or not, does to each of some splits.

    Args:
        run: a finished one.
        splits: what is looked at; the temperature is fitted on validation all the same, and on scans.
        binning: how scores are cut into bins.
        joining: looks at groups, whose scores are joined so; by scan where None.

    Raises:
        RequestError: the run is not finished, or has no such split.
        RunDamagedError: its predictions or its calibration are damaged.
    """
    raw = {split: raw_results(run, split) for split in splits}
    try:
        temperature, refused = temperature_of(run), ""
    except RequestError as error:
        temperature, refused = None, str(error)
    reports = {}
    for split, results in raw.items():
        after = None if temperature is None else _checked(results.calibrated(temperature), binning, joining)
        reports[split] = CalibrationReport(temperature, refused, _checked(results, binning, joining), after)
    return reports


def _checked(results: SplitResults, binning: Binning, joining: Joining | None) -> ScoreCheck:
    results = results if joining is None else results.joined(joining)
    return ScoreCheck(results, calibration_of(results.scored, binning=binning), calibration_line(results.scored))


def _carried(run: Run, temperature: Temperature, score_kind: str) -> dict[str, Any]:
    """The fields of a `RunCalibration` that say what the operating point on disk becomes; empty where it fits."""
    point = stored_point(run)
    if point is None or point.score_kind == score_kind:
        return {}
    val = raw_results(run, "val").calibrated(temperature if score_kind else None)
    try:
        carried = carried_point(point, temperature, val.scored, classes=len(val.classes), score_kind=score_kind)
    except ValueError as error:
        raise RequestError(
            f"the rule of the threshold in force ({rule_words(point.rule)}) cannot be met on these scores: {error}; "
            "choose another threshold first"
        ) from error
    return {"carried_from": point.to_json(), "carried_point": carried.to_json()}
