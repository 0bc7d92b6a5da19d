"""The whole audit on phantoms: silent where nothing is planted, and finding what is."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.audit.audit import audit_dataset
from core.audit.findings import audit_from_json
from core.data.dataset import Dataset
from core.data.decisions import Decision, decide
from core.data.index import index_dataset
from core.data.phantoms.options import PhantomOptions
from core.data.phantoms.writing import write_phantoms
from core.errors import DatasetError

COUNT = 120  # each of a patient of its own


def _phantoms(folder: Path, shortcut: str) -> Dataset:
    options = PhantomOptions(slices=1, shortcut=shortcut)
    return index_dataset(write_phantoms(folder / "phantoms", count=COUNT, seed=3, options=options))


def test_plain_phantoms_have_no_shortcut_and_no_gap(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    audit = audit_dataset(_phantoms(tmp_path, ""), progress=lambda *step: told.append(step))
    assert not {"shortcut", "optimism-gap", "exact-duplicate"} & {finding.kind for finding in audit.findings}
    assert {"shortcut", "optimism-gap", "exact-duplicate"} <= {one.kind for one in audit.checked}
    assert audit_from_json(audit.to_json()) == audit
    assert told[-1][1] == told[-1][2]


@pytest.mark.parametrize(("shortcut", "family"), [("marker", "edges"), ("scanner", "noise")])
def test_a_planted_shortcut_is_found(tmp_path: Path, shortcut: str, family: str) -> None:
    dataset = _phantoms(tmp_path, shortcut)
    found = {finding.about: finding for finding in audit_dataset(dataset).findings if finding.kind == "shortcut"}
    assert family in found
    if shortcut == "marker":
        assert "upper left" in found[family].figures["features"][0]["name"]


def test_a_decision_settles_its_finding_and_progress_can_end_it_all(tmp_path: Path) -> None:
    dataset = _phantoms(tmp_path, "")
    copied = dataset.root / dataset.table.at[0, "path"]
    copied.with_name("copy.png").write_bytes(copied.read_bytes())
    (dataset.root / "index.csv").unlink()
    dataset = index_dataset(dataset.root)

    class EnoughError(Exception):
        pass

    def enough(*_step: object) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        audit_dataset(dataset, progress=enough)
    (finding,) = (one for one in audit_dataset(dataset).open if one.kind == "exact-duplicate")
    decide(dataset.root, Decision(finding.kind, "keep", "kept as it is", finding=finding.id))
    again = next(one for one in audit_dataset(index_dataset(dataset.root)).findings if one.id == finding.id)
    assert again.settled


def test_no_usable_scan_is_refused(tmp_path: Path) -> None:
    dataset = _phantoms(tmp_path, "")
    empty = replace(dataset, table=dataset.table.assign(problem="damaged"))
    with pytest.raises(DatasetError, match="expected usable scans"):
        audit_dataset(empty)
