"""What other runs said about the same scans, told by their content: where they disagree, somebody should look."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.decided import point_in_force
from core.errors import ExplorerError, failure_line
from core.results import split_results, splits_of
from core.runs import Run, list_runs, read_index

MOST_RUNS = 12  # the newest that fit; a sweep may leave a hundred, which say much the same


@dataclass(frozen=True)
class Opinion:
    """What another run says about one scan.

    Attributes:
        run: that run.
        score: probability of the positive class, in [0, 1].
        threshold: in force there.
        predicted: class it was called.
        split: what the scan was to that run; of `train` it says little that it is right.
    """

    run: Run
    score: float
    threshold: float
    predicted: str
    split: str


@dataclass(frozen=True, eq=False)
class OtherRuns:
    """What other runs say about the scans of a table, row by row.

    Attributes:
        runs: newest first, of the same classes with the same positive one, that know at least one of the scans.
        thresholds: in force for each.
        scores: shape (n, runs), NaN where a run does not know the scan.
        predicted: classes called, shape (n, runs), "" where not known.
        splits: what the scan was to the run, likewise.
        called: class that the run at hand calls each scan, shape (n,).
        own_scores: its scores, shape (n,).
        left_out: a line for each run that could not be read.
    """

    runs: tuple[Run, ...]
    thresholds: tuple[float, ...]
    scores: NDArray[np.float32]
    predicted: NDArray[np.object_]
    splits: NDArray[np.object_]
    called: NDArray[np.object_]
    own_scores: NDArray[np.float64]
    left_out: tuple[str, ...] = ()

    @cached_property
    def disagreement(self) -> NDArray[np.float64]:
        """Share of the runs that know a scan which call it something else, shape (n,); NaN where none knows it."""
        known = self.predicted != ""
        differs = (self.predicted != self.called[:, None]) & known
        return _mean(differs.astype(np.float64), known)

    @cached_property
    def spread(self) -> NDArray[np.float64]:
        """Mean distance of their scores from the run's own, shape (n,); NaN where none knows the scan."""
        known = ~np.isnan(self.scores)
        return _mean(np.abs(np.nan_to_num(self.scores) - self.own_scores[:, None]), known)

    def on(self, row: int) -> tuple[Opinion, ...]:
        """What each run that knows it says about the scan in a row, newest run first."""
        return tuple(
            Opinion(run, float(self.scores[row, k]), self.thresholds[k], self.predicted[row, k], self.splits[row, k])
            for k, run in enumerate(self.runs)
            if self.predicted[row, k]
        )


def other_runs(table: pd.DataFrame, run: Run) -> OtherRuns:
    """What the other finished runs of the same folder say about the scans of a table.

    Args:
        table: as `core.review.worklists.case_table.case_table` gives it.
        run: the one at hand.
    """
    heard: list[tuple[Run, float, pd.DataFrame]] = []
    left_out = []
    contents = set(table["content"].unique()) - {""}
    for other in list_runs(run.folder.parent)[0]:
        if len(heard) == MOST_RUNS:
            break
        if other.id == run.id or not other.has_results or not _same_question(other, run):
            continue
        try:
            said = _said_by(other, contents)
        except ExplorerError as error:
            left_out.append(failure_line(error))
            continue
        if said is not None:
            heard.append((other, *said))
    rows = [said.reindex(table["content"].to_numpy(object)) for _, _, said in heard]
    shape = (len(table), len(heard))
    return OtherRuns(
        runs=tuple(other for other, _, _ in heard),
        thresholds=tuple(threshold for _, threshold, _ in heard),
        scores=_columns(rows, "score", shape, np.nan).astype(np.float32),
        predicted=_columns(rows, "predicted", shape, ""),
        splits=_columns(rows, "split", shape, ""),
        called=table["predicted"].to_numpy(object),
        own_scores=table["score"].to_numpy(np.float64),
        left_out=tuple(left_out),
    )


def _same_question(other: Run, run: Run) -> bool:
    return set(other.record.classes) == set(run.record.classes) and other.record.positive == run.record.positive


def _said_by(run: Run, contents: set[str]) -> tuple[float, pd.DataFrame] | None:
    """The run's threshold, and what it says by content of those asked for; None where it knows none of them."""
    index = read_index(run)[["path", "sha256"]].drop_duplicates("path")
    asked = index[index["sha256"].isin(contents)]
    if asked.empty:
        return None
    threshold = point_in_force(run).threshold
    said = pd.concat([split_results(run, split).with_cells(threshold) for split in splits_of(run)])
    said = said[["path", "score", "predicted", "split"]].merge(asked, on="path")
    return threshold, said.drop_duplicates("sha256").set_index("sha256")


def _columns(rows: list[pd.DataFrame], name: str, shape: tuple[int, int], unknown: object) -> NDArray[np.object_]:
    found = np.full(shape, unknown, dtype=object)
    for k, said in enumerate(rows):
        values = said[name].astype(object)
        found[:, k] = values.where(values.notna(), unknown).to_numpy(object)
    return found


def _mean(values: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    count = known.sum(axis=1)
    total = (values * known).sum(axis=1)
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)
