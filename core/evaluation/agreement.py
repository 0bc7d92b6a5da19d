"""Every figure that a confusion matrix holds, for one matrix or thousands of resampled ones at once.

All functions take matrices of shape (..., classes, classes), row the truth, column the prediction, and give shape
(...,). Counts need not be whole. A share of nothing is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrices = NDArray[np.float64]
Values = NDArray[np.float64]


def share(above: NDArray[np.float64], below: NDArray[np.float64]) -> Values:
    """Above over below, NaN where nothing lies below."""
    return np.divide(above, below, out=np.full(np.broadcast(above, below).shape, np.nan), where=below > 0)


def accuracy(matrices: Matrices) -> Values:
    """Share of scans given their own class."""
    return share(np.trace(matrices, axis1=-2, axis2=-1), matrices.sum((-2, -1)))


def recalls(matrices: Matrices) -> Values:
    """Share of each class found, shape (..., classes)."""
    return share(np.diagonal(matrices, axis1=-2, axis2=-1), matrices.sum(-1))


def precisions(matrices: Matrices) -> Values:
    """Share of the calls of each class that are right, shape (..., classes); NaN for one that is never called."""
    return share(np.diagonal(matrices, axis1=-2, axis2=-1), matrices.sum(-2))


def precisions_or_zero(matrices: Matrices) -> Values:
    """The same for an average: 0 for a class that has scans and is never called, NaN for one that has no scans.

    As `f_betas` counts such classes, and scikit-learn's `zero_division=0` over the classes that have scans. To leave a
    class out that is never found would reward a model for giving it up.
    """
    support, called = matrices.sum(-1), matrices.sum(-2)
    return np.where(support > 0, np.where(called > 0, precisions(matrices), 0.0), np.nan)


def f_betas(matrices: Matrices, beta: float = 1.0) -> Values:
    """F-beta of each class, shape (..., classes); NaN for a class that has no scans.

    Recall counts beta times as much as precision. Source: C. J. van Rijsbergen, "Information Retrieval", 2nd ed. 1979.
    """
    found, support, called = np.diagonal(matrices, axis1=-2, axis2=-1), matrices.sum(-1), matrices.sum(-2)
    values = share((1 + beta**2) * found, beta**2 * support + called)
    return np.where(support > 0, values, np.nan)


def balanced_accuracy(matrices: Matrices) -> Values:
    """Mean recall of the classes that have scans; NaN where fewer than two have.

    Source: K. H. Brodersen et al., "The balanced accuracy and its posterior distribution", ICPR 2010.
    """
    return _mean_of_two_or_more(recalls(matrices))


def macro(per_class: Values) -> Values:
    """Mean over the classes where it is defined; NaN where it is for fewer than two."""
    return _mean_of_two_or_more(per_class)


def matthews(matrices: Matrices) -> Values:
    """Correlation of truth and prediction, in [-1, 1], for any number of classes.

    0 where all scans are given one class, the limit of guessing; NaN where the truth holds one class only.
    Sources: B. W. Matthews, Biochimica et Biophysica Acta 405 (1975), 442-451; several classes: J. Gorodkin,
    "Comparing two K-category assignments by a K-category correlation coefficient", Comput. Biol. Chem. 28 (2004).
    """
    n, right = matrices.sum((-2, -1)), np.trace(matrices, axis1=-2, axis2=-1)
    truth, called = matrices.sum(-1), matrices.sum(-2)
    # Counts that are drawn with doubt are not whole, and rounding takes a spread of nothing below it.
    spread_of_truth, spread_of_calls = (np.maximum(n**2 - (of**2).sum(-1), 0.0) for of in (truth, called))
    values = share(n * right - (truth * called).sum(-1), np.sqrt(spread_of_truth * spread_of_calls))
    values = np.where((spread_of_calls <= 0) & (n > 0), 0.0, values)
    return np.where(spread_of_truth > 0, np.clip(values, -1, 1), np.nan)


def kappa(matrices: Matrices) -> Values:
    """Cohen's kappa: agreement beyond what the same shares would reach by chance, at most 1.

    NaN where the truth holds one class only. Source: J. Cohen, "A coefficient of agreement for nominal scales",
    Educational and Psychological Measurement 20 (1960), 37-46.
    """
    n = matrices.sum((-2, -1))
    truth, called = matrices.sum(-1), matrices.sum(-2)
    by_chance = share((truth * called).sum(-1), n**2)
    values = share(accuracy(matrices) - by_chance, 1 - by_chance)
    return np.where(n**2 > (truth**2).sum(-1), values, np.nan)


def scores_of(positive: int) -> dict[str, Callable[[Matrices], Values]]:
    """What is no plain share of scans, by name: F1 and F2 of the positive class, the others over all classes."""
    return {
        "balanced_accuracy": balanced_accuracy,
        "f1": lambda matrices: f_betas(matrices)[..., positive],
        "f2": lambda matrices: f_betas(matrices, 2.0)[..., positive],
        "mcc": matthews,
        "kappa": kappa,
    }


# Of the classes that have scans. The micro averages of all three are the accuracy, as every scan has one class and is
# given one.
AVERAGES: dict[str, Callable[[Matrices], Values]] = {
    "macro_recall": lambda matrices: macro(recalls(matrices)),
    "macro_precision": lambda matrices: macro(precisions_or_zero(matrices)),
    "macro_f1": lambda matrices: macro(f_betas(matrices)),
}


@dataclass(frozen=True, eq=False)
class Share:
    """A share of scans as the cells it is counted in: both of shape (classes, classes), bool."""

    counted: NDArray[np.bool_]
    among: NDArray[np.bool_]

    def of(self, matrices: Matrices) -> Values:
        """Its value in each matrix."""
        return share((matrices * self.counted).sum((-2, -1)), (matrices * self.among).sum((-2, -1)))


def shares_of(classes: int, positive: int) -> dict[str, Share]:
    """The shares people quote by name: of the positive class against the rest, and accuracy over all classes."""
    truth, called = np.zeros((2, classes, classes), dtype=bool)
    truth[positive], called[:, positive] = True, True
    return {
        "fnr": Share(truth & ~called, truth),
        "fpr": Share(~truth & called, ~truth),
        "recall": Share(truth & called, truth),
        "specificity": Share(~truth & ~called, ~truth),
        "precision": Share(truth & called, called),
        "npv": Share(~truth & ~called, ~called),
        "accuracy": Share(np.eye(classes, dtype=bool), np.ones_like(truth)),
    }


def _mean_of_two_or_more(values: Values) -> Values:
    known = ~np.isnan(values)
    return np.where(
        known.sum(-1) >= 2, share(np.where(known, values, 0.0).sum(-1), known.sum(-1).astype(np.float64)), np.nan
    )
