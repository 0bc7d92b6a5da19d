"""What the public sets are known for is found on them."""

from pathlib import Path

import numpy as np
import pytest

from core.audit.audit import audit_dataset
from core.audit.cues import storage_cues
from core.audit.evidence import Evidence, gather
from core.audit.gap_finding import gap_finding
from core.audit.harder_groups import HarderGroups, harder_groups
from core.audit.optimism import optimism_gap
from core.audit.shortcut_probe import probe_families
from core.audit.shortcuts import shortcut_findings
from core.data.index import index_dataset

REAL_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the real images are not beside the project (../shared/data)"),
]


@pytest.fixture(scope="module", params=["sars-cov-2-ct", "ucsd-covid-ct"])
def real(request: pytest.FixtureRequest) -> tuple[str, Evidence, HarderGroups]:
    """A set's name, the evidence on all of it, and the groups it is judged by."""
    evidence = gather(index_dataset(REAL_DATA / request.param), lambda *_step: None)
    return request.param, evidence, harder_groups(evidence)


def test_the_mode_gives_the_label_away(real: tuple[str, Evidence, HarderGroups]) -> None:
    name, evidence, groups = real
    rows = np.arange(len(evidence.table))
    families = {"storage": storage_cues(evidence.table)}
    probes = probe_families(families, evidence.labels, groups.numbers, seed=0)
    (finding, *_), _ = shortcut_findings(evidence, rows.tolist(), families, probes, groups.called)
    features = {feature["name"] for feature in finding.figures["features"]}
    assert finding.about == "storage"
    assert features >= ({"mode=RGB"} if name == "sars-cov-2-ct" else {"mode=RGBA", "format=JPEG"})


def test_a_random_split_is_too_good(real: tuple[str, Evidence, HarderGroups]) -> None:
    name, evidence, groups = real
    gap = optimism_gap(evidence.squares, evidence.labels, groups.numbers, seed=0)
    (finding,), _ = gap_finding(evidence, groups, gap)
    assert finding.figures["difference"].low > 0.02
    if name == "sars-cov-2-ct":
        assert finding.offers[0].group_by == "blocks:25"
        assert finding.figures["difference"].low > 0.05


def test_the_copies_that_are_known_are_found() -> None:
    """Only the two dozen scans around them, as a set of its own, so that the whole audit runs on real files too."""
    dataset = index_dataset(REAL_DATA / "sars-cov-2-ct")
    kept = dataset.table["path"].str.contains(r"\((?:12\d|13\d)\)")
    few = type(dataset)(dataset.root, dataset.table[kept], dataset.group_source, dataset.group_by, ())
    (copies,) = (finding for finding in audit_dataset(few).findings if finding.kind == "exact-duplicate")
    assert sorted(copies.paths) == [f"COVID/Covid ({number}).png" for number in (128, 129, 134, 135)]
