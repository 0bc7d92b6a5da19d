"""Scans of no use, each for its reason."""

import cv2
import numpy as np
from made_evidence import a_dataset, evidence_of

from core.audit.odd_scans import find_odd_scans


def _chest(seed: int) -> np.ndarray:
    square = np.zeros((128, 128), np.uint8)
    cv2.ellipse(square, (64, 64), (55, 50), 0, 0, 360, 200, -1)
    cv2.ellipse(square, (40, 64), (16, 30), 0, 0, 360, 60, -1)
    cv2.ellipse(square, (88, 64), (16, 30), 0, 0, 360, 60, -1)
    noise = np.random.default_rng(seed).normal(0, 8, square.shape)
    return np.clip(square + noise + 20, 0, 255).astype(np.uint8)


def test_ordinary_scans_are_not_odd_and_that_is_said() -> None:
    squares = np.stack([_chest(row) for row in range(20)])
    findings, (checked,) = find_odd_scans(evidence_of(a_dataset(["a"] * 20), squares))
    assert not findings
    assert "no blank, tiny, odd-shaped, mostly white, inverted or cut-off scans among 20 scans" in checked.says


def test_each_odd_scan_is_found_for_its_reason() -> None:
    squares = np.stack([_chest(row) for row in range(40)])
    squares[0] = 90
    squares[3, :, 20:] = 255
    squares[4] = 255 - squares[4]
    squares[5, 80:] = 0
    width, height = [200] * 40, [160] * 40
    width[1], height[1] = 40, 32
    width[2] = 400
    dataset = a_dataset(["a", "b"] * 20, width=width, height=height)
    findings, _ = find_odd_scans(evidence_of(dataset, squares))
    reasons = ["blank", "tiny", "odd-shaped", "mostly white", "inverted", "cut-off"]
    assert [(f.about, f.paths) for f in findings] == [
        (reason, (str(dataset.table.at[row, "path"]),)) for row, reason in enumerate(reasons)
    ]
