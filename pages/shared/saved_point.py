"""The saved threshold as the sidebar says it, without the libraries that computed it: they would delay first paint."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import RunDamagedError
from core.evaluation.decision.rule_texts import chosen_words
from core.evaluation.decision.rules import Default
from core.runs import Run, read_json

FILE = "operating_point.json"
CALIBRATION_FILE = "calibration.json"
DEFAULT_THRESHOLD = Default.threshold


@dataclass(frozen=True)
class SavedPoint:
    """A threshold in [0, 1], how and on which split it was chosen, and its FNR and FPR there, NaN where not defined.

    `upper`, `ruled_in_fpr` and `referred` are of a decision with two, None where there is one threshold or an earlier
    version has not kept them; `score_kind` is the kind of scores. All as `OperatingPoint` has them.
    """

    threshold: float
    rule: str
    split: str
    fnr: float
    fpr: float
    upper: float | None
    ruled_in_fpr: float | None
    referred: float | None
    score_kind: str

    @property
    def says(self) -> str:
        """How and where it was chosen, in words."""
        return chosen_words(self.rule, self.split)


def saved_point(run: Run) -> SavedPoint | None:
    """What is in force for a run, for the kind of scores in force; None while nobody has chosen a threshold.

    Raises:
        RunDamagedError: a file cannot be read, or holds no operating point.
    """
    if not (run.folder / FILE).exists():
        return None
    content = read_json(run, FILE)
    try:
        calibration = read_json(run, CALIBRATION_FILE) if (run.folder / CALIBRATION_FILE).exists() else {}
        if bool(content.get("score_kind")) == bool(calibration.get("in_force")):
            return _point(content)
        carried_from = calibration.get("carried_from")
        if carried_from and all(content[name] == value for name, value in carried_from.items()):
            return _point(calibration["carried_point"])
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise RunDamagedError(
            f"expected an operating point in {run.folder / FILE}, found damage; choose a threshold again"
        ) from error
    from core.decided import point_in_force  # brings SciPy: only where the point has to be carried over now

    return _point(point_in_force(run).to_json())


def speaks_of_calibrated_scores(run: Run) -> bool:
    """Whether calibrated scores are in force for a run.

    Raises:
        RunDamagedError: its calibration cannot be read.
    """
    if not (run.folder / CALIBRATION_FILE).exists():
        return False
    return read_json(run, CALIBRATION_FILE).get("in_force") is True


def _point(content: Mapping[str, Any]) -> SavedPoint:
    return SavedPoint(
        threshold=_threshold(content["threshold"]),
        rule=str(content["rule"]),
        split=str(content["split"]),
        fnr=_rate(content["fnr"]),
        fpr=_rate(content["fpr"]),
        upper=None if content.get("upper") is None else _threshold(content["upper"]),
        ruled_in_fpr=None if content.get("ruled_in_fpr") is None else _rate(content["ruled_in_fpr"]),
        referred=None if content.get("referred") is None else _rate(content["referred"]),
        score_kind=str(content.get("score_kind", "")),
    )


def _threshold(content: Any) -> float:
    threshold = float(content)
    if not 0 <= threshold <= 1:
        raise ValueError("no threshold")
    return threshold


def _rate(content: Any) -> float:
    return math.nan if content["value"] is None else float(content["value"])
