"""Synthetic chest CT slices with lesion masks: a data set for demos and tests that shows nobody's body.

A data set holds as many lesion patients as normal ones, in pairs scanned the same way (image size, window, noise,
level of the slices), as a case-control study would match them: so nothing but the lungs tells the classes apart.
"""

import csv
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.phantom_anatomy import Anatomy, chest_wall, draw_anatomy
from core.data.phantom_body import (
    lung_coverage,
    paint_airways,
    paint_front,
    paint_mediastinum,
    paint_ribs,
    paint_spine,
    paint_trunk,
)
from core.data.phantom_lesions import Opacity, draw_lesions
from core.data.phantom_lungs import Lungs, draw_lungs, paint_lungs
from core.data.phantom_scanner import Acquisition, draw_acquisition, empty_canvas, expose

LESION, NORMAL = "lesion", "normal"
LEAST_SLICES, MOST_SLICES = 3, 5
LEAST_COUNT = 10
LEAST_LESION_PX = 12


@dataclass(frozen=True)
class Phantom:
    """One slice: `pixels` (h, w) uint8, `mask` (h, w) true where a lesion is; `slice_index` counts from the head."""

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    label: str
    patient_id: str
    slice_index: int


def phantom_patient(
    rng: np.random.Generator, *, patient_id: str, label: str, slices: int, scanner: Acquisition | None = None
) -> list[Phantom]:
    scanner = scanner or draw_acquisition(rng)
    anatomy = draw_anatomy(rng)
    levels = scanner.levels(slices)
    grid = empty_canvas(anatomy, scanner, levels[0])
    lungs = draw_lungs(rng, grid.hu.shape, grid.mm_per_px)
    lesions = draw_lesions(rng, levels) if label == LESION else []
    out = []
    for i, level in enumerate(levels):
        pixels, mask = _slice(rng, anatomy, scanner, lungs, lesions, level)
        out.append(Phantom(pixels, mask, label, patient_id, i))
    return out


def _slice(rng, anatomy, scanner, lungs, lesions, level):
    canvas = empty_canvas(anatomy, scanner, level)
    wall = chest_wall(level)
    paint_trunk(canvas, wall)
    pushed = paint_mediastinum(canvas, scanner.contrast_hu)
    mask = paint_lungs(canvas, lung_coverage(canvas, pushed), lungs, lesions, scanner.thickness_mm)
    paint_airways(canvas)
    paint_ribs(canvas, wall)
    paint_spine(canvas)
    paint_front(canvas, wall)
    return expose(rng, canvas.hu, scanner), mask
