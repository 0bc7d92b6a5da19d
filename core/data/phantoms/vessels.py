"""The vessel trees of a phantom's lungs, grown in three dimensions: neighbouring slices cut the same branches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.phantoms.anatomy import Floats, lung_cells, within_cells
from core.data.phantoms.atlas import CHEST_LENGTH_MM

TERMINAL_RADIUS_MM = 0.40
MURRAY_EXPONENT = 2.6  # a parent's radius to this power is the sum of its children's (Murray 1926 has 3)
TWIGS_A_TREE = 620
WAY_BACK_WEIGHT = 0.45
PIECES_AN_EDGE = 4
# Right and left hilum (x, y in mm, level): where the arteries enter, where the veins leave.
HILA = (((-33.0, -2.0, 0.50), (-24.0, 4.0, 0.58)), ((34.0, 2.0, 0.46), (26.0, 4.0, 0.58)))


@dataclass(frozen=True)
class Vessels:
    """Short pieces of vessel in the standard chest, (n, 3) mm, with `radius_mm` (n,) and whether an `artery` (n,)."""

    start: Floats
    end: Floats
    radius_mm: Floats
    artery: NDArray[np.bool_]


def grow_vessels(rng: np.random.Generator) -> Vessels:
    """Arteries and veins of both lungs."""
    trees = []
    for side, hila in enumerate(HILA):
        for kind, (x, y, level) in enumerate(hila):
            cells, _ = lung_cells(side)
            ends = within_cells(rng, cells[rng.integers(len(cells), size=TWIGS_A_TREE)])
            start, end, radius = _grow(rng, np.array([x, y, level * CHEST_LENGTH_MM]), ends)
            trees.append((start, end, radius, np.full(len(radius), kind == 0)))
    return Vessels(*(np.concatenate(parts) for parts in zip(*trees, strict=True)))


def _grow(rng: np.random.Generator, hilum: Floats, ends: Floats) -> tuple[Floats, Floats, Floats]:
    """Join each end, nearest to the hilum first, to the node that costs least: the gap and a share of the way back.

    Ends are joined in batches that grow with the tree. Every edge bends at a middle node, where later ends may join.
    """
    ends = ends[np.argsort(((ends - hilum) ** 2).sum(axis=1))]
    size = 2 * len(ends) + 1
    nodes, way, parent = np.empty((size, 3)), np.zeros(size), np.zeros(size, dtype=int)
    nodes[0] = hilum
    joined = 0
    while joined < len(ends):
        batch = ends[joined : joined + max(2, joined // 5)]
        made = 2 * joined + 1
        products = np.einsum("bd,nd->bn", batch, nodes[:made])  # no BLAS: the same bits on any number of threads
        squares = (batch**2).sum(axis=1)[:, None] + (nodes[:made] ** 2).sum(axis=1) - 2 * products
        gaps = np.sqrt(np.maximum(squares, 0))  # (batch, made)
        near = np.argmin(gaps + WAY_BACK_WEIGHT * way[:made], axis=1)
        gap = gaps[np.arange(len(batch)), near]
        middles = np.arange(made, made + 2 * len(batch), 2)
        nodes[middles] = (nodes[near] + batch) / 2 + rng.normal(0, 0.08, batch.shape) * gap[:, None]
        nodes[middles + 1] = batch
        parent[middles], parent[middles + 1] = near, middles
        way[middles], way[middles + 1] = way[near] + gap / 2, way[near] + gap
        joined += len(batch)
    twigs = np.zeros(size)
    twigs[2::2] = 1
    for node in range(size - 1, 0, -1):
        twigs[parent[node]] += twigs[node]
    radius = TERMINAL_RADIUS_MM * np.maximum(twigs, 1) ** (1 / MURRAY_EXPONENT)
    inflow = nodes - nodes[parent]
    inflow[0] = 0.0
    return _pieces(nodes[parent[1:]], nodes[1:], inflow[parent[1:]], radius[parent[1:]], radius[1:])


def _pieces(start: Floats, end: Floats, inflow: Floats, wide: Floats, narrow: Floats) -> tuple[Floats, Floats, Floats]:
    """Edges cut into short pieces: they set out in the direction of the `inflow` and taper to the child's radius."""
    edge = end - start
    lengths = np.linalg.norm(edge, axis=1, keepdims=True)
    ahead = inflow * lengths / np.maximum(np.linalg.norm(inflow, axis=1, keepdims=True), 1e-9)
    bend = np.where(inflow.any(axis=1, keepdims=True), 0.6 * (ahead - edge), 0.0)
    t = np.linspace(0, 1, PIECES_AN_EDGE + 1)[:, None, None]
    points = start + edge * t + bend * t * (1 - t) ** 2  # (pieces + 1, edges, 3), a cubic with its start turned
    taper = np.linspace(1, 0, PIECES_AN_EDGE)[:, None]
    radius = narrow + (np.minimum(wide, 1.25 * narrow) - narrow) * taper
    return points[:-1].reshape(-1, 3), points[1:].reshape(-1, 3), radius.ravel()
