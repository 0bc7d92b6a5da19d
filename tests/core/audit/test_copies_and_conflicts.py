"""Copies, lookalikes, label conflicts and torn groups."""

import cv2
import numpy as np
from made_evidence import a_dataset, evidence_of

from core.audit.copies import find_copies
from core.audit.label_conflicts import find_label_conflicts
from core.audit.lookalikes import find_lookalikes
from core.audit.torn_groups import find_torn_groups


def _smooth(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8), dtype=np.uint8)
    return cv2.resize(noise, (128, 128), interpolation=cv2.INTER_CUBIC)


def _squares(*seeds: int) -> np.ndarray:
    """Equal seeds give scans that look the same, but for a little noise."""
    noise = np.random.default_rng(9)
    return np.stack(
        [np.clip(_smooth(seed) + noise.normal(0, 3, (128, 128)), 0, 255).astype(np.uint8) for seed in seeds]
    )


def test_copies_by_content_and_by_pixels_are_told_apart() -> None:
    dataset = a_dataset(["a"] * 5, sha256=["x", "x", "y", "z", "w"], pixels=["1", "1", "1", "2", "3"])
    findings, checked = find_copies(evidence_of(dataset))
    assert {f.about: f.paths for f in findings} == {
        "content": ("a/scan 0.png", "a/scan 1.png"),
        "pixels": ("a/scan 0.png", "a/scan 2.png"),
    }
    assert not checked
    assert findings[0].offers[0].paths == ("a/scan 1.png",)


def test_a_copy_in_train_is_given_up_rather_than_the_one_in_test() -> None:
    dataset = a_dataset(["a", "a"], sha256=["x", "x"], pixels=["1", "1"], split=["train", "test"])
    (finding,), _ = find_copies(evidence_of(dataset))
    assert finding.severity == "high"
    assert finding.figures["sets_across_splits"] == 1
    assert finding.offers[0].paths == ("a/scan 0.png",)


def test_no_copies_is_said_too() -> None:
    findings, (checked,) = find_copies(evidence_of(a_dataset(["a", "b"])))
    assert not findings
    assert checked.says == "no exact duplicates among 2 scans"


def test_one_image_under_two_labels_is_a_conflict_and_no_copy() -> None:
    dataset = a_dataset(["a", "b", "b"], pixels=["1", "1", "2"])
    evidence = evidence_of(dataset)
    (finding,), _ = find_label_conflicts(evidence)
    assert (finding.about, finding.severity, finding.scans) == ("pixels", "high", 2)
    assert finding.examples[0].words == ("a", "b")
    assert not find_copies(evidence)[0]


def test_a_file_under_two_labels_is_found_though_it_cannot_be_used() -> None:
    dataset = a_dataset(["a", "b", "b"], sha256=["x", "x", "y"], problem=["two labels", "two labels", ""])
    (finding,), _ = find_label_conflicts(evidence_of(dataset))
    assert (finding.about, finding.scans) == ("content", 2)


def test_lookalikes_of_one_label_are_near_duplicates_and_of_two_a_conflict() -> None:
    dataset = a_dataset(["a", "a", "b", "b", "b"])
    evidence = evidence_of(dataset, _squares(1, 1, 2, 1, 3))
    (near,), _ = find_lookalikes(evidence)
    assert near.paths == ("a/scan 0.png", "a/scan 1.png")
    assert near.figures["pairs_across_groups"] == 1
    assert near.offers[0].group_by == "near-duplicates"
    (conflict,), _ = find_label_conflicts(evidence)
    assert (conflict.about, conflict.scans) == ("near", 3)


def test_lookalikes_of_one_patient_are_no_leak() -> None:
    dataset = a_dataset(["a", "a"], "patient", "patient", group=["patient:1", "patient:1"])
    (finding,), _ = find_lookalikes(evidence_of(dataset, _squares(1, 1)))
    assert finding.severity == "low"
    assert "group" not in {offer.action for offer in finding.offers}


def test_a_patient_in_train_and_test_is_torn_and_leaves_train() -> None:
    dataset = a_dataset(
        ["a"] * 4,
        "patient",
        "patient",
        group=["patient:1"] * 2 + ["patient:2"] * 2,
        split=["train", "test", "val", "val"],
    )
    (finding,), _ = find_torn_groups(evidence_of(dataset))
    assert (finding.severity, finding.scans, finding.figures["groups"]) == ("high", 2, 1)
    assert finding.offers[0].paths == ("a/scan 0.png",)
