"""Finding body and lungs: on phantoms, whose lungs are known, and on what is no cross-section of a chest."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.images import read_scan
from core.data.phantoms import patient as phantom_patients
from core.data.phantoms.options import CONSOLIDATION, CRAZY_PAVING, GROUND_GLASS, NORMAL
from core.data.phantoms.patient import Phantom, phantom_patient
from core.explanation.lungs import Anatomy, find_lungs

REAL = Path(__file__).parents[4] / "shared" / "data"
LABELS = (NORMAL, GROUND_GLASS, CONSOLIDATION, CRAZY_PAVING)


@pytest.fixture(scope="module")
def phantoms() -> list[tuple[Phantom, np.ndarray]]:
    """Slices of patients of each kind with the lungs that they were painted in, bool (h, w)."""
    return [pair for number, label in enumerate(LABELS * 2) for pair in with_truth(phantom_patient, label, seed=number)]


@pytest.fixture(scope="module")
def found(phantoms: list[tuple[Phantom, np.ndarray]]) -> list[tuple[Phantom, np.ndarray, Anatomy]]:
    return [(scan, truth, find_lungs(scan.pixels)) for scan, truth in phantoms]


def with_truth(make, label: str, seed: int) -> Iterator[tuple[Phantom, np.ndarray]]:  # type: ignore[no-untyped-def]
    painted: list[np.ndarray] = []
    paint = phantom_patients.lung_coverage

    def recorded(*args):  # type: ignore[no-untyped-def]
        painted.append(paint(*args))
        return painted[-1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(phantom_patients, "lung_coverage", recorded)
        scans = make(np.random.default_rng(seed), patient_id="P1", label=label, slices=2)
    # Patches that turn out too small are drawn again; the last slices are those that are kept.
    return zip(scans, [inside > 0.5 for inside in painted[-len(scans) :]], strict=True)


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * float((one & other).sum()) / float(one.sum() + other.sum())


def shown(phantom: Phantom, centre_hu: float, width_hu: float) -> np.ndarray:
    return np.clip((phantom.hu.astype(float) - centre_hu) / width_hu * 255 + 127.5, 0, 255).astype(np.uint8)


def x_ray(phantom: Phantom, seed: int) -> np.ndarray:
    """Soft dark lungs beside a bright middle, in a bright body: as a projection has them, without a crisp border."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    lungs = sum(np.exp(-(((x - side) / 0.25) ** 4) - ((y + 0.05) / 0.65) ** 4) for side in (-0.42, 0.42))
    body = 1 / (1 + np.exp((np.abs(x) - 0.9) * 30))
    noise = cv2.GaussianBlur(rng.normal(0, 12, (256, 256)).astype(np.float32), (0, 0), 1.5)
    return np.asarray((body * (200 - 120 * lungs) + noise).clip(0, 255), np.uint8)


def test_lungs_of_phantoms_are_found_to_nine_tenths(found: list[tuple[Phantom, np.ndarray, Anatomy]]) -> None:
    assert not any(anatomy.refused for _, _, anatomy in found)
    overlaps = [dice(anatomy.lungs, truth) for _, truth, anatomy in found]
    assert np.mean(overlaps) > 0.95
    assert min(overlaps) > 0.9


def test_most_of_the_lesions_lies_in_the_lungs_that_are_found(found: list[tuple[Phantom, np.ndarray, Anatomy]]) -> None:
    lesions = [(scan.mask & truth, anatomy.lungs) for scan, truth, anatomy in found]
    covered = [(lesion & lungs).sum() / lesion.sum() for lesion, lungs in lesions if lesion.any()]
    assert np.mean(covered) > 0.8


@pytest.mark.parametrize(("centre_hu", "width_hu"), [(-600, 1500), (-500, 1200), (-300, 2000), (40, 400), (300, 2000)])
def test_the_window_does_not_matter(
    phantoms: list[tuple[Phantom, np.ndarray]], centre_hu: float, width_hu: float
) -> None:
    overlaps = [dice(find_lungs(shown(scan, centre_hu, width_hu)).lungs, truth) for scan, truth in phantoms[::3]]
    assert np.mean(overlaps) > 0.9


