"""The optimism gap: how much better a random split of the scans looks than a split that keeps groups whole.

A cheap probe stands in for a network: small pixels and small gradients of each scan, and a ridge regression in the
feature space of a Gaussian kernel, which remembers its scans well enough to profit from a leak as a network does.
Source of the method: C. Saunders, A. Gammerman and V. Vovk, "Ridge regression learning algorithm in dual variables",
ICML 1998; of the feature space: A. Aizerman, E. Braverman and L. Rozonoer (1964).
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve

from core.audit.folds import DRAWS, Fold, Judged, auc_of, group_folds
from core.evaluation.intervals import Estimate, WeightedStatistic, group_bootstrap

REPEATS = 3
RIDGE = 0.1  # of the mean of the kernel's diagonal, which is 1
_SMALL_PX = 32
_DIRECTIONS = 8
_CELLS = 8  # of gradients, each way


@dataclass(frozen=True)
class Gap:
    """AUC under a split by scan and under one by group, and the first minus the second; 95 % intervals.

    With more than two classes each AUC is the mean over the classes, one against the rest.
    """

    by_slice: Estimate
    by_group: Estimate
    difference: Estimate


def optimism_gap(
    squares: NDArray[np.uint8],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    *,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Gap | None:
    """Cross-validate the probe both ways, several times over; None where a class has fewer than two groups.

    The intervals come from drawing whole groups, the same ones for both ways.

    Args:
        squares: grey scans, shape (n, side, side).
        labels: class numbers from 0, shape (n,).
        groups: group numbers, shape (n,).
        seed: same seed, same figures.
        progress: called with (done, total) after each cross-validation.
    """
    kernel = _kernel(look_features(squares))
    judged: dict[str, list[Judged]] = {"slice": [], "group": []}
    ways = {"slice": np.arange(len(labels)), "group": groups}
    for repeat in range(REPEATS):
        for number, (way, units) in enumerate(ways.items()):
            folds = group_folds(labels, units, seed=seed + repeat)
            if not folds:
                return None
            judged[way] += [_judge(kernel, labels, fold) for fold in folds]
            if progress is not None:
                progress(2 * repeat + number + 1, 2 * REPEATS)
    by_slice, by_group = (_mean_auc(judged[way], labels) for way in ways)

    def difference(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return by_slice(weights) - by_group(weights)

    return Gap(*(group_bootstrap(one, groups, draws=DRAWS, seed=seed) for one in (by_slice, by_group, difference)))


def look_features(squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the probe sees of each scan, shape (n, 1536): 32 x 32 pixels, and gradients in 8 x 8 cells, 8 directions.

    Each half has mean 0 and length 1, so neither overall brightness nor contrast counts.
    """
    return np.stack([np.concatenate([_unit(half) for half in _halves(square)]) for square in squares])


def _halves(square: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    small = cv2.resize(square, (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    across, down = cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)
    direction = (np.arctan2(down, across) % np.pi * (_DIRECTIONS / np.pi)).astype(int) % _DIRECTIONS
    strength = np.hypot(across, down)
    cells = [
        cv2.resize(strength * (direction == one), (_CELLS, _CELLS), interpolation=cv2.INTER_AREA).ravel()
        for one in range(_DIRECTIONS)
    ]
    return small.ravel(), np.sqrt(np.concatenate(cells))


def _unit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = values - values.mean()
    return centred / max(float(np.linalg.norm(centred)), 1e-6)


def _kernel(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Gaussian kernel of all scans with all, shape (n, n); its width is the mean distance. No label is looked at."""
    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(spread > 1e-6, spread, 1)
    product = (scaled @ scaled.T).astype(np.float64)
    squared = np.diag(product)
    distances = np.maximum(squared[:, None] + squared[None, :] - 2 * product, 0)  # squared
    return np.exp(-distances / max(float(distances.mean()), 1e-12))


def _judge(kernel: NDArray[np.float64], labels: NDArray[np.int64], fold: Fold) -> Judged:
    """Ridge regression to +1 for a class and -1 for the rest, every class counting the same."""
    train, test = fold
    classes = np.arange(labels.max() + 1)
    shares = np.bincount(labels[train], minlength=classes.size) / len(train)
    ridge = RIDGE * shares[labels[train]] * classes.size
    targets = np.where(labels[train][:, None] == classes, 1.0, -1.0)  # (k, classes)
    weights = solve(kernel[np.ix_(train, train)] + np.diag(ridge), targets, assume_a="pos")
    return Judged(test, kernel[np.ix_(test, train)] @ weights)


def _mean_auc(judged: list[Judged], labels: NDArray[np.int64]) -> WeightedStatistic:
    classes = range(int(labels.max()) + 1)
    # Of two classes one is enough: the other's AUC is the same.
    each = [auc_of(judged, labels == label, label) for label in (classes if len(classes) > 2 else classes[1:])]
    return lambda weights: np.mean([one(weights) for one in each], axis=0)
