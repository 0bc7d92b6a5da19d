"""By what the trials of a sweep are ranked: what a run misses on validation, at one operating rule for all."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import ConfigError, RunDamagedError, WorkError
from core.evaluation.confusion import counts_at, rates
from core.evaluation.curves import roc_auc_score
from core.evaluation.decision.budgets import lowest_with_alarms
from core.evaluation.intervals import Estimate
from core.evaluation.scored import Scored
from core.results import raw_results
from core.runs import Run, read_history


@dataclass(frozen=True)
class Rule:
    """Either the largest share of false alarms on validation, or one threshold for all trials.

    Raises:
        ConfigError: neither or both are given, or one is out of range.
    """

    max_fpr: float | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        if (self.max_fpr is None) == (self.threshold is None):
            raise ConfigError("expected either a largest false-alarm rate or a threshold to rank by; give one of them")
        if self.max_fpr is not None and not 0 <= self.max_fpr < 1:
            raise ConfigError(f"expected a largest false-alarm rate from 0 up to but not 1, found {self.max_fpr}")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ConfigError(f"expected a threshold between 0 and 1, found {self.threshold}")

    @property
    def says(self) -> str:
        """The rule in words, to follow "ranked by"."""
        if self.threshold is not None:
            return f"validation FNR at the threshold {self.threshold:g}"
        return f"validation FNR at the threshold that gives at most {self._percent} false alarms on validation"

    @property
    def _percent(self) -> str:
        return f"{100 * (self.max_fpr or 0.0):.4g} %"

    def threshold_on(self, scored: Scored) -> float:
        """Where the rule cuts these scores: the lowest threshold in [0, 1] that keeps the false alarms.

        Raises:
            WorkError: there is none, or a class is absent.
        """
        if not scored.positives or not scored.negatives:
            raise WorkError(
                f"expected positive and other scans in val to rank by, found {scored.positives} positive and "
                f"{scored.negatives} others; split the dataset otherwise"
            )
        if self.max_fpr is None:
            return float(self.threshold or 0.0)
        try:
            return lowest_with_alarms(scored, self.max_fpr)
        except ValueError:
            raise WorkError(
                f"expected a threshold with at most {self._percent} false alarms on val, found more than that "
                "of the other scans at score 1; look at the run's data and learning_rate"
            ) from None


@dataclass(frozen=True)
class Standing:
    """How a run does on validation under a rule: what it is ranked by, and no figure of any other split.

    Attributes:
        fnr: share of the positives missed, with Wilson's interval.
        fpr: share of the others called positive.
        auc: of validation.
        threshold: where the rule cut.
        positives: scans of the positive class in validation.
        epochs: that were trained.
        data: fingerprint of the dataset trained on.
    """

    fnr: Estimate
    fpr: Estimate
    auc: float
    threshold: float
    positives: int
    epochs: int
    data: str

    @property
    def order(self) -> tuple[float, float, int]:
        """What to sort by, the best first: fewest missed, then the higher AUC, then fewer epochs."""
        return (self.fnr.value, -self.auc, self.epochs)

    @property
    def goal(self) -> float:
        """One number to make small, in the order of FNR, then AUC: all of the AUC weighs less than one missed scan."""
        return self.fnr.value + (1 - self.auc) / (2 * self.positives)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self) | {"fnr": self.fnr.to_json(), "fpr": self.fpr.to_json()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Standing":
        """What `to_json` gave."""
        estimates = {name: Estimate.from_json(content[name]) for name in ("fnr", "fpr")}
        return cls(**(dict(content) | estimates))


def standing(run: Run, rule: Rule) -> Standing:
    """How a finished run does on its validation split; no row of another split is looked at.

    Raises:
        RunDamagedError: its predictions or its history cannot be read.
        WorkError: the rule cannot be applied to its scores.
    """
    scored = raw_results(run, "val").scored
    threshold = rule.threshold_on(scored)
    at = rates(counts_at(scored, threshold))
    epochs = len(read_history(run))
    if not epochs:
        raise RunDamagedError(f"expected epochs in {run.folder / 'history.csv'}, found none; train again")
    return Standing(
        fnr=at.fnr,
        fpr=at.fpr,
        auc=roc_auc_score(scored),
        threshold=threshold,
        positives=scored.positives,
        epochs=epochs,
        data=run.record.data_fingerprint,
    )
