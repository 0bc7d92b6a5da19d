"""Scans as points on a flat map, near each other where the network sees them alike; and areas drawn on it."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import RequestError
from core.explanation.features import BLOCK, Features

PCA, TSNE = "pca", "tsne"
MAPS = {PCA: "Principal components", TSNE: "t-SNE"}
MOST_CORNERS = 40
_DIGITS = 3  # of a coordinate in [-1, 1]: finer than a pixel of a map that fills a screen


@dataclass(frozen=True, eq=False)
class Projection:
    """Scans on a map.

    Attributes:
        points: float32 (n, 2) in [-1, 1], x to the right and y upwards, both in one scale; NaN for a scan that is not
            on the map.
        explained: share of the features' variance along each axis, in [0, 1]; of principal components alone.
    """

    points: NDArray[np.float32]
    explained: tuple[float, float] | None = None


@dataclass(frozen=True)
class Area:
    """A polygon drawn on one of the `MAPS`; its corners in order, as (x, y)."""

    kind: str
    corners: tuple[tuple[float, float], ...]

    @property
    def text(self) -> str:
        """As an address carries it, such as `pca:-0.5,0.25;0.1,0.3;0,0`; `read_area(area.text) == area`."""
        return f"{self.kind}:" + ";".join(f"{_short(x)},{_short(y)}" for x, y in self.corners)


def principal_components(features: Features) -> Projection:
    """The two directions along which the scans' features differ most; lengths are taken out, as for `look_alikes`.

    Each axis is turned so that its largest loading is positive: the same features give the same map.
    """
    from scipy.linalg import eigh

    n, d = features.values.shape
    if n < 2 or d < 2:
        return Projection(np.zeros((n, 2), np.float32), (0.0, 0.0))
    blocks = [slice(start, start + BLOCK) for start in range(0, n, BLOCK)]
    mean = sum(features.directions(block).sum(axis=0, dtype=np.float64) for block in blocks) / n
    covariance = np.zeros((d, d))
    for block in blocks:
        centred = features.directions(block) - mean.astype(np.float32)
        covariance += centred.T @ centred / (n - 1)
    values, vectors = eigh(covariance, subset_by_index=[d - 2, d - 1])
    axes = vectors[:, ::-1]
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1, 1)
    total = float(np.trace(covariance))
    first, second = (max(0.0, float(value)) / total if total > 0 else 0.0 for value in values[::-1])
    points = np.concatenate([features.directions(block) @ axes.astype(np.float32) for block in blocks])
    return Projection(in_square(points), (first, second))


def in_square(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Points (n, 2) moved and scaled, both axes alike, until the wider one just fills [-1, 1]."""
    if not len(points):
        return points.astype(np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    half = float((high - low).max()) / 2
    scaled = (points - (low + high) / 2) / (half if half > 0 else 1.0)
    return np.clip(scaled, -1, 1).astype(np.float32)


def drawn_area(kind: str, xs: ArrayLike, ys: ArrayLike) -> Area | None:
    """What somebody drew on a map, with as few corners as keep its shape, at most `MOST_CORNERS`; None for no area.

    Args:
        kind: one of `MAPS`.
        xs: of the outline in order, shape (m,); of a box its two sides.
        ys: the same upwards.

    Simplified after Douglas and Peucker ("Algorithms for the reduction of the number of points required to represent
    a digitized line or its caricature", Cartographica, 1973), as in OpenCV.
    """
    outline = np.stack([np.asarray(xs, np.float32), np.asarray(ys, np.float32)], axis=1)
    if len(outline) == 2:  # a box, by two opposite corners
        (left, bottom), (right, top) = outline
        outline = np.array([(left, bottom), (right, bottom), (right, top), (left, top)], np.float32)
    if len(outline) < 3 or not np.isfinite(outline).all():
        return None
    tolerance = 0.5 * 10.0**-_DIGITS
    corners: NDArray[Any] = outline
    while len(corners) > MOST_CORNERS:
        corners = cv2.approxPolyDP(outline[:, None], tolerance, True).reshape(-1, 2)
        tolerance *= 1.25
    if len(corners) < 3:  # a scribble may lose its area at once
        corners = outline[np.linspace(0, len(outline) - 1, min(len(outline), MOST_CORNERS)).astype(int)]
    rounded = [tuple(round(float(value), _DIGITS) + 0.0 for value in corner) for corner in corners]
    distinct = [corner for corner, before in zip(rounded, [None, *rounded[:-1]], strict=True) if corner != before]
    return Area(kind, tuple((x, y) for x, y in distinct)) if len(set(distinct)) > 2 else None


def read_area(text: str) -> Area:
    """The area that a text such as `pca:0,0;1,0;1,1` describes.

    Raises:
        RequestError: it describes none.
    """
    kind, _, corners = text.partition(":")
    try:
        points = tuple(_corner(part) for part in corners.split(";"))
        if kind in MAPS and 3 <= len(points) <= MOST_CORNERS:
            return Area(kind, points)
    except ValueError:
        pass
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    raise RequestError(
        f"expected an area as {' or '.join(MAPS)}:x,y;x,y;x,y with 3 to {MOST_CORNERS} corners, found {shown!r}; "
        "draw it anew on the map of all scans"
    )


def within(points: NDArray[np.floating], area_text: str) -> NDArray[np.bool_]:
    """Which points lie in an area, shape (n,), by the even-odd rule; a point that is NaN does not.

    Args:
        points: shape (n, 2), of the map that the area was drawn on.
        area_text: as `Area.text`.

    Raises:
        RequestError: the text describes no area.
    """
    corners = np.array(read_area(area_text).corners)
    known = np.flatnonzero(
        (points >= corners.min(axis=0)).all(axis=1) & (points <= corners.max(axis=0)).all(axis=1)
    )  # NaN is never
    x, y = points[known].astype(np.float64).T
    inside = np.zeros(len(known), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)  # a ray to the right from the point
            inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    found = np.zeros(len(points), bool)
    found[known[inside]] = True
    return found


def _corner(text: str) -> tuple[float, float]:
    x, y = (float(part) for part in text.split(","))
    if not (abs(x) <= 10 and abs(y) <= 10):  # NaN and infinity neither
        raise ValueError("too far out")
    return x, y


def _short(value: float) -> str:
    return f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".") if value else "0"
