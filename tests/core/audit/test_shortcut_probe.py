"""Cues measure what they say, and the probe finds those that carry the label."""

import numpy as np
import pytest
from made_evidence import a_dataset, evidence_of
from sklearn.metrics import roc_auc_score

from core.audit import cues as cues_module
from core.audit.cues import Cues, storage_cues
from core.audit.shortcut_probe import carrying_cues, probe_families
from core.audit.shortcuts import shortcut_findings


def _named(pixels: np.ndarray) -> dict[str, float]:
    names = [name for family in cues_module._TRACES.values() for name in family]
    return dict(zip(names, cues_module._traces(pixels), strict=True))


def test_a_corner_marker_shows_in_its_corner_alone() -> None:
    rng = np.random.default_rng(0)
    plain = rng.normal(60, 3, (160, 200)).astype(np.uint8)
    marked = plain.copy()
    marked[3:12, 3:12] = 255
    before, after = _named(plain), _named(marked)
    assert after["brightest pixel of the upper left corner"] == 255
    assert after["brightest pixel of the lower right corner"] == before["brightest pixel of the lower right corner"]


def test_noise_and_its_grain_are_measured() -> None:
    rng = np.random.default_rng(0)
    weak, strong = (_named((100 + rng.normal(0, spread, (160, 200))).astype(np.uint8)) for spread in (2, 8))
    assert strong["noise in flat parts"] - weak["noise in flat parts"] == pytest.approx(np.log(4), abs=0.25)
    coarse = _named(np.kron(100 + rng.normal(0, 8, (80, 100)), np.ones((2, 2))).astype(np.uint8))
    assert coarse["grain across"] > strong["grain across"] + 0.2


def test_every_trace_is_finite_on_a_plain_scan() -> None:
    assert np.isfinite(list(_named(np.full((16, 16), 7, np.uint8)).values())).all()


def test_storage_keeps_what_differs_and_nothing_that_names_a_scan() -> None:
    dataset = a_dataset(["a"] * 4, mode=["L", "L", "RGB", "RGB"], metadata=["dpi=72", "dpi=72; exif", "dpi=72", "id=4"])
    found = storage_cues(dataset.table)
    assert found.names == ("mode=L", "mode=RGB", "dpi=72", "bytes per pixel")
    assert found.values[:, 0].tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_the_cue_that_carries_a_label_is_found_and_random_ones_are_not(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.arange(200) % 2
    item = (rng.random(200) < np.where(labels == 1, 0.9, 0.1)).astype(float)
    families = {
        "storage": Cues("storage", np.stack([rng.normal(size=200), item], axis=1), ("size", "mode=RGB")),
        "noise": Cues("noise", rng.normal(size=(200, 3)), ("x", "y", "z")),
    }
    probes = probe_families(families, labels, np.arange(200), seed=seed)
    evidence = evidence_of(a_dataset(["ab"[label] for label in labels]))
    findings, checked = shortcut_findings(evidence, range(200), families, probes, "scans")
    assert [finding.about for finding in findings] == ["storage"]
    assert findings[0].figures["features"][0]["name"] == "mode=RGB"
    assert findings[0].to_json()["auc"]["low"] > 0.75
    assert [one.figures["family"] for one in checked] == ["noise"]


def test_a_cue_alone_has_the_auc_that_scikit_learn_gives() -> None:
    rng = np.random.default_rng(0)
    positive = rng.random(80) < 0.5
    values = rng.integers(0, 5, 80) + 2.0 * positive
    (cue,) = carrying_cues(Cues("noise", -values[:, None], ("x",)), positive)
    assert cue.auc == pytest.approx(roc_auc_score(positive, values))
    assert not cue.rises


def test_the_same_cue_is_not_named_twice() -> None:
    positive = np.arange(40) < 20
    values = np.random.default_rng(0).normal(size=40) + 2 * positive
    (cue,) = carrying_cues(Cues("noise", np.stack([values, -values], axis=1), ("x", "y")), positive)
    assert (cue.name, cue.also) == ("x", ("y",))
