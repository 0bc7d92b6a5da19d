"""What is inside a phantom's lungs: aerated tissue, vessels, bronchi, fissures, and the opacities handed in."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.phantoms.anatomy import Floats
from core.data.phantoms.atlas import CHEST_LENGTH_MM
from core.data.phantoms.lesions import Opacity, Patches, draw_harmless
from core.data.phantoms.options import CRAZY_PAVING
from core.data.phantoms.patterns import LOBULE_MM, lay_out, lifted_hu, patch_mask, septal_net
from core.data.phantoms.scanner import AIR_HU, Canvas, Image
from core.data.phantoms.vessels import Vessels, grow_vessels

VESSEL_HU = 35.0
NOISE_GRAINS_MM = (26.0, 9.0, 4.0)
NOISE_CHANGE_MM = 35.0  # how far down the chest the texture has become another one
SUPERSAMPLING = 3


@dataclass(frozen=True)
class Lungs:
    """A patient's lungs apart from their outline. `noise` is (grains, 2, h, w): two textures a grain size.

    `dependent_hu` is how much denser the back is than the middle, `subpleural_hu` the density of a thin band at the
    back's pleura, `mosaic_hu` the patchiness of aeration, `fissure` the strength of the fissures in [0, 1],
    `harmless` the scars and old nodules. `hugs_pleura` is how much of what sinks lies along the pleura, 1 as much as at
    the very back; `lobules_mm` (3, n, 2) are the middles of the lobules, and two shifts that mix down the chest.
    """

    vessels: Vessels
    base_hu: float
    dependent_hu: float
    subpleural_hu: float
    mosaic_hu: float
    fissure: float
    harmless: tuple[Opacity, ...]
    hugs_pleura: float
    lobules_mm: Floats
    noise: NDArray[np.float32]


def draw_lungs(rng: np.random.Generator, shape: tuple[int, int], mm_per_px: float) -> Lungs:
    """Lungs at random, for slices of this shape. Nothing here depends on the diagnosis."""
    return Lungs(
        vessels=grow_vessels(rng),
        base_hu=rng.normal(-855, 28),
        dependent_hu=rng.uniform(15, 80),
        subpleural_hu=float(rng.uniform(40, 180) * (rng.random() < 0.3)),
        mosaic_hu=rng.uniform(6, 20),
        fissure=rng.uniform(0.05, 0.3),
        harmless=tuple(draw_harmless(rng)),
        hugs_pleura=rng.uniform(0.8, 2.2),
        lobules_mm=_lobules(rng),
        noise=_noise(rng, shape, mm_per_px),
    )


def paint_lungs(
    canvas: Canvas, inside: Image, lungs: Lungs, patches: Patches, pattern: str, thickness_mm: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Paint the lungs where `inside` (h, w) says; gives back where the patient's haze and airless patches are."""
    turn = canvas.level * CHEST_LENGTH_MM / NOISE_CHANGE_MM
    first, second = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    coarse, middle, fine = first * lungs.noise[:, 0] + second * lungs.noise[:, 1]
    noise = coarse, middle, fine
    depth_mm = cv2.distanceTransform((inside > 0.5).astype(np.uint8), cv2.DIST_L2, 3) * canvas.mm_per_px
    height = np.linspace(-1, 1, inside.shape[0], dtype=np.float32)[:, None]  # 1 at the back, where blood pools
    tissue = _aerated(lungs, height, depth_mm, noise)
    tissue = tissue + lifted_hu(tissue, lungs.harmless, canvas, noise)
    lifted = lifted_hu(tissue, patches.haze, canvas, noise), lifted_hu(tissue, patches.airless, canvas, noise)
    sinking = height + lungs.hugs_pleura * np.exp(-depth_mm / 6) + 0.07 * coarse + 0.03 * middle
    middles, one_shift, other_shift = lungs.lobules_mm
    lobules_mm = middles + first * one_shift + second * other_shift
    septa = septal_net(lobules_mm, canvas) if pattern == CRAZY_PAVING else np.zeros_like(tissue)
    tissue = lay_out(pattern, tissue, lifted, sinking, septa, inside)
    vessels, lumen = _vessel_coverage(canvas, lungs, thickness_mm)
    tissue = tissue + vessels * np.maximum(VESSEL_HU - tissue, 0)
    tissue = tissue + lumen * (AIR_HU + 60 - tissue)
    canvas.blend(inside, tissue.astype(np.float32))
    return patch_mask(lifted[0], inside), patch_mask(lifted[1], inside)


def _aerated(lungs: Lungs, height: Image, depth_mm: Image, noise: tuple[Image, Image, Image]) -> Image:
    coarse, middle, fine = noise
    tissue = lungs.base_hu + lungs.dependent_hu * height * np.abs(height)
    tissue = tissue + lungs.mosaic_hu * (coarse + 0.5 * middle) + 9 * fine
    pooled = np.clip((height - 0.15) / 0.5, 0, 1) * np.exp(-((depth_mm / (4.5 + 1.5 * coarse)) ** 2))
    return np.asarray(tissue + lungs.subpleural_hu * pooled, dtype=np.float32)