@pytest.mark.parametrize("longest_px", [140, 300, 900])
def test_the_size_does_not_matter(phantoms: list[tuple[Phantom, np.ndarray]], longest_px: int) -> None:
    scan, truth = phantoms[0]
    scale = longest_px / max(truth.shape)
    resized = cv2.resize(scan.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    anatomy = find_lungs(np.asarray(resized))
    expected = cv2.resize(truth.astype(np.uint8), resized.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    assert anatomy.lungs.shape == resized.shape
    assert dice(anatomy.lungs, expected) > 0.9


@pytest.mark.parametrize("turned", [np.fliplr, np.flipud, lambda scan: np.rot90(scan, 2)])
def test_mirrored_scans_have_mirrored_lungs(phantoms: list[tuple[Phantom, np.ndarray]], turned) -> None:  # type: ignore[no-untyped-def]
    scan, _ = phantoms[0]
    found = find_lungs(np.ascontiguousarray(turned(scan.pixels)))
    assert dice(found.lungs, turned(find_lungs(scan.pixels).lungs)) > 0.97


def test_most_of_a_consolidation_at_the_ribs_counts_as_lung(phantoms: list[tuple[Phantom, np.ndarray]]) -> None:
    shares = []
    for scan, truth in phantoms[::2]:
        rows, columns = np.nonzero(truth)
        patch = np.zeros_like(truth, np.uint8)
        cv2.circle(patch, (int(columns.max()), int(np.quantile(rows, 0.6))), round(0.07 * np.ptp(columns)), (1,), -1)
        airless = patch.astype(bool) & truth
        pixels = scan.pixels.copy()
        pixels[airless] = np.median(scan.pixels[~truth & (scan.pixels > 128)])
        shares.append((find_lungs(pixels).lungs & airless).sum() / airless.sum())
    assert np.mean(shares) > 0.7


def test_a_frame_and_words_around_the_scan_are_left_out(phantoms: list[tuple[Phantom, np.ndarray]]) -> None:
    scan, truth = phantoms[0]
    framed = np.pad(np.pad(scan.pixels, 12), 10, constant_values=255)
    cv2.putText(framed, "A 12", (26, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255,), 1)
    found = find_lungs(framed)
    assert dice(found.lungs, np.pad(truth, 22)) > 0.9


@pytest.mark.parametrize("seed", range(4))
def test_a_projection_is_refused_as_such(phantoms: list[tuple[Phantom, np.ndarray]], seed: int) -> None:
    refused_for("X-ray", find_lungs(x_ray(phantoms[0][0], seed)))


def test_half_a_chest_is_refused(phantoms: list[tuple[Phantom, np.ndarray]]) -> None:
    scan, truth = phantoms[0]
    middle = int(np.nonzero(truth)[1].mean())
    assert find_lungs(np.ascontiguousarray(scan.pixels[:, : middle - 20])).refused


@pytest.mark.parametrize("level", [0, 7, 128, 255])
def test_an_empty_picture_is_refused(level: int) -> None:
    refused_for("next to nothing", find_lungs(np.full((200, 200), level, np.uint8)))


@pytest.mark.parametrize("bright", [8, 9, 255])
def test_a_picture_of_black_and_one_other_grey_is_no_failure(bright: int) -> None:
    picture = np.zeros((256, 256), np.uint8)
    picture[60:200, 40:220] = bright
    assert find_lungs(picture).refused
    picture[90:170, 60:110] = picture[90:170, 150:200] = 0  # two lungs, as in a mask
    assert find_lungs(picture).lungs.shape == picture.shape


def test_a_picture_of_a_few_pixels_is_refused() -> None:
    refused_for("smaller", find_lungs(np.zeros((500, 8), np.uint8)))


@given(st.integers(0, 2**32 - 1), st.integers(1, 90), st.integers(1, 90), st.sampled_from((1, 3, 12)))
@settings(deadline=None, max_examples=15)
def test_no_picture_makes_it_fail(seed: int, height: int, width: int, grain: int) -> None:
    coarse = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    picture = np.kron(coarse, np.ones((grain, grain), np.uint8))
    found = find_lungs(picture)
    assert found.body.shape == found.lungs.shape == picture.shape
    assert not (found.lungs & ~found.body).any()
    assert found.lungs.any() == (not found.refused)


def test_what_is_no_grey_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        find_lungs(np.zeros((4, 4, 3), np.uint8))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("folder", "least", "most"),
    [("covid-radiography", 0.0, 0.04), ("sars-cov-2-ct", 0.96, 1.0), ("ucsd-covid-ct", 0.9, 1.0)],
)
def test_real_slices_are_accepted_and_real_x_rays_are_not(folder: str, least: float, most: float) -> None:
    paths = sorted(path for path in (REAL / folder).glob("*/*.*"))[::23]
    if not paths:
        pytest.skip(f"no images under {REAL / folder}")
    accepted = np.mean([not find_lungs(read_scan(path)).refused for path in paths])
    assert least <= accepted <= most


def refused_for(reason: str, anatomy: Anatomy) -> None:
    assert reason in anatomy.refused
    assert not anatomy.lungs.any()
