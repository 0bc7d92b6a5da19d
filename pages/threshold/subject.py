"""What the threshold page is about: one run's scores, and the threshold in force."""

from dataclasses import dataclass

import pandas as pd

from core.evaluation.scored import Scored
from core.evaluation.thresholds import OperatingPoint
from core.runs import Run


@dataclass(frozen=True, eq=False)
class Subject:
    """All that trying a threshold needs, read once a page and not at each move of the slider.

    Attributes:
        run: whose threshold it is.
        validation: the scores to choose on.
        test: the scores to report on; None where the run has no test split.
        curve: `threshold_curve` of validation.
        in_force: the saved operating point or the default; None where the saved one is damaged.
    """

    run: Run
    validation: Scored
    test: Scored | None
    curve: pd.DataFrame
    in_force: OperatingPoint | None

    @property
    def positive(self) -> str:
        """The class whose miss hurts."""
        return self.run.record.positive

    @property
    def negative_name(self) -> str:
        """What the others are called: their class where there is only one."""
        others = [name for name in self.run.record.classes if name != self.positive]
        return others[0] if len(others) == 1 else "the others"
