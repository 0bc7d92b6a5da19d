"""The whole audit on phantoms: silent where nothing is planted, and finding what is."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from made_evidence import a_dataset

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
    folder = tmp_path / "scans" / "only"
    folder.mkdir(parents=True)
    for number in range(4):
        noise = np.random.default_rng(number % 3).integers(0, 256, (64, 80), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), noise)
    dataset = index_dataset(folder.parent)

    class EnoughError(Exception):
        pass

    def enough(*_step: object) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        audit_dataset(dataset, progress=enough)
    audit = audit_dataset(dataset)
    assert any("only the class 'only'" in one.says for one in audit.checked)
    (finding,) = audit.open
    assert (finding.kind, finding.paths) == ("exact-duplicate", ("only/0.png", "only/3.png"))
    decide(dataset.root, Decision(finding.kind, "keep", "kept as it is", finding=finding.id))
    (again,) = audit_dataset(index_dataset(dataset.root)).findings
    assert (again.id, again.settled) == (finding.id, "kept as it is")


def test_no_usable_scan_is_refused() -> None:
    with pytest.raises(DatasetError, match="expected usable scans"):
        audit_dataset(a_dataset(["a"], problem=["damaged"]))
