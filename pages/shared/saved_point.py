"""The saved threshold as the sidebar says it, without the libraries that computed it: they would delay first paint."""

import math
from dataclasses import dataclass
from typing import Any

from core.errors import RunDamagedError
from core.runs import Run, read_json

FILE = "operating_point.json"
DEFAULT_THRESHOLD = 0.5  # as core.evaluation.thresholds has it, which brings SciPy


@dataclass(frozen=True)
class SavedPoint:
    """A threshold in [0, 1], how it was chosen, and its FNR and FPR there, NaN where not defined."""

    threshold: float
    rule: str
    fnr: float
    fpr: float


def saved_point(run: Run) -> SavedPoint | None:
    """What is in force for a run; None while nobody has chosen a threshold.

    Raises:
        RunDamagedError: the file cannot be read, or holds no operating point.
    """
    if not (run.folder / FILE).exists():
        return None
    content = read_json(run, FILE)
    try:
        point = SavedPoint(
            float(content["threshold"]), str(content["rule"]), _rate(content["fnr"]), _rate(content["fpr"])
        )
        if not 0 <= point.threshold <= 1:
            raise ValueError("no threshold")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise RunDamagedError(
            f"expected an operating point in {run.folder / FILE}, found damage; choose a threshold again"
        ) from error
    return point


def _rate(content: Any) -> float:
    return math.nan if content["value"] is None else float(content["value"])
