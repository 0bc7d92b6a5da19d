"""What a network's score does as pixels are taken away, or given, in the order of a map.

Deletion: the hottest pixels are blurred away first; of a faithful map the score falls at once, so its area is small.
Insertion: a blurred scan gets its hottest pixels back first; the score rises at once, so its area is large. Source: V.
Petsiuk, A. Das and K. Saenko, "RISE: randomized input sampling for explanation of black-box models", BMVC 2018,
arXiv:1806.07421. Both replace by the blurred scan here (there deletion greys out, whose edges are new to
the network), and scores are log-odds: a probability near 1 hardly moves, whatever is removed. ROAD: pixels are imputed,
see `road`; the mean score with the coldest removed first minus that with the hottest removed first.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.explanation.faithfulness.orders import first_of
from core.explanation.faithfulness.road import imputed

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)  # denser where a map should tell most
ROAD_SHARES = (0.2, 0.4, 0.6, 0.8)
_BLUR_SHARE = 0.1  # of the side: wide enough that no lesion is left

Scorer = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""Log-odds (n,) of squares (n, s, s) in [0, 1]."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Log-odds along one order of pixels.

    Attributes:
        deletion: with each of `SHARES` of the hottest pixels blurred away, shape (9,).
        insertion: of the blurred scan with each share of the hottest pixels given back, shape (9,).
        road_hottest, road_coldest: with each of `ROAD_SHARES` of the hottest, of the coldest pixels imputed.
    """

    deletion: NDArray[np.float64]
    insertion: NDArray[np.float64]
    road_hottest: NDArray[np.float64]
    road_coldest: NDArray[np.float64]

    @property
    def deletion_area(self) -> float:
        """Area under the deletion curve, mean log-odds: small is good."""
        return float(np.trapezoid(self.deletion, SHARES))

    @property
    def insertion_area(self) -> float:
        """Area under the insertion curve, mean log-odds: large is good."""
        return float(np.trapezoid(self.insertion, SHARES))

    @property
    def road(self) -> float:
        """Mean log-odds lost more by removing the hottest than by removing the coldest: large is good."""
        return float((self.road_coldest - self.road_hottest).mean())


class Perturber:
    """One scan, perturbed along orders of its pixels.

    Args:
        square: the scan as the network sees it, in [0, 1], shape (s, s).
        score: of the class asked about.
    """

    def __init__(self, square: NDArray[np.floating], score: Scorer) -> None:
        self._sharp = square.astype(np.float32)
        width = _BLUR_SHARE * max(square.shape)
        self._blurred = np.asarray(cv2.GaussianBlur(self._sharp, (0, 0), width), np.float32)
        self._score = score
        self.score_as_it_is, self.score_blurred = score(np.stack([self._sharp, self._blurred]))

    def curves(self, order: NDArray[np.intp], rng: np.random.Generator) -> Curves:
        """Scores along an order.

        Args:
            order: numbers of the pixels, hottest first, shape (s * s,).
            rng: draws the noise of imputed pixels.
        """
        sharp, blurred, inner = self._sharp, self._blurred, SHARES[1:-1]
        hottest = [first_of(order, share).reshape(sharp.shape) for share in inner]
        squares = [np.where(hot, blurred, sharp) for hot in hottest]
        squares += [np.where(hot, sharp, blurred) for hot in hottest]
        for which in (order, order[::-1]):
            squares += [imputed(sharp, first_of(which, share).reshape(sharp.shape), rng) for share in ROAD_SHARES]
        ends = np.cumsum([len(inner), len(inner), len(ROAD_SHARES)])
        deleted, inserted, hot, cold = np.split(self._score(np.stack(squares)), ends)
        whole, bare = self.score_as_it_is, self.score_blurred
        return Curves(np.r_[whole, deleted, bare], np.r_[bare, inserted, whole], hot, cold)
