"""What the labels that readers want changed do to a run's figures: the same scores, before and after."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from core.data.corrected_labels import labels_before
from core.errors import RunDamagedError
from core.evaluation.intervals import Estimate
from core.evaluation.summary import Evaluation
from core.results import SplitResults, split_results
from core.review.notes.corrections import corrections
from core.review.notes.note import Note
from core.runs import Run, read_index

FIGURES: Mapping[str, str] = {"fnr": "FNR", "fpr": "FPR", "auc": "AUC", "accuracy": "Accuracy"}


@dataclass(frozen=True)
class CorrectedFigures:
    """A split's figures with the labels as they first were and with those that readers agree on.

    Attributes:
        before: with the labels of the dataset before anybody corrected it.
        after: with the corrected ones; the scores and the threshold are the same.
        changed: scans of the split with another label.
        mended: of these, errors that are none by the corrected labels.
        spoilt: and right calls that are errors by them.
        errors, errors_read: scans called wrong by the labels before, and how many of them somebody has read.
        right, right_read: scans called right, likewise.
        not_applied: a sentence for each scan whose label is called wrong without it being changed.
    """

    before: Evaluation
    after: Evaluation
    changed: int
    mended: int
    spoilt: int
    errors: int
    errors_read: int
    right: int
    right_read: int
    not_applied: tuple[str, ...]

    @property
    def read_words(self) -> str:
        """How much was read, in a sentence."""
        return (
            f"Read so far: {self.errors_read:,} of {self.errors:,} errors and {self.right_read:,} of {self.right:,} "
            "right calls."
        )

    @property
    def warning(self) -> str:
        """Why the change must not be believed as it is; empty where errors and right calls were read alike.

        Source: C. B. Begg and R. A. Greenes, "Assessment of diagnostic tests when disease verification is subject to
        selection bias", Biometrics 39 (1983), 207-215.
        """
        if not self.errors_read and not self.right_read:
            return ""
        share = self.errors_read / self.errors if self.errors else 0.0
        share_right = self.right_read / self.right if self.right else 0.0
        if share_right >= share:
            return ""
        return (
            "Labels were looked at more often where the model was wrong. A wrong label under a right call stays as it "
            "is, so these corrections flatter the model: read as large a share of the right calls, drawn at random, "
            "before you quote the figures."
        )

    def rows(self) -> tuple[tuple[str, Estimate, Estimate], ...]:
        """The figures that matter, by name: before and after."""
        return tuple((words, getattr(self.before, name), getattr(self.after, name)) for name, words in FIGURES.items())

    def to_json(self) -> dict[str, Any]:
        """As plain values, None for NaN."""
        counts = ("changed", "mended", "spoilt", "errors", "errors_read", "right", "right_read")
        figures = {
            name: {"before": getattr(self.before, name).to_json(), "after": getattr(self.after, name).to_json()}
            for name in FIGURES
        }
        return {
            "split": self.before.split,
            "threshold": self.before.threshold,
            **{name: getattr(self, name) for name in counts},
            **figures,
            "warning": self.warning,
            "not_applied": list(self.not_applied),
        }


def corrected_figures(run: Run, split: str, notes: Iterable[Note], threshold: float) -> CorrectedFigures:
    """The figures of one split under both kinds of labels, at the same threshold.

    Args:
        run: a finished one.
        split: whose scans are counted.
        notes: that stand.
        threshold: in [0, 1].

    Raises:
        RequestError: the run is not finished, or has no such split.
        RunDamagedError: its tables cannot be read, or its index lacks a scan.
    """
    results = split_results(run, split)
    index = _rows_of(run, results)
    contents, before = index["sha256"].astype(str), labels_before(index)
    if not set(before) <= set(results.classes):  # classes were joined: the first label is none of the run's own
        before = index["label"].astype(str)
    notes = tuple(notes)
    wanted = corrections(notes, dict(zip(contents, index["path"], strict=True)), results.classes)
    after = [wanted.label(content, label) for content, label in zip(contents, index["label"].astype(str), strict=True)]
    first = _labelled(results, before.tolist())
    corrected = _labelled(results, after)
    predicted = first.with_cells(threshold)["predicted"].to_numpy(object)
    was_right = predicted == before.to_numpy(object)
    is_right = predicted == pd.Series(after, dtype=object).to_numpy()
    read = contents.isin({note.content for note in notes}).to_numpy()
    evaluation = first.evaluated(threshold)
    changed = int((before.to_numpy(object) != pd.Series(after, dtype=object).to_numpy()).sum())
    return CorrectedFigures(
        before=evaluation,
        after=corrected.evaluated(threshold) if changed else evaluation,
        changed=changed,
        mended=int((is_right & ~was_right).sum()),
        spoilt=int((was_right & ~is_right).sum()),
        errors=int((~was_right).sum()),
        errors_read=int((read & ~was_right).sum()),
        right=int(was_right.sum()),
        right_read=int((read & was_right).sum()),
        not_applied=wanted.not_applied,
    )


def _rows_of(run: Run, results: SplitResults) -> pd.DataFrame:
    """The run's index, a row a scan as in the results."""
    index = read_index(run).drop_duplicates("path").set_index("path", drop=False)
    paths = results.table["path"]
    lost = paths[~paths.isin(index.index)]
    if not lost.empty:
        raise RunDamagedError(
            f"expected {str(lost.iloc[0])!r} in {run.folder / 'index.parquet'}, found no such scan; restore the file, "
            "or train again"
        )
    return index.loc[paths].reset_index(drop=True)


def _labelled(results: SplitResults, labels: list[str]) -> SplitResults:
    return replace(results, table=results.table.assign(label=labels))
