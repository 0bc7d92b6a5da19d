"""What a finished run says about its scans: the link between its files and the evaluation."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.calibration import CALIBRATED, CALIBRATION_FILE, read_calibration, temperature_in_force
from core.errors import RequestError, RunDamagedError
from core.evaluation.carried import carried_point
from core.evaluation.classified import Classified
from core.evaluation.confusion import cell_of
from core.evaluation.decision.operating_point import OperatingPoint
from core.evaluation.decision.rule_texts import rule_words
from core.evaluation.patients import Joining, joined_scans
from core.evaluation.predicted import predicted_labels
from core.evaluation.ranking import Ranking, ranking_of
from core.evaluation.scored import Scored
from core.evaluation.splits import SPLITS
from core.evaluation.splits import torn_groups as count_torn_groups
from core.evaluation.summary import Evaluation, evaluation_at
from core.evaluation.temperature import Temperature
from core.run_record import damaged
from core.runs import Run, read_predictions


@dataclass(frozen=True, eq=False)
class SplitResults:
    """The scored scans of one split.

    Attributes:
        split: its name.
        table: a row a scan: path, label, split, group, one probability column a class.
        classes: their names, in the order of the probability columns.
        positive: the class whose miss hurts.
        score_kind: "calibrated", or empty where the probabilities are as the network gave them.
        joining: how the scores of a group's scans were joined, as `core.evaluation.patients.Joining.text`; then a row
            is a group, its `path` that of its first scan, and `scans` says how many it has. Empty: a row is a scan.
        group_word: what a group is called: "patient" where groups are patients.
    """

    split: str
    table: pd.DataFrame
    classes: tuple[str, ...]
    positive: str
    score_kind: str = ""
    joining: str = ""
    group_word: str = "group"

    @property
    def unit(self) -> str:
        """What a row is: scan, patient or group."""
        return self.group_word if self.joining else "scan"

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Shape (n, classes)."""
        return self.table[list(self.classes)].to_numpy(np.float64)

    @property
    def scored(self) -> Scored:
        """Positive against the rest."""
        return self.by_class[self.positive]

    @property
    def by_class(self) -> dict[str, Scored]:
        """Each class against the rest."""
        return self.classified.by_class

    @cached_property
    def classified(self) -> Classified:
        """The same as the evaluation wants it."""
        return Classified.of(
            self.probabilities,
            self.table["label"].to_numpy(str),
            self.table["group"],
            classes=self.classes,
            positive=self.positive,
        )

    @cached_property
    def ranking(self) -> Ranking:
        """What no threshold changes, computed once."""
        return ranking_of(self.classified)

    def calibrated(self, temperature: Temperature | None) -> "SplitResults":
        """The same scans with calibrated probabilities; themselves without a temperature."""
        if temperature is None:
            return self
        table = self.table.copy()
        table[list(self.classes)] = temperature.applied(self.probabilities, positive=self.classes.index(self.positive))
        return replace(self, table=table, score_kind=CALIBRATED)

    def joined(self, joining: Joining) -> "SplitResults":
        """A row a group, in the order of their names: by patient, where groups are patients."""
        groups = self.table["group"].to_numpy(str)
        joined = joined_scans(
            self.probabilities,
            self.table["label"].to_numpy(str),
            groups,
            classes=self.classes,
            positive=self.positive,
            joining=joining,
        )
        first = np.unique(groups, return_index=True)[1]
        table = self.table.iloc[first][["path", "split", "group"]].reset_index(drop=True)
        table["label"], table["scans"] = joined.labels, joined.scans
        table[list(self.classes)] = joined.probabilities
        return replace(self, table=table, joining=joining.text)

    def evaluated(self, threshold: float) -> Evaluation:
        """Every figure at a threshold, with its interval."""
        return evaluation_at(self.classified, threshold, split=self.split, ranking=self.ranking, unit=self.unit)

    def with_cells(self, threshold: float) -> pd.DataFrame:
        """The table with `score`, `predicted` and `cell` (missed, false alarm, found, cleared) at a threshold."""
        table = self.table.copy()
        table["score"] = table[self.positive].astype(float)
        table["predicted"] = predicted_labels(
            self.probabilities, classes=self.classes, positive=self.positive, threshold=threshold
        )
        table["cell"] = cell_of((table["label"] == self.positive).to_numpy(), table["score"].to_numpy(), threshold)
        return table


def group_word(group_source: str) -> str:
    """What a group is called, by where groups come from: a patient only where patients are known."""
    return "patient" if group_source == "patient" else "group"


def splits_of(run: Run) -> tuple[str, ...]:
    """The splits of a run that hold scans, in their usual order."""
    return tuple(name for name in SPLITS if run.record.split_sizes.get(name, 0))


def split_results(run: Run, split: str) -> SplitResults:
    """The scored scans of one split of a finished run: calibrated, where that is in force for the run.

    Raises:
        RequestError: the run is not finished, or has no such split.
        RunDamagedError: its predictions cannot be read, or hold what no prediction can be; its calibration is damaged.
    """
    return raw_results(run, split).calibrated(temperature_in_force(run))


def raw_results(run: Run, split: str) -> SplitResults:
    """The same with the probabilities that the network gave, whatever is in force. Raises as `split_results` does."""
    if run.record.status != "finished":
        raise RequestError(f"expected a finished run, found {run.id} {run.record.status}; finish it with resume first")
    present = splits_of(run)
    if split not in present:
        raise RequestError(
            f"expected a split among {', '.join(present)}, found {split!r}, which has no scans in run {run.id}"
        )
    table = read_predictions(run)
    rows = table[table["split"] == split].reset_index(drop=True)
    if rows.empty:
        raise RunDamagedError(
            f"expected the {split} split in {run.folder / 'predictions.parquet'}, found none of its scans; train again"
        )
    called = group_word(run.record.group_source)
    results = SplitResults(split, rows, run.record.classes, run.record.positive, group_word=called)
    try:
        _ = results.by_class  # checks every label, probability and group
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(run.folder / "predictions.parquet", error) from error
    return results


def point_for_scores(run: Run, point: OperatingPoint) -> OperatingPoint:
    """An operating point for the scores in force: itself, or carried over where it was chosen on the other kind.

    Raises:
        RequestError: of several classes, its rule cannot be met on the scores in force.
        RunDamagedError: the run's calibration or predictions are damaged, or it has no temperature to carry it with.
    """
    calibration = read_calibration(run)
    score_kind = calibration.score_kind if calibration is not None else ""
    if point.score_kind == score_kind:
        return point
    if calibration is None:
        raise RunDamagedError(
            f"expected {CALIBRATION_FILE} in {run.folder}, for the threshold was chosen on calibrated scores, found "
            "none; choose a threshold again"
        )
    known = point.to_json()  # an earlier version may have kept fewer fields
    carried_from = calibration.carried_from
    if calibration.carried_point and carried_from and all(known.get(key) == carried_from[key] for key in carried_from):
        return OperatingPoint.from_json(calibration.carried_point)
    scored = split_results(run, point.split).scored
    try:
        return carried_point(
            point, calibration.temperature, scored, classes=len(run.record.classes), score_kind=score_kind
        )
    except ValueError as error:
        raise RequestError(
            f"the rule of this threshold ({rule_words(point.rule)}) cannot be met on the scores in force: {error}; "
            "choose another threshold"
        ) from error


def torn_groups(run: Run) -> int:
    """How many groups lie in more than one split of a run, so that it is tested on what it may have learnt from.

    Raises:
        RunDamagedError: its predictions cannot be read.
    """
    table = read_predictions(run)
    return count_torn_groups(table["split"], table["group"])
