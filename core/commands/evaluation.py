"""The command that gives a run's figures: by scan or by patient, for subgroups, on its own data or another's."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.datasets import Facts
from core.commands.figures import chosen_facts, figures_at, what_was_used, with_caution_lines
from core.errors import ConfigError, RequestError, RunDamagedError
from core.runs import Run
from core.training.signs import Told

if TYPE_CHECKING:
    import pandas as pd

    from core.data.dataset import Dataset
    from core.results import SplitResults


@dataclass(frozen=True)
class Ways:
    """How figures are wanted beside those by scan.

    Attributes:
        join: how the scores of a group's scans are joined, such as "mean"; empty: by scan.
        subgroups: whether those of subgroups are wanted too.
    """

    join: str = ""
    subgroups: bool = False


def evaluate(
    run: Run, *, data: Path | None, split: str | None, threshold: float | None, told: Told, ways: Ways = Ways()
) -> Facts:
    """A run's figures on a split of its own (test, unless said), or on another dataset at its frozen threshold.

    Where two thresholds are in force, those of the zones stand beside them.

    Raises:
        ConfigError: the threshold or the way to join is none.
        RequestError: subgroups are asked for by patient, or a split of another dataset.
    """
    from core.decided import point_in_force

    if ways.join and ways.subgroups:
        raise RequestError("expected --subgroups or --by patient, found both; subgroups are of scans: ask twice")
    if data is not None and split is not None:
        raise RequestError("expected --split or --data, found both: another dataset counts as a whole; leave one out")
    if threshold is None:
        point = point_in_force(run)
        threshold, chosen = point.threshold, chosen_facts(point)
    else:
        chosen = {"rule": "", "split": "", "says": "given with the request", "chosen_at": "", "upper": None}
    if not 0 <= threshold <= 1:
        raise ConfigError(f"expected a threshold between 0 and 1, found {threshold}")
    results, columns, rests_on = _own(run, split or "test", ways) if data is None else _foreign(run, data, ways, told)
    facts: Facts = {"run": run.id, **rests_on, "scores": results.score_kind or "raw", "chosen": chosen}
    if ways.join:
        return facts | _by_patient(results, threshold, chosen["upper"], ways.join)
    facts |= figures_at(results, threshold, chosen["upper"])
    if columns is not None:
        from core.subgroup_columns import subgroups_in

        facts |= subgroups_in(results, columns, threshold).to_json()
    return facts


def for_people(facts: Facts) -> Facts:
    """The same with each caution, each zone, each subgroup and each gap as a line of its own."""
    facts = with_caution_lines(_with_zone_lines(facts))
    if "by_scan" in facts:
        facts |= {"by_scan": _with_zone_lines(facts["by_scan"])}
    if "subgroups" not in facts:
        return facts
    lines = [
        {
            "what": f"{part['column']}: {part['part']}",
            "n": f"{part['n']} scans, {part['positives']} positive",
            "fnr": f"FNR {_words(part['fnr'])}",
            "fpr": f"FPR {_words(part['fpr'])}",
            "auc": f"AUC {_words(part['auc'])}",
            "too_small": part["too_small"],
        }
        for part in facts["subgroups"]
    ]
    gaps = [
        {"what": f"{gap['column']}: {gap['worst']} against the rest", "fnr": f"FNR {_words(gap['fnr'])} more"}
        for gap in facts["gaps"]
    ]
    return facts | {"subgroups": lines, "gaps": gaps}


def _own(run: Run, split: str, ways: Ways) -> "tuple[SplitResults, pd.DataFrame | None, Facts]":
    """The scans of a split, what is known of each where subgroups are wanted, and what the figures rest on."""
    from core.cautions import cautions_on
    from core.results import split_results, torn_groups
    from core.subgroup_columns import run_columns

    results = split_results(run, split)
    columns = run_columns(run, results) if ways.subgroups else None
    known = [caution.text for caution in cautions_on(run, (split,))]
    return results, columns, {"torn_groups": torn_groups(run), "cautions": known, **what_was_used(run)}


def _foreign(run: Run, data: Path, ways: Ways, told: Told) -> "tuple[SplitResults, pd.DataFrame | None, Facts]":
    """The same for another dataset, with how many of its scans the run has seen after all."""
    from core.calibration import temperature_in_force
    from core.data.index import index_dataset
    from core.data.joined import joined_classes
    from core.foreign import foreign_results
    from core.models.weights import load_run_model
    from core.subgroup_columns import columns_of

    dataset = index_dataset(
        data, progress=lambda done, total: told("checking scans", done / total, f"{done} of {total}")
    )
    joined = joined_classes(str(run.record.config.get("join", "")))
    results = foreign_results(load_run_model(run), dataset, joined=joined, temperature=temperature_in_force(run))
    columns = columns_of(dataset.usable.reset_index(drop=True), results) if ways.subgroups else None
    return results, columns, {"data": str(data), **_seen_before(run, dataset), "group_source": dataset.group_source}


def _seen_before(run: Run, dataset: "Dataset") -> Facts:
    """Scans of another dataset that are the run's own, its groups that hold some, and what that means."""
    from core.cautions import own_scans, unknown

    try:
        own = own_scans(run, dataset.usable)
    except RunDamagedError as error:
        return {"own_scans": None, "torn_groups": None, "cautions": [unknown(error).text]}
    return {
        "own_scans": {"train": own.train, "val": own.val},
        "torn_groups": own.groups,
        "cautions": [caution.text for caution in own.cautions],
    }


def _by_patient(results: "SplitResults", threshold: float, upper: float | None, join: str) -> Facts:
    """The figures of groups, those of scans beside them."""
    from core.evaluation.patients import contradicting_groups, parsed_joining

    try:
        joining = parsed_joining(join)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    return {
        "by": "patient",
        "join": joining.text,
        "contradicting_groups": contradicting_groups(
            results.table["label"].to_numpy(str), results.table["group"].to_numpy(str)
        ),
        **figures_at(results.joined(joining), threshold, upper),
        "by_scan": figures_at(results, threshold, upper),
    }


def _with_zone_lines(facts: Facts) -> Facts:
    """The same with the counts of each zone in words, where there are zones."""
    if "zones" not in facts:
        return facts
    rows = [
        {"zone": row["zone"], "counts": f"{row['positives']} positives, {row['others']} others"}
        for row in facts["zones"]["zones"]
    ]
    return facts | {"zones": facts["zones"] | {"zones": rows}}


def _words(estimate: dict[str, Any]) -> str:
    if estimate["value"] is None:
        return "not defined"
    if estimate["low"] is None:
        return f"{estimate['value']:.3f}"
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"
