"""How well the label follows from what is not anatomy: cross-validated by groups, one family of cues at a time.

The probe is a forest of extremely randomised trees: it takes numbers of any scale, and finds what only holds in
combination. Source: P. Geurts, D. Ernst and L. Wehenkel, "Extremely randomized trees", Machine Learning 63 (2006).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.ensemble import ExtraTreesClassifier

from core.audit.cues import Cues
from core.audit.folds import Judged, auc_within_folds, group_folds
from core.evaluation.intervals import Estimate

TREES = 100
SMALLEST_LEAF = 12  # scans: fewer, and it would know a patient's slices again
TOGETHER = "together"
MOST_CUES = 4
MIN_CUE_AUC = 0.55
_SAME = 0.98  # correlation above which two cues say the same


@dataclass(frozen=True)
class CarryingCue:
    """One cue alone, and how well it tells a class.

    Attributes:
        column: in its family.
        name: what it is called.
        auc: at least 0.5.
        rises: whether it is higher, or more often there, in the class.
        also: names of cues that say the same.
    """

    column: int
    name: str
    auc: float
    rises: bool
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class FamilyProbe:
    """What a family of cues tells about the class that it gives away best.

    `auc` is of the class number `label` against the rest; `carried_by` the cues that tell most, the best first.
    """

    family: str
    label: int
    auc: Estimate
    carried_by: tuple[CarryingCue, ...]


def probe_families(
    cues: Mapping[str, Cues],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    *,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[FamilyProbe]:
    """Every family by itself and, last, all together; nothing where a class has fewer than two groups.

    Of several classes the one is reported whose interval begins highest.

    Args:
        cues: by family, rows as in `labels`.
        labels: class numbers from 0, shape (n,).
        groups: group numbers, shape (n,).
        seed: same seed, same figures.
        progress: called with (done, total) after each family.
    """
    folds = group_folds(labels, groups, seed=seed)
    if not folds:
        return []
    every = Cues(
        TOGETHER,
        np.concatenate([family.values for family in cues.values()], axis=1),
        tuple(name for family in cues.values() for name in family.names),
    )
    probes = []
    for family in (*cues.values(), every):
        judged = []
        for train, test in folds:
            forest = ExtraTreesClassifier(
                TREES,
                min_samples_leaf=SMALLEST_LEAF,
                max_features=None,  # one telling cue among many plain ones must not be passed over
                class_weight="balanced",
                random_state=seed,
                n_jobs=1,
            ).fit(family.values[train], labels[train])
            judged.append(Judged(test, forest.predict_proba(family.values[test])))
        classes = int(labels.max()) + 1
        asked = range(classes if classes > 2 else 1)  # two classes are each other's mirror image
        found = [(auc_within_folds(judged, labels == label, label, groups, seed=seed), label) for label in asked]
        auc, label = max(found, key=lambda one: one[0].low)
        probes.append(FamilyProbe(family.family, label, auc, carrying_cues(family, labels == label)))
        if progress is not None:
            progress(len(probes), len(cues) + 1)
    return probes


def carrying_cues(family: Cues, positive: NDArray[np.bool_]) -> tuple[CarryingCue, ...]:
    """The cues with the highest AUC by themselves, none that says the same as one before it."""
    ranks = rankdata(family.values, axis=0)
    n_positive = int(positive.sum())
    pairs = n_positive * (len(positive) - n_positive)
    aucs = (ranks[positive].sum(axis=0) - n_positive * (n_positive + 1) / 2) / pairs
    strength = np.abs(aucs - 0.5)
    chosen: list[int] = []
    same: dict[int, list[str]] = {}
    # Rounded, so that of cues that say the same the first column is named, not the one ahead by a hair.
    for column in np.argsort(-np.round(strength, 2), kind="stable").tolist():
        if strength[column] < MIN_CUE_AUC - 0.5:
            continue
        like = [other for other in chosen if _correlation(ranks[:, column], ranks[:, other]) >= _SAME]
        if like:
            same[like[0]].append(family.names[column])
        elif len(chosen) < MOST_CUES:
            chosen.append(column)
            same[column] = []
    return tuple(
        CarryingCue(
            column,
            family.names[column],
            float(max(aucs[column], 1 - aucs[column])),
            bool(aucs[column] > 0.5),
            tuple(same[column]),
        )
        for column in chosen
    )


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    first, second = first - first.mean(), second - second.mean()
    return abs(float(first @ second)) / max(float(np.sqrt((first @ first) * (second @ second))), 1e-12)
