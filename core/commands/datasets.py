"""Commands about a dataset."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import RequestError
from core.training.signs import Told

if TYPE_CHECKING:
    from core.data.dataset import Dataset

Facts = dict[str, Any]


def phantoms(out: Path, *, count: int, seed: int, wanted: Facts, told: Told) -> Facts:
    """Write synthetic scans; `wanted` are `PhantomOptions` by name, None for the default."""
    from core.data.phantoms.options import PhantomOptions
    from core.data.phantoms.writing import write_phantoms

    options = PhantomOptions(**{name: value for name, value in wanted.items() if value is not None})
    folder = write_phantoms(out, count=count, seed=seed, options=options, progress=_counted(told, "making scans"))
    return {"folder": str(folder), "scans": count, "seed": seed, **options.to_json()}


def fetch(name: str, *, into: Path, told: Told) -> Facts:
    """Get a public dataset, unless it is there."""
    from core.data.arrivals.limits import size_words
    from core.data.fetching import fetch as fetched

    def tell(done: int, total: int) -> None:
        told("fetching", done / max(total, 1), f"{size_words(done)} of about {size_words(total)}")

    found = fetched(name, into, progress=tell)
    return {"dataset": name, "folder": str(found.folder), "was_there": found.was_there}


def index(data: Path, *, group_by: str, told: Told) -> Facts:
    """What is in a dataset, and what is wrong with it."""
    from core.data.index import summary

    return summary(_indexed(data, group_by, told))


def audit(data: Path, *, group_by: str, again: bool, told: Told) -> Facts:
    """What is wrong with a dataset for whoever trains on it, and what is not; kept until something changes."""
    from core.audit.audit import audit_dataset
    from core.audit.keeping import kept_or_made

    dataset = _indexed(data, group_by, told)

    def tell(phase: str, done: int, total: int) -> None:
        told(phase, done / max(total, 1), f"{done} of {total}")

    made = kept_or_made(dataset, lambda report: audit_dataset(dataset, progress=report), again=again, told=tell)
    return {"data": str(dataset.root), "group_by": dataset.group_by, **made.to_json()}


def audit_for_people(facts: Facts) -> Facts:
    """An audit's facts, short enough to be read as lines."""
    return {
        "data": facts["data"],
        "scans": facts["scans"],
        "grouped by": facts["group_by"],
        "findings": [
            {"severity": f["severity"], "id": f["id"], "says": f["says"], "settled": f["settled"]}
            for f in facts["findings"]
        ],
        "not found": [{"says": entry["says"]} for entry in facts["checked"]],
    }


def decide(data: Path, finding_id: str, action: str) -> Facts:
    """Settle a finding of the last audit."""
    from core.audit.keeping import kept_audit
    from core.data.decisions import decide as keep
    from core.data.index import index_dataset

    dataset = index_dataset(data)
    audit_ = kept_audit(dataset)
    if audit_ is None:
        raise RequestError(f"expected an audit of {data} as it is now, found none; run `python -m core audit` first")
    ids = [finding.id for finding in audit_.findings]
    if finding_id not in ids:
        raise RequestError(f"expected the id of a finding ({', '.join(ids) or 'none'}), found {finding_id!r}")
    finding = audit_.findings[ids.index(finding_id)]
    offers = {offer.action: offer for offer in finding.offers}
    if action not in offers:
        raise RequestError(f"expected one of {', '.join(offers)} for {finding_id}, found {action!r}")
    kept = keep(dataset.root, finding.settled_by(offers[action]))
    return {"decision": kept.id, "says": kept.says}


def undo_decision(data: Path, decision_id: str) -> Facts:
    """Take a decision back."""
    from core.data.decisions import undo
    from core.data.folders import dataset_root

    undone = undo(dataset_root(data), decision_id)
    return {"decision": undone.id, "says": undone.says, "undone": undone.undone}


def decisions(data: Path) -> Facts:
    """All decisions about a dataset, also those taken back."""
    from core.data.decisions import history
    from core.data.folders import dataset_root

    rows = [
        {"id": d.id, "made": d.made, "action": d.action, "says": d.says, "undone": d.undone}
        for d in history(dataset_root(data))
    ]
    return {"decisions": rows}


def _indexed(data: Path, group_by: str, told: Told) -> "Dataset":
    from core.data.index import index_dataset

    return index_dataset(data, group_by=group_by, progress=_counted(told, "checking scans"))


def _counted(told: Told, phase: str) -> Callable[[int, int], None]:
    return lambda done, total: told(phase, done / max(total, 1), f"{done} of {total}")
