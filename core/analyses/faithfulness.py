"""Whether a run's maps are faithful: some scans of each confusion cell, each map measured as a single one is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.analyses.job import discard, finished_folder
from core.analyses.kinds import Progress
from core.analyses.scans import square_of
from core.data.folders import check_folder
from core.decided import point_in_force
from core.errors import DatasetError, RequestError, WorkError
from core.evaluation.losses import mean_by_groups
from core.explanation.faithfulness.measured import MEASURES, RANDOM_MAPS, SEED, Faithfulness, measure
from core.explanation.faithfulness.verdict import WORDS, verdict_of_method
from core.explanation.maps import METHODS
from core.explanation.stages import stage_named
from core.explanation.targets import target_named
from core.files import write_json, write_whole
from core.models.weights import load_run_model
from core.results import split_results, splits_of
from core.runs import Run, read_index

KIND = "faithfulness"
PER_CELL = 10
DEFAULT_METHODS = ("gradcam", "hirescam", "layercam")
_TABLE, _FACTS = "scans.parquet", "facts.json"
_MOST_DIGITS = 9  # pandas takes no seed from 2^32 on


@dataclass(frozen=True)
class Asked:
    """What is measured: options as they are meant. An empty target is the positive class, an empty layer the last."""

    methods: tuple[str, ...] = DEFAULT_METHODS
    target: str = ""
    layer: str = ""
    per_cell: int = PER_CELL
    split: str = ""
    seed: int = SEED

    def options(self) -> dict[str, str]:
        """As options of the analysis: those that are not as they would be anyway."""
        usual, texts = Asked(), {}
        for name, value in vars(self).items():
            if value != getattr(usual, name):
                texts[name] = ",".join(value) if isinstance(value, tuple) else str(value)
        return texts


@dataclass(frozen=True, eq=False)
class Measured:
    """What was found.

    Attributes:
        table: a row a scan and method: `path, label, predicted, cell, group, method, word, says, chance, flip, shift,
            untrained, maximum`, and of each measure its value, `_random` (mean of random maps) and `_gain`.
        split: whose scans.
        threshold: by which the cells were told apart.
        per_cell: how many scans were drawn of each cell, where there were as many.
        seed: that drew them.
        unread: how many could not be read.
    """

    table: pd.DataFrame
    split: str
    threshold: float
    per_cell: int
    seed: int
    unread: int


def asked_of(options: Mapping[str, str]) -> Asked:
    """Options as they are meant.

    Raises:
        RequestError: an unknown one, or one that is none.
    """
    known = vars(Asked())
    if unknown := set(options) - set(known):
        raise RequestError(f"expected options among {', '.join(known)}, found {', '.join(sorted(unknown))}")
    values: dict[str, Any] = dict(options)
    for name, least in (("per_cell", 1), ("seed", 0)):
        if name in values:
            text = values[name]
            if not text.isdecimal() or len(text) > _MOST_DIGITS or int(text) < least:
                raise RequestError(
                    f"expected {name} to be a whole number from {least} on with at most {_MOST_DIGITS} digits, "
                    f"found {text!r:.60}"
                )
            values[name] = int(text)
    if "methods" in values:
        values["methods"] = tuple(name.strip() for name in values["methods"].split(","))
        if wrong := [name for name in values["methods"] if name not in METHODS]:
            raise RequestError(f"expected methods among {', '.join(METHODS)}, found {', '.join(map(repr, wrong))}")
    return Asked(**values)


def work(run: Run, folder: Path, options: Mapping[str, str], progress: Progress) -> None:
    """Measure maps of a seeded sample of scans: `scans.parquet` and `facts.json`, see `Measured`.

    Raises:
        RequestError: an option is wrong, or the dataset is not where it was.
        WorkError: no scan can be read.
    """
    asked = asked_of(options)
    check_folder(Path(run.record.data))
    model = load_run_model(run)
    target_named(model, asked.target or None), stage_named(model, asked.layer)  # said before anything is measured
    split = asked.split or next(name for name in ("test", "val", "train") if name in splits_of(run))
    if split not in splits_of(run):
        raise RequestError(f"expected a split among {', '.join(splits_of(run))}, found {split!r}")
    threshold = point_in_force(run).threshold
    scans = sampled(split_results(run, split).with_cells(threshold), per_cell=asked.per_cell, seed=asked.seed)
    contents = read_index(run).set_index("path")["sha256"]
    rows, unread, problem = [], 0, ""
    steps = len(scans) * len(asked.methods)
    for number, scan in enumerate(scans.to_dict("records")):
        progress(number * len(asked.methods), steps)
        try:
            square = square_of(run, model, scan["path"], sha256=str(contents.get(scan["path"], "")))
        except DatasetError as error:
            unread, problem = unread + 1, str(error)
            continue
        for turn, method in enumerate(asked.methods):
            at = number * len(asked.methods) + turn
            found = measure(
                model,
                square,
                target=asked.target or None,
                method=method,
                layer=asked.layer,
                random_count=RANDOM_MAPS,
                seed=asked.seed,
                progress=lambda _done, _of, at=at: progress(at, steps),  # type: ignore[misc]
            )
            shown = {name: scan[name] for name in ("path", "label", "predicted", "cell", "group")}
            rows.append(shown | row_of(found))
    if not rows:
        raise WorkError(f"expected scans that can be read, found none of {len(scans)}: {problem}")
    table = pd.DataFrame(rows)
    write_whole(folder / _TABLE, lambda path: table.to_parquet(path, index=False))
    facts = {"split": split, "threshold": threshold, "per_cell": asked.per_cell, "seed": asked.seed, "unread": unread}
    write_json(folder / _FACTS, facts)


def sampled(table: pd.DataFrame, *, per_cell: int, seed: int) -> pd.DataFrame:
    """At most so many scans of each cell, drawn by a seed; the same ones whatever the order of the table."""
    ordered = table.sort_values("path", kind="stable")
    parts = [part.sample(min(per_cell, len(part)), random_state=seed) for _, part in ordered.groupby("cell")]
    return pd.concat(parts).sort_values(["cell", "path"]) if parts else ordered


def row_of(found: Faithfulness) -> dict[str, Any]:
    """One map's figures as a row; NaN where a map is empty or flat."""
    row: dict[str, Any] = {
        "method": found.method,
        "word": found.verdict.word,
        "says": found.verdict.says,
        **{name: getattr(found, name) for name in ("chance", "flip", "shift", "untrained", "maximum")},
    }
    for name in MEASURES:
        one = found.compared.get(name)
        row[name] = one.value if one else float("nan")
        row[f"{name}_random"] = one.random if one else float("nan")
        row[f"{name}_gain"] = one.gain.value if one else float("nan")
    return row


