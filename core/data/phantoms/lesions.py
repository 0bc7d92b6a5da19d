"""Opacities of a phantom's lungs: haze, airless patches, and the scars and old nodules that all lungs may have."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.data.phantoms.anatomy import Floats, lung_cells, within_cells
from core.data.phantoms.atlas import CHEST_LENGTH_MM
from core.data.phantoms.scanner import Canvas, Image

PLEURA_PULL_MM = 11.0  # how quickly lesions become rarer away from the pleura


@dataclass(frozen=True)
class Opacity:
    """A patch of denser lung. `centre_mm` is (x, y, z) in the standard chest, `radii_mm` its half axes.

    `added_hu` is what its core adds to aerated lung; `airless` in [0, 1] is the share of the core that holds no air, so
    that vessels no longer show. `softness` is the width of its edge over its radius.
    """

    centre_mm: tuple[float, float, float]
    radii_mm: tuple[float, float, float]
    turn_radians: float
    added_hu: float
    airless: float
    roughness: float
    softness: float


@dataclass(frozen=True)
class Patches:
    """What a patient's lungs hold beside aerated tissue: patches of `haze`, and `airless` ones."""

    haze: tuple[Opacity, ...]
    airless: tuple[Opacity, ...]


def draw_patches(rng: np.random.Generator, levels: list[float], *, enlarge: float = 1.0) -> Patches:
    """Patches from small and subtle to large and plain; the first of each kind is meant to reach through all `levels`.

    Nothing here depends on the diagnosis: it decides which patches a patient shows.
    """
    severity = rng.beta(1.6, 1.1)
    haze = tuple(
        _patch(
            rng, levels, (12 + 16 * severity) * enlarge, first=index == 0, added_hu=190 + 290 * severity, airless=0.0
        )
        for index in range(1 + int(rng.binomial(4, 0.25 + 0.55 * severity)))
    )
    airless = tuple(
        _patch(
            rng, levels, (7 + 8 * severity) * enlarge, first=index == 0, added_hu=420.0, airless=0.7 + 0.3 * severity
        )
        for index in range(1 + int(rng.binomial(2, 0.2 + 0.4 * severity)))
    )
    return Patches(haze, airless)


def draw_harmless(rng: np.random.Generator) -> list[Opacity]:
    """Scars and old nodules, found in both classes alike."""
    spots = []
    for _ in range(rng.poisson(0.5)):
        centre = _place(rng, rng.uniform(50, 200), 20)
        scar = rng.random() < 0.6
        radius = rng.uniform(12, 26) if scar else rng.uniform(2.0, 3.5)
        spots.append(
            Opacity(
                centre_mm=centre,
                radii_mm=(float(radius), float(rng.uniform(1.2, 2.6) if scar else radius), 10.0 if scar else 5.0),
                turn_radians=float(rng.uniform(0, np.pi)),
                added_hu=float(rng.uniform(150, 400)),
                airless=float(not scar),
                roughness=0.15,
                softness=0.5,
            )
        )
    return spots


def opacity_image(spot: Opacity, canvas: Canvas, noise: tuple[Image, Image, Image]) -> Image:
    """How much of an opacity each pixel of a slice holds, (h, w) in [0, 1]; `noise` (coarse to fine) frays its edge."""
    coarse, middle, fine = noise
    x, y, z = spot.centre_mm
    column, row = canvas.pixels(np.array([[x, y]]))[0]
    right = (np.arange(coarse.shape[1], dtype=np.float32)[None, :] - np.float32(column)) * canvas.mm_per_px
    down = (np.arange(coarse.shape[0], dtype=np.float32)[:, None] - np.float32(row)) * canvas.mm_per_px
    cos, sin = math.cos(spot.turn_radians), math.sin(spot.turn_radians)
    along, across = (right * cos + down * sin) / spot.radii_mm[0], (down * cos - right * sin) / spot.radii_mm[1]
    off = (canvas.level * CHEST_LENGTH_MM - z) / spot.radii_mm[2]
    frayed = spot.roughness * (0.6 * middle + 0.22 * fine + 0.4 * coarse)
    distance = np.sqrt(along**2 + across**2 + off**2) + frayed
    rise = np.clip((1 - distance) / spot.softness + 0.5, 0, 1)
    return np.asarray(rise * rise * (3 - 2 * rise), dtype=np.float32)


def _patch(
    rng: np.random.Generator, levels: list[float], radius_mm: float, *, first: bool, added_hu: float, airless: float
) -> Opacity:
    low, high = levels[0] * CHEST_LENGTH_MM, levels[-1] * CHEST_LENGTH_MM
    centre = _place(rng, (low + high) / 2, (high - low) / (6 if first else 2))
    radius = radius_mm * np.exp(rng.normal(0, 0.25))
    reach = (0.65 if first else 0.0) * (high - low)
    return Opacity(
        centre_mm=centre,
        radii_mm=(
            float(radius * rng.uniform(0.9, 1.7)),
            float(radius * rng.uniform(0.7, 1.1)),
            float(radius * rng.uniform(0.8, 1.3) + reach),
        ),
        turn_radians=float(np.arctan2(centre[1], centre[0]) + np.pi / 2 + rng.normal(0, 0.3)),
        added_hu=float(added_hu * np.exp(rng.normal(0, 0.2))),
        airless=airless,
        roughness=float(rng.uniform(0.25, 0.5)),
        softness=float(rng.uniform(0.5, 1.1)) * (1 - 0.4 * airless),
    )


def _place(rng: np.random.Generator, middle_mm: float, spread_mm: float) -> tuple[float, float, float]:
    """A point of either lung near the given height, mostly near the pleura and towards the back."""
    side = int(rng.integers(2))
    cells, _ = lung_cells(side)
    weight = _likely(side) * np.exp(-0.5 * ((cells[:, 2] - middle_mm) / (0.6 * spread_mm + 4)) ** 2)
    chosen = np.searchsorted(np.cumsum(weight), rng.uniform(0, weight.sum()))
    x, y, z = within_cells(rng, cells[chosen : chosen + 1])[0]
    return float(x), float(y), float(z)


@lru_cache(maxsize=2)
def _likely(side: int) -> Floats:
    """How likely a patch lies in each cell of a lung (n,), wherever it is down the chest."""
    cells, depth_mm = lung_cells(side)
    back = np.clip(1.0 + cells[:, 1] / 110, 0.1, 2) ** 1.5
    return np.asarray(back * np.exp(-depth_mm / PLEURA_PULL_MM))
