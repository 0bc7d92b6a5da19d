"""What the threshold page is about: one run's scores, and the threshold in force."""

from dataclasses import dataclass

import pandas as pd

from core.evaluation.curves import threshold_counts, threshold_curve
from core.evaluation.decision.operating_point import OperatingPoint
from core.evaluation.scored import Scored
from core.runs import Run


@dataclass(frozen=True, eq=False)
class Subject:
    """All that trying a threshold needs, read once a page and not at each release.

    Attributes:
        run: whose threshold it is.
        validation: the scores to choose on.
        test: the scores to report on; None where the run has no test split.
        in_force: the saved operating point or the default; None where the saved one is damaged.
        score_kind: of the scores, as `OperatingPoint` has it.
        key: a name for these very scores, as the browser knows them.
        read_at: when they were made or put in force, to tell when others are.
    """

    run: Run
    validation: Scored
    test: Scored | None
    in_force: OperatingPoint | None
    score_kind: str = ""
    key: str = ""
    read_at: tuple[float, ...] = ()

    @property
    def positive(self) -> str:
        """The class whose miss hurts."""
        return self.run.record.positive

    @property
    def negative_name(self) -> str:
        """What the others are called: their class where there is only one."""
        others = [name for name in self.run.record.classes if name != self.positive]
        return others[0] if len(others) == 1 else "the others"

    @property
    def words(self) -> dict[str, str]:
        """What the two sides are called."""
        return {"positive": self.positive, "others": self.negative_name}

    @property
    def splits(self) -> dict[str, Scored]:
        """Scores by split, validation first."""
        return {"val": self.validation} | ({} if self.test is None else {"test": self.test})

    @property
    def every_threshold(self) -> pd.DataFrame:
        """Validation at each of its scores as a threshold: the rates, and the scans behind them."""
        counts = threshold_counts(self.validation)
        return threshold_curve(self.validation).join(counts.drop(columns="threshold"))
