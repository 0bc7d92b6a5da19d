"""One patient's chest: the standard one bent, stretched and tilted, and its outlines at every level."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.phantoms.atlas import CHEST_LENGTH_MM, LEFT_LUNG, LUNG_LEVELS, ORGANS, RIGHT_LUNG, Rows

Floats = NDArray[np.float64]
Points = NDArray[np.float64]  # (n, 2) millimetres of the standard chest

WALL_ANGLES = np.linspace(0, 2 * np.pi, 96, endpoint=False)  # 0 points to the patient's left, pi/2 to the back
VOLUME_MM = 3.0
VOLUME_LEVELS = 40
_VOLUME_CORNER = np.array([-152.0, -110.0])
_VOLUME_SHAPE = (75, 102)


@dataclass(frozen=True)
class Anatomy:
    """What makes one patient's chest their own; shared by all their slices, and the same for both classes.

    `stretch` scales x and y; rows of `waves` are (wavelengths in x, y, z over 2 pi, phase, shifts of x and y), all
    lengths in mm: gentle bends that make the two sides, and any two patients, differ. `fat_mm` lies under the skin;
    `breast` in [0, 1]; `muscle`, `heart` and `aorta` are sizes, 1 being common.
    """

    stretch: tuple[float, float]
    waves: Floats
    fat_mm: float
    breast: float
    muscle: float
    heart: float
    aorta: float
    rib_phase: float
    tilt_radians: float

    def place(self, points: Points, level: float | Floats) -> Points:
        """Points of the standard chest, shape (n, 2), as they lie in this patient, mm."""
        inverse = 1 / self.waves[:, :3].T
        phase = points @ inverse[:2] + np.multiply.outer(np.asarray(level) * CHEST_LENGTH_MM, inverse[2])
        shift = np.sin(phase + self.waves[:, 3]) @ self.waves[:, 4:]
        cos, sin = np.cos(self.tilt_radians), np.sin(self.tilt_radians)
        return (points + shift) * self.stretch @ np.array([[cos, sin], [-sin, cos]])


def draw_anatomy(rng: np.random.Generator) -> Anatomy:
    """A patient at random; nothing here depends on the diagnosis."""
    size = rng.normal(1.0, 0.05)
    wavelengths = rng.uniform(28, 70, (5, 3)) * rng.choice([-1, 1], (5, 3))
    breast = max(0.0, rng.uniform(-1.0, 1.0))
    return Anatomy(
        stretch=(size * rng.normal(1.0, 0.035), size * rng.normal(1.0, 0.055)),
        waves=np.column_stack([wavelengths, rng.uniform(0, 2 * np.pi, 5), rng.normal(0, (2.2, 1.8), (5, 2))]),
        fat_mm=float(np.clip(rng.gamma(3, 4.5), 4, 34)),
        breast=breast,
        muscle=rng.uniform(0.75, 1.25) - 0.15 * (breast > 0),
        heart=rng.normal(1.0, 0.09),
        aorta=rng.uniform(0.85, 1.2),
        rib_phase=rng.uniform(0, 1),
        tilt_radians=rng.normal(0, 0.035),
    )


def lung_outlines(level: float) -> tuple[Points, Points]:
    """Right and left lung at a level, closed curves, before organs push into them."""
    return smooth_loop(_between(RIGHT_LUNG, level)), smooth_loop(_between(LEFT_LUNG, level))


def ellipses(table: dict[str, Rows], level: float) -> dict[str, Floats]:
    """The ellipses present at a level: name -> (x, y, half width, half height, degrees)."""
    found = {}
    for name, rows in table.items():
        if rows[0][0] <= level <= rows[-1][0]:
            knots = np.array(rows)
            shape = np.array([np.interp(level, knots[:, 0], column) for column in knots[:, 1:].T])
            if shape[2] > 1.0:
                found[name] = shape
    return found


def ellipse_outline(shape: Floats, *, grow_mm: float = 0.0) -> Points:
    """An ellipse (x, y, half width, half height, degrees) as a closed curve."""
    x, y, half_width, half_height, degrees = shape
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    loop = np.column_stack([(half_width + grow_mm) * np.cos(angles), (half_height + grow_mm) * np.sin(angles)])
    return loop @ np.array([[cos, sin], [-sin, cos]]) + (x, y)


def chest_wall(level: float) -> Floats:
    """Distance from the origin to the inside of the ribs at each of `WALL_ANGLES`, mm: the lungs' convex hull."""
    ribs = np.vstack([_between(RIGHT_LUNG, level)[:8], _between(LEFT_LUNG, level)[:8]])
    directions = np.column_stack([np.cos(WALL_ANGLES), np.sin(WALL_ANGLES)])
    support = (smooth_loop(ribs) @ directions.T).max(axis=0)
    facing = directions @ directions.T
    radius = np.where(facing > 0.05, support / np.maximum(facing, 0.05), np.inf).min(axis=1)
    return np.asarray((radius + np.roll(radius, 1) + np.roll(radius, -1)) / 3)


