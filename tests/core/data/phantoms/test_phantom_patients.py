"""One phantom: what every patient promises, and that the diagnosis moves density about without adding any."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.phantoms.patient import Phantom, phantom_patient
from core.data.phantoms.scanner import draw_acquisition

ILL = ("ground-glass", "consolidation", "crazy-paving", "lesion")


def patient(seed: int, label: str, slices: int = 3, scanner_seed: int = 5) -> list[Phantom]:
    scanner = draw_acquisition(np.random.default_rng(scanner_seed))
    return phantom_patient(np.random.default_rng(seed), patient_id="P001", label=label, slices=slices, scanner=scanner)


def around(mask: np.ndarray) -> np.ndarray:
    return cv2.dilate(mask.astype(np.uint8), np.ones((9, 9))).astype(bool) & ~mask


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32), label=st.sampled_from([*ILL, "normal"]), slices=st.integers(1, 5))
def test_every_patient_keeps_the_promises_of_a_phantom(seed, label, slices):
    scans = patient(seed, label, slices, scanner_seed=seed)
    assert [scan.slice_index for scan in scans] == list(range(slices))
    assert len({scan.pixels.shape for scan in scans}) == 1
    assert all(before.level_mm < after.level_mm for before, after in pairwise(scans))
    for scan in scans:
        assert (scan.label, scan.patient_id) == (label, "P001")
        assert (scan.pixels.dtype, scan.hu.dtype, scan.mask.dtype) == (np.uint8, np.int16, np.bool_)
        assert scan.mask.shape == scan.pixels.shape == scan.hu.shape
        assert 160 <= scan.pixels.shape[1] <= 288
        assert -1024 <= scan.hu.min() < scan.hu.max() <= 3071
        assert scan.mask.any() == (label != "normal")
        assert scan.pixels.std() > 20


@pytest.mark.parametrize("seed", range(3))
def test_the_diagnosis_moves_density_about_and_leaves_the_histogram(seed):
    well = patient(seed, "normal", slices=2, scanner_seed=seed)
    for label in ILL:
        for ill_scan, well_scan in zip(patient(seed, label, slices=2, scanner_seed=seed), well, strict=True):
            counts = [np.histogram(scan.pixels, 16, (0, 256))[0] / scan.pixels.size for scan in (ill_scan, well_scan)]
            assert np.abs(counts[0] - counts[1]).sum() < 0.06
            assert abs(ill_scan.hu.mean() - well_scan.hu.mean()) < 8
            assert (ill_scan.pixels != well_scan.pixels).mean() > 0.005


@pytest.mark.parametrize("label", ILL)
def test_lesions_are_denser_than_the_lung_they_lie_in(label):
    contrasts = []
    for seed in range(4):
        for ill, well in zip(patient(seed, label, slices=1), patient(seed, "normal", slices=1), strict=True):
            contrasts.append(ill.hu[ill.mask].mean() - well.hu[ill.mask].mean())
            assert np.median(well.hu[ill.mask]) < 0
    assert min(contrasts) > 0
    assert np.median(contrasts) > 100


def test_vessels_show_in_haze_and_not_in_airless_lung_and_paving_has_the_sharpest_texture():
    texture = {label: [] for label in ILL[:3]}
    density = {label: [] for label in ILL[:3]}
    for seed in range(6):
        for label in texture:
            (scan,) = patient(seed, label, slices=1)
            core = cv2.erode(scan.mask.astype(np.uint8), np.ones((3, 3))).astype(bool)
            smooth = cv2.GaussianBlur(scan.hu.astype(np.float32), (0, 0), 3)
            texture[label].append(np.abs(scan.hu - smooth)[core].mean())
            density[label].append(np.median(scan.hu[core]))
    assert np.median(texture["crazy-paving"]) > 1.2 * np.median(texture["ground-glass"])
    assert np.median(density["consolidation"]) > -150
    assert -750 < np.median(density["ground-glass"]) < -300


def test_lesions_range_from_subtle_to_plain():
    shares = [patient(seed, "lesion", slices=1, scanner_seed=seed)[0].mask.mean() for seed in range(20)]
    assert min(shares) < 0.02
    assert max(shares) > 0.06
    assert max(shares) < 0.35


def test_slices_of_a_patient_look_more_alike_than_slices_of_two():
    def distance(one: Phantom, other: Phantom) -> float:
        small = [cv2.resize(scan.pixels, (48, 36), interpolation=cv2.INTER_AREA) for scan in (one, other)]
        return float(np.abs(small[0].astype(float) - small[1]).mean())

    people = [patient(seed, "normal", slices=3) for seed in range(5)]
    own = [distance(a, b) for scans in people for a, b in pairwise(scans)]
    strangers = [distance(one[0], other[0]) for one, other in pairwise(people)]
    assert np.median(own) < np.median(strangers)


def test_a_marker_is_black_and_white_in_the_corner_and_changes_nothing_else():
    def scan(*, marked: bool) -> Phantom:
        rng, scanner = np.random.default_rng(1), draw_acquisition(np.random.default_rng(2))
        return phantom_patient(rng, patient_id="P001", label="normal", slices=1, scanner=scanner, marked=marked)[0]

    plain, marked = scan(marked=False), scan(marked=True)
    rows, columns = np.nonzero(plain.pixels != marked.pixels)
    assert max(rows.max(), columns.max()) < 0.14 * len(plain.pixels)
    assert set(marked.pixels[rows, columns].tolist()) == {0, 255}
    assert set(marked.hu[rows, columns].tolist()) == {-1024, 3071}
    np.testing.assert_array_equal(plain.mask, marked.mask)


def test_an_unknown_label_or_number_of_slices_is_refused():
    with pytest.raises(ValueError, match=r"label must be one of .*, not 'COVID'"):
        patient(0, "COVID")
    with pytest.raises(ValueError, match="slices must be 1 to 5, not 6"):
        patient(0, "normal", slices=6)
