"""One patient of a set of phantoms: a chest, its lungs, a scanner, and the slices that come of them."""

from dataclasses import dataclass
from itertools import count as count_up

import numpy as np
from numpy.typing import NDArray

from core.data.phantoms.anatomy import Anatomy, chest_wall, draw_anatomy
from core.data.phantoms.atlas import CHEST_LENGTH_MM
from core.data.phantoms.body import (
    lung_coverage,
    paint_airways,
    paint_front,
    paint_mediastinum,
    paint_ribs,
    paint_spine,
    paint_trunk,
)
from core.data.phantoms.lesions import Patches, draw_patches
from core.data.phantoms.lungs import Lungs, draw_lungs, paint_lungs
from core.data.phantoms.options import CONSOLIDATION, CRAZY_PAVING, GROUND_GLASS, LESION, MOST_SLICES
from core.data.phantoms.patterns import PATTERNS, shown_mask
from core.data.phantoms.scanner import LEAST_HU, MOST_HU, Acquisition, draw_acquisition, empty_canvas, expose, windowed
from core.data.phantoms.shortcuts import mark_corner

LEAST_LESION_PX = 12
LESION_PATTERNS = (GROUND_GLASS, CONSOLIDATION, CRAZY_PAVING, LESION)  # the last is haze and airless patches together


@dataclass(frozen=True)
class Phantom:
    """One slice: `hu` (h, w) int16, `pixels` (h, w) uint8 in the scanner's window, `mask` (h, w) true in a lesion.

    `slice_index` counts from the head, `level_mm` from the lungs' apex.
    """

    hu: NDArray[np.int16]
    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    label: str
    patient_id: str
    slice_index: int
    level_mm: float
    mm_per_px: float


def phantom_patient(
    rng: np.random.Generator,
    *,
    patient_id: str,
    label: str,
    slices: int,
    scanner: Acquisition | None = None,
    marked: bool = False,
) -> list[Phantom]:
    """A patient's slices from the head downwards; every slice of a patient who is not normal shows the disease.

    The same `rng` gives the same chest, the same haze and the same airless tissue whatever the label: the label
    decides where in the lungs they lie.

    Args:
        rng: all chance comes from here.
        label: a class of `options.CLASSES`; a `lesion` is one of the patterns, or haze and airless patches together.
        slices: how many, 1 to 5.
        scanner: how the patient is scanned; drawn from `rng` where None.
        marked: whether a marker is burnt into a corner.

    Raises:
        ValueError: another label, or a number of slices out of range.
    """
    if label not in PATTERNS:
        raise ValueError(f"label must be one of {', '.join(PATTERNS)}, not {label!r}")
    if not 1 <= slices <= MOST_SLICES:
        raise ValueError(f"slices must be 1 to {MOST_SLICES}, not {slices}")
    scanner = scanner or draw_acquisition(rng)
    anatomy = draw_anatomy(rng)
    levels = scanner.levels(slices)
    grid = empty_canvas(anatomy, scanner, levels[0])
    lungs = draw_lungs(rng, grid.hu.shape, grid.mm_per_px)
    drawn = str(rng.choice(LESION_PATTERNS))
    pattern = drawn if label == LESION else label
    for attempt in count_up():
        patches = draw_patches(rng, levels, enlarge=1 + 0.05 * attempt)
        images = [_slice(rng, anatomy, scanner, lungs, patches, pattern, level) for level in levels]
        if min(mask.sum() for _, *masks in images for mask in masks) >= LEAST_LESION_PX:
            break
    scans = []
    for index, (hu, haze, airless) in enumerate(images):
        pixels = windowed(hu, scanner)
        if marked:
            hu = mark_corner(hu, black=LEAST_HU, white=MOST_HU)
            pixels = mark_corner(pixels, black=0, white=255)
        mask, level_mm = shown_mask(pattern, haze, airless), levels[index] * CHEST_LENGTH_MM
        scans.append(Phantom(hu, pixels, mask, label, patient_id, index, level_mm, grid.mm_per_px))
    return scans


def _slice(
    rng: np.random.Generator,
    anatomy: Anatomy,
    scanner: Acquisition,
    lungs: Lungs,
    patches: Patches,
    pattern: str,
    level: float,
) -> tuple[NDArray[np.int16], NDArray[np.bool_], NDArray[np.bool_]]:
    """One slice in HU, and where the patient's haze and airless patches are."""
    canvas = empty_canvas(anatomy, scanner, level)
    wall = chest_wall(level)
    paint_trunk(canvas, wall)
    pushed = paint_mediastinum(canvas, scanner.contrast_hu)
    inside = lung_coverage(canvas, pushed)
    haze, airless = paint_lungs(canvas, inside, lungs, patches, pattern, scanner.thickness_mm)
    paint_airways(canvas)
    paint_ribs(canvas, wall)
    paint_spine(canvas)
    paint_front(canvas, wall)
    return expose(rng, canvas.hu, scanner), haze, airless