def around(radius_mm: Floats) -> Points:
    """A closed curve from distances at `WALL_ANGLES`."""
    return np.column_stack([radius_mm * np.cos(WALL_ANGLES), radius_mm * np.sin(WALL_ANGLES)])


def smooth_loop(control: Points, steps: int = 8) -> Points:
    """Closed Catmull-Rom curve through control points, shape (n * steps, 2)."""
    return _loop_weights(len(control), steps) @ control


@lru_cache(maxsize=2)
def lung_cells(side: int) -> tuple[Floats, Floats]:
    """Cells of a standard lung (0 right, 1 left): centres (n, 3) mm and distance to the lung's surface (n,) mm."""
    depth = np.zeros((VOLUME_LEVELS, *_VOLUME_SHAPE))
    for index, level in enumerate((np.arange(VOLUME_LEVELS) + 0.5) / VOLUME_LEVELS):
        inside = np.zeros(_VOLUME_SHAPE, np.uint8)
        cv2.fillPoly(inside, [_volume_cells(lung_outlines(level)[side])], 1)
        for shape in ellipses(ORGANS, level).values():
            cv2.fillPoly(inside, [_volume_cells(ellipse_outline(shape))], 0)
        depth[index] = cv2.distanceTransform(inside, cv2.DIST_L2, 5) * VOLUME_MM
    level, row, column = np.nonzero(depth > VOLUME_MM)
    centres: Floats = np.column_stack([column, row, level]).astype(np.float64) + 0.5
    centres *= (VOLUME_MM, VOLUME_MM, CHEST_LENGTH_MM / VOLUME_LEVELS)
    centres[:, :2] += _VOLUME_CORNER
    surface = depth[level, row, column]
    for shared in (centres, surface):
        shared.flags.writeable = False
    return centres, surface


def within_cells(rng: np.random.Generator, centres: Floats) -> Floats:
    """A random point of each cell, (n, 3) mm."""
    size = np.array([VOLUME_MM, VOLUME_MM, CHEST_LENGTH_MM / VOLUME_LEVELS])
    return np.asarray(centres + rng.uniform(-0.5, 0.5, centres.shape) * size)


def _volume_cells(points: Points) -> NDArray[np.int32]:
    return np.rint((points - _VOLUME_CORNER) / VOLUME_MM - 0.5).astype(np.int32)


@lru_cache(maxsize=16)
def _loop_weights(count: int, steps: int) -> Floats:
    basis = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
    powers = (np.arange(steps) / steps)[:, None] ** np.arange(4)
    weights = np.zeros((count * steps, count))
    for start in range(count):
        columns = (start + np.arange(-1, 3)) % count
        weights[start * steps : (start + 1) * steps, columns] = powers @ basis
    return weights


def _between(table: Floats, level: float) -> Points:
    upper = int(np.clip(np.searchsorted(LUNG_LEVELS, level), 1, len(LUNG_LEVELS) - 1))
    share = float(np.clip((level - LUNG_LEVELS[upper - 1]) / np.diff(LUNG_LEVELS)[upper - 1], 0, 1))
    return table[upper - 1] * (1 - share) + table[upper] * share
