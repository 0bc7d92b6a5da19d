"""The scanner of a phantom: the grid that shapes are painted on in Hounsfield units, then blur, noise and window."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.phantoms.anatomy import Anatomy, Points, lung_outlines

Image = NDArray[np.float32]  # (h, w)

AIR_HU = -1000.0
LEAST_HU, MOST_HU = -1024, 3071  # twelve bits, as scanners give
SHARPENED_PX = 1.2
WIDEST_LEVEL = 0.65
NARROWEST_PX, WIDEST_PX = 160, 288
ASPECTS = (0.68, 0.80)
_SUBPIXEL_BITS = 4


@dataclass(frozen=True)
class Acquisition:
    """How a patient was scanned. Nothing here depends on the diagnosis.

    `zoom` is the field of view over the width of the lungs; `offset` shifts it by a share of its width; `noise_hu` is
    the noise's standard deviation and `grain_px` the width of its grain; slices start at `first_level` of the chest
    and lie `level_step` apart. `sharpening` is the edge enhancement of a hard reconstruction kernel.
    """

    width_px: int
    height_px: int
    zoom: float
    offset: tuple[float, float]
    window_center_hu: float
    window_width_hu: float
    noise_hu: float
    grain_px: float
    blur_px: float
    thickness_mm: float
    contrast_hu: float
    first_level: float
    level_step: float
    sharpening: float = 0.0

    def levels(self, slices: int) -> list[float]:
        """Level of each slice, from the head downwards."""
        return [self.first_level + index * self.level_step for index in range(slices)]


def draw_acquisition(rng: np.random.Generator) -> Acquisition:
    """A scan protocol at random."""
    width_px = int(rng.integers(NARROWEST_PX, WIDEST_PX + 1))
    return Acquisition(
        width_px=width_px,
        height_px=int(width_px * rng.uniform(*ASPECTS)),
        zoom=rng.uniform(1.02, 1.28),
        offset=(rng.normal(0, 0.012), rng.normal(0.012, 0.012)),
        window_center_hu=rng.uniform(-755, -435),
        window_width_hu=rng.uniform(1200, 1850),
        noise_hu=float(np.exp(rng.normal(3.3, 0.4))),
        grain_px=rng.uniform(0.4, 0.75),
        blur_px=rng.uniform(0.3, 0.6),
        thickness_mm=rng.uniform(2.0, 6.0),
        contrast_hu=float(rng.uniform(60, 220) * (rng.random() < 0.4)),
        first_level=rng.uniform(0.2, 0.64),
        level_step=rng.uniform(0.03, 0.055),
    )


def similar_acquisition(rng: np.random.Generator, scanner: Acquisition) -> Acquisition:
    """A scan of somebody else by the same protocol, as near as a case-control study would match it.

    Not the same one: a model that has seen one of two patients scanned exactly alike would take the other for the
    opposite class, and do worse than by chance.
    """
    width_px = int(np.clip(scanner.width_px * rng.uniform(0.86, 1.16), NARROWEST_PX, WIDEST_PX))
    aspect = np.clip(scanner.height_px / scanner.width_px + rng.uniform(-0.03, 0.03), *ASPECTS)
    return replace(
        scanner,
        width_px=width_px,
        height_px=int(width_px * aspect),
        zoom=scanner.zoom + rng.uniform(-0.05, 0.05),
        offset=(rng.normal(0, 0.012), rng.normal(0.012, 0.012)),
        window_center_hu=scanner.window_center_hu + rng.uniform(-70, 70),
        window_width_hu=scanner.window_width_hu * rng.uniform(0.9, 1.1),
        noise_hu=float(scanner.noise_hu * np.exp(rng.normal(0, 0.2))),
        grain_px=scanner.grain_px * rng.uniform(0.88, 1.14),
        blur_px=scanner.blur_px * rng.uniform(0.88, 1.14),
        first_level=scanner.first_level + rng.uniform(-0.03, 0.03),
    )


@dataclass(frozen=True)
class Canvas:
    """Hounsfield units `hu` (h, w) of one slice, painted in place; shapes come in millimetres of the standard chest."""

    hu: Image
    anatomy: Anatomy
    level: float
    corner_mm: tuple[float, float]
    mm_per_px: float

    def pixels(self, points: Points, level: float | NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Where points (n, 2) of the standard chest fall on the grid, as (column, row)."""
        placed = self.anatomy.place(points, self.level if level is None else level)
        return (placed - self.corner_mm) / self.mm_per_px - 0.5

    def coverage(self, *loops: Points) -> Image:
        """Share of each pixel inside any of the closed curves, in [0, 1]."""
        drawn = np.zeros(self.hu.shape, np.uint8)
        for loop in loops:
            corners = np.round(self.pixels(loop) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
            cv2.fillPoly(drawn, [corners], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
        return drawn.astype(np.float32) / np.float32(255)

    def fill(self, loop: Points, value_hu: float, opacity: float = 1.0) -> None:
        """Paint the inside of a closed curve."""
        self.blend(self.coverage(loop) * np.float32(opacity), value_hu)

    def blend(self, coverage: Image, value_hu: float | Image) -> None:
        """Paint a value, or another image, where `coverage` says how much."""
        self.hu[...] += coverage * (np.float32(value_hu) - self.hu)


def empty_canvas(anatomy: Anatomy, scanner: Acquisition, level: float) -> Canvas:
    """A slice of air, framed the same way for every level of a patient."""
    lungs = anatomy.place(np.vstack(lung_outlines(WIDEST_LEVEL)), WIDEST_LEVEL)
    low, high = lungs.min(axis=0), lungs.max(axis=0)
    width_mm = (high[0] - low[0]) * scanner.zoom
    mm_per_px = width_mm / scanner.width_px
    extent = np.array([scanner.width_px, scanner.height_px]) * mm_per_px
    corner = (low + high) / 2 - extent / 2 + np.array(scanner.offset) * width_mm
    hu = np.full((scanner.height_px, scanner.width_px), AIR_HU, np.float32)
    return Canvas(hu, anatomy, level, (float(corner[0]), float(corner[1])), float(mm_per_px))


def expose(rng: np.random.Generator, hu: Image, scanner: Acquisition) -> NDArray[np.int16]:
    """The slice as reconstructed, HU (h, w): blur of the focal spot, grain of the reconstruction."""
    blurred = cv2.GaussianBlur(hu, (0, 0), scanner.blur_px)
    if scanner.sharpening:
        blurred = blurred + np.float32(scanner.sharpening) * (blurred - cv2.GaussianBlur(blurred, (0, 0), SHARPENED_PX))
    grain = cv2.GaussianBlur(rng.standard_normal(hu.shape, np.float32), (0, 0), scanner.grain_px)
    noisy = blurred + grain * np.float32(scanner.noise_hu / grain.std())
    return np.clip(np.rint(noisy), LEAST_HU, MOST_HU).astype(np.int16)


def windowed(hu: NDArray[np.int16], scanner: Acquisition) -> NDArray[np.uint8]:
    """The grey slice (h, w) in the scanner's lung window."""
    grey = (hu - np.float32(scanner.window_center_hu)) / np.float32(scanner.window_width_hu) + np.float32(0.5)
    return np.clip(np.rint(grey * 255), 0, 255).astype(np.uint8)