def read_faithfulness(run: Run, options: Mapping[str, str] | None = None) -> Measured | None:
    """What was measured of the run as it is now; None where nothing was."""
    folder = finished_folder(run, KIND, options)
    if folder is None:
        return None
    try:
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        return Measured(table=pd.read_parquet(folder / _TABLE), **facts)
    except Exception:  # pyarrow raises many kinds on damaged bytes
        discard(run, KIND, options)
        return None


def by_method(table: pd.DataFrame) -> pd.DataFrame:
    """A row a method: mean gains over random maps in log-odds with 95 % intervals by groups, agreements, words.

    Columns: `method, scans`, of each measure `_gain`, `_low`, `_high`; `flip, shift, untrained` (means where there is
    one), the shares of maps to `trust, doubt, ignore`, and the method's own `word` and `says`. An interval from fewer
    than two groups is NaN.
    """
    rows = []
    for method, part in table.groupby("method", sort=False):
        row: dict[str, Any] = {"method": method, "scans": len(part)}
        gains = []
        for name in MEASURES:
            known = part.dropna(subset=[f"{name}_gain"])
            numbers = np.unique(known["group"].astype(str), return_inverse=True)[1].astype(np.intp)
            gain = mean_by_groups(known[f"{name}_gain"].to_numpy(np.float64), numbers)
            row |= {f"{name}_gain": gain.value, f"{name}_low": gain.low, f"{name}_high": gain.high}
            gains.append(gain)
        agreements = {name: float(part[name].mean()) for name in ("flip", "shift", "untrained")}
        verdict = verdict_of_method(gains, **agreements)
        row |= agreements | {word: float((part["word"] == word).mean()) for word in WORDS}
        row |= {"word": verdict.word, "says": verdict.says}
        rows.append(row)
    return pd.DataFrame(rows)
