"""How figures and runs are said, the same on every page."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from core.runs import Run

if TYPE_CHECKING:
    from core.evaluation.intervals import Estimate

SPLIT_NAMES = {"train": "Training", "val": "Validation", "test": "Test"}


def percent(estimate: "Estimate") -> str:
    """A rate in percent, without its interval."""
    return share(estimate.value)


def share(value: float) -> str:
    """A share in [0, 1] in percent; NaN is none."""
    return "not defined" if math.isnan(value) else f"{value:.1%}"


def score_text(value: float) -> str:
    """A score or a threshold in [0, 1]: three decimals, and near 0 and 1 as many as tell it from them."""
    return f"{value:.1e}" if 0 < value < 1e-6 else f"{value:.{score_decimals(value)}f}"


def score_decimals(value: float) -> int:
    """How many decimals tell a score in [0, 1] from 0 and 1: three at least."""
    to_end = min(value, 1 - value)
    return 3 if to_end <= 0 else max(3, 1 - math.floor(math.log10(to_end)))


def interval(estimate: "Estimate") -> str:
    """A rate's 95 % interval in percent."""
    if math.isnan(estimate.low):
        return "no interval"
    return f"95 %: {span(estimate)}"


def span(estimate: "Estimate") -> str:
    """The same without saying that it is the 95 % interval, for where a heading says so."""
    if math.isnan(estimate.low):
        return "no interval"
    return f"{estimate.low:.1%} to {estimate.high:.1%}"


def decimal(estimate: "Estimate") -> str:
    """A score such as AUC or F1, to three places."""
    return "not defined" if math.isnan(estimate.value) else f"{estimate.value:.3f}"


def decimal_interval(estimate: "Estimate") -> str:
    """Its 95 % interval."""
    if math.isnan(estimate.low):
        return "no interval"
    return f"95 %: {estimate.low:.3f} to {estimate.high:.3f}"


def sentence(text: str) -> str:
    """Words as a sentence: a capital first, a full stop last."""
    ended = text if not text or text[-1] in ".!?" else f"{text}."
    return ended[:1].upper() + ended[1:]


def literal(text: str) -> str:
    """A text from outside, such as a file's name, so that Markdown shows it as it is and acts on nothing in it."""
    return re.sub(r"([\\`*_~\[\]<>$:#|!{}&])", r"\\\1", text)


def run_name(run: Run) -> str:
    """A run as people recognise it: time (UTC), network, data; what tells two runs apart comes first."""
    record = run.record
    when = record.created[5:19].replace("T", " ")  # to the second: several may be begun within a minute
    return f"{when}, {record.config.get('backbone')} on {Path(record.data).name}"


def run_names(runs: Iterable[Run]) -> dict[str, str]:
    """The names of runs by id, each another one: a select box tells its options apart by their words alone."""
    names = {run.id: run_name(run) for run in runs}
    often = Counter(names.values())
    return {run_id: name if often[name] == 1 else f"{name} ({run_id[-4:]})" for run_id, name in names.items()}