def _lobules(rng: np.random.Generator) -> Floats:
    """A grid of lobules and two shifts of each, (3, n, 2) mm."""
    x, y = np.meshgrid(np.arange(-165.0, 166, LOBULE_MM), np.arange(-130.0, 131, LOBULE_MM))
    y[:, ::2] += LOBULE_MM / 2
    grid = np.column_stack([x.ravel(), y.ravel()])
    return np.concatenate([grid[None], rng.normal(0, 0.24 * LOBULE_MM, (2, *grid.shape))])


def _vessel_coverage(canvas: Canvas, lungs: Lungs, thickness_mm: float) -> tuple[Image, Image]:
    """Share of each pixel that is vessel (or bronchial wall), and that is open bronchus."""
    vessels = lungs.vessels
    off = (vessels.start[:, 2] + vessels.end[:, 2]) / 2 - canvas.level * CHEST_LENGTH_MM
    length = np.abs(vessels.end[:, 2] - vessels.start[:, 2])
    overlap = (thickness_mm / 2 + vessels.radius_mm + length / 2 - np.abs(off)) / np.maximum(length, 1.0)
    near = overlap > 0
    start, end, radius, artery = vessels.start[near], vessels.end[near], vessels.radius_mm[near], vessels.artery[near]
    diluted = np.clip(3.2 * radius / thickness_mm, 0.22, 1.0)  # by the air around a vessel thinner than the slice
    grey = np.rint(255 * diluted * np.clip(overlap[near], 0.1, 1)).astype(int)
    scale = SUPERSAMPLING / canvas.mm_per_px
    drawn = np.zeros((canvas.hu.shape[0] * SUPERSAMPLING, canvas.hu.shape[1] * SUPERSAMPLING), np.uint8)
    lumen = np.zeros_like(drawn)
    widths = np.maximum(1, np.rint(2 * radius * scale)).astype(int)
    heads, tails = _fine_pixels(canvas, start), _fine_pixels(canvas, end)
    for piece in np.argsort(grey):
        cv2.line(drawn, heads[piece], tails[piece], int(grey[piece]), int(widths[piece]), cv2.LINE_AA)
    wide = np.flatnonzero(artery & (radius > 1.3))  # bronchi run beside the larger arteries
    beside = np.column_stack([np.sign(start[wide, 0]) * 2.0, np.full(len(wide), 0.7), np.zeros(len(wide))])
    beside *= radius[wide, None]
    heads, tails = _fine_pixels(canvas, start[wide] + beside), _fine_pixels(canvas, end[wide] + beside)
    for head, tail, width in zip(heads, tails, 1.4 * radius[wide] * scale, strict=True):
        cv2.line(drawn, head, tail, 120, max(2, round(width + 1.4 * scale)), cv2.LINE_AA)
        cv2.line(lumen, head, tail, 190, max(1, round(width)), cv2.LINE_AA)
    _draw_fissures(canvas, lungs.fissure, drawn)
    size = (canvas.hu.shape[1], canvas.hu.shape[0])
    return _coarse(drawn, size), _coarse(lumen, size)


def _coarse(layer: NDArray[np.uint8], size: tuple[int, int]) -> Image:
    small = cv2.resize(layer, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def _fine_pixels(canvas: Canvas, points: Floats) -> list[tuple[int, int]]:
    pixels = (canvas.pixels(points[:, :2], points[:, 2] / CHEST_LENGTH_MM) + 0.5) * SUPERSAMPLING
    return [(column, row) for column, row in np.rint(pixels).astype(int).tolist()]


def _draw_fissures(canvas: Canvas, strength: float, drawn: NDArray[np.uint8]) -> None:
    across = np.linspace(20, 145, 24)
    for side in (-1, 1):
        down = np.interp(canvas.level, [0.2, 0.9], [58, -52]) + 10 * np.sin(across / 38) - 0.1 * (across - 80)
        line = canvas.pixels(np.column_stack([side * across, down + 5 * side])) * SUPERSAMPLING
        layer = np.zeros_like(drawn)
        cv2.polylines(layer, [np.rint(line).astype(np.int32)], False, int(255 * strength), 2, cv2.LINE_AA)
        np.maximum(drawn, layer, out=drawn)


def _noise(rng: np.random.Generator, shape: tuple[int, int], mm_per_px: float) -> NDArray[np.float32]:
    fields = []
    for grain_mm in NOISE_GRAINS_MM:
        cells = [max(3, round(side * mm_per_px / grain_mm) + 2) for side in shape]
        for _ in range(2):
            field = cv2.resize(rng.standard_normal(cells, np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)
            fields.append(field / field.std())
    return np.array(fields).reshape(len(NOISE_GRAINS_MM), 2, *shape)
