"""What a finished run says about its scans: the link between its files and the evaluation."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import RequestError, RunDamagedError
from core.evaluation.confusion import cell_of
from core.evaluation.predicted import one_vs_rest, predicted_labels
from core.evaluation.scored import Scored
from core.evaluation.splits import SPLITS
from core.evaluation.splits import torn_groups as count_torn_groups
from core.evaluation.summary import Evaluation, evaluate
from core.evaluation.thresholds import OperatingPoint, check_threshold, fixed_point
from core.files import write_json
from core.run_record import damaged
from core.runs import Run, read_json, read_predictions

POINT_FILE = "operating_point.json"


@dataclass(frozen=True, eq=False)
class SplitResults:
    """The scored scans of one split.

    Attributes:
        split: its name.
        table: a row a scan: path, label, split, group, one probability column a class.
        classes: their names, in the order of the probability columns.
        positive: the class whose miss hurts.
    """

    split: str
    table: pd.DataFrame
    classes: tuple[str, ...]
    positive: str

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Shape (n, classes)."""
        return self.table[list(self.classes)].to_numpy(np.float64)

    @property
    def scored(self) -> Scored:
        """Positive against the rest."""
        return self.by_class[self.positive]

    @cached_property
    def by_class(self) -> dict[str, Scored]:
        """Each class against the rest."""
        return one_vs_rest(self.probabilities, self.table["label"].to_numpy(str), self.table["group"], self.classes)

    def evaluated(self, threshold: float) -> Evaluation:
        """Every figure at a threshold, with its interval."""
        return evaluate(
            self.probabilities,
            self.table["label"].to_numpy(str),
            self.table["group"].to_numpy(str),
            classes=self.classes,
            positive=self.positive,
            threshold=threshold,
            split=self.split,
        )

    def with_cells(self, threshold: float) -> pd.DataFrame:
        """The table with `score`, `predicted` and `cell` (missed, false alarm, found, cleared) at a threshold."""
        table = self.table.copy()
        table["score"] = table[self.positive].astype(float)
        table["predicted"] = predicted_labels(
            self.probabilities, classes=self.classes, positive=self.positive, threshold=threshold
        )
        table["cell"] = cell_of((table["label"] == self.positive).to_numpy(), table["score"].to_numpy(), threshold)
        return table


def splits_of(run: Run) -> tuple[str, ...]:
    """The splits of a run that hold scans, in their usual order."""
    return tuple(name for name in SPLITS if run.record.split_sizes.get(name, 0))


def split_results(run: Run, split: str) -> SplitResults:
    """The scored scans of one split of a finished run.

    Raises:
        RequestError: the run is not finished, or has no such split.
        RunDamagedError: its predictions cannot be read, or hold what no prediction can be.
    """
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
    results = SplitResults(split, rows, run.record.classes, run.record.positive)
    try:
        _ = results.by_class  # checks every label, probability and group
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(run.folder / "predictions.parquet", error) from error
    return results


def torn_groups(run: Run) -> int:
    """How many groups lie in more than one split of a run, so that it is tested on what it may have learnt from.

    Raises:
        RunDamagedError: its predictions cannot be read.
    """
    table = read_predictions(run)
    return count_torn_groups(table["split"], table["group"])


def point_in_force(run: Run) -> OperatingPoint:
    """The run's saved operating point; 0.5, called "default", while nobody has chosen one."""
    if (run.folder / POINT_FILE).exists():
        content = read_json(run, POINT_FILE)
        try:
            point = OperatingPoint.from_json(content)
            check_threshold(point.threshold)
            return point
        except ValueError as error:
            raise RunDamagedError(
                f"expected an operating point in {run.folder / POINT_FILE}, found damage; save one again, "
                f"for instance with `python -m core threshold {run.id} --max-fnr 0.05 --save`"
            ) from error
    return fixed_point(split_results(run, "val").scored, split="val")


def save_point(run: Run, point: OperatingPoint) -> None:
    """Make `point` the one in force for this run, everywhere."""
    write_json(run.folder / POINT_FILE, point.to_json())


def worklist(table: pd.DataFrame, cell: str) -> pd.DataFrame:
    """The scans of one confusion cell, the most confident first: those furthest on their side of the threshold.

    Args:
        table: as `SplitResults.with_cells` gives it.
        cell: missed, false alarm, found or cleared.
    """
    lowest_first = cell in ("missed", "cleared")
    rows = table[table["cell"] == cell]
    return rows.sort_values(["score", "path"], ascending=[lowest_first, True], kind="stable").reset_index(drop=True)
