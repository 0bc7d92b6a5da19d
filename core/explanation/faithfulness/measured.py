"""Is this map faithful? All measures of one map of one scan, with their random reference, and the word they come to."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.evaluation.intervals import Estimate
from core.explanation.faithfulness.cells import cells_of
from core.explanation.faithfulness.curves import Curves, Perturber, Scorer
from core.explanation.faithfulness.orders import order_of
from core.explanation.faithfulness.random_maps import enlarged, random_maps
from core.explanation.faithfulness.random_weights import agreement_with_untrained
from core.explanation.faithfulness.stability import flip_and_shift
from core.explanation.faithfulness.verdict import Verdict, verdict_of
from core.explanation.stages import stage_named
from core.explanation.targets import Target, target_named
from core.models.build import LoadedModel
from core.models.outputs import log_odds

RANDOM_MAPS = 19
SEED = 0
MEASURES = {"deletion": "Deletion", "insertion": "Insertion", "road": "ROAD"}
"""What is compared with random maps: the area under the deletion curve (small is good), that under the insertion
curve, and ROAD (large is good)."""
_LARGE_IS_GOOD = {"deletion": -1.0, "insertion": 1.0, "road": 1.0}
_BATCH = 32


@dataclass(frozen=True)
class Compared:
    """One measure of a map beside that of random maps.

    Attributes:
        value: of the map.
        random: mean of the random maps.
        gain: how much better the map is than they are, above 0 if better, with the interval in which that lies for 95 %
            of the random maps.
    """

    value: float
    random: float
    gain: Estimate


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """Everything about one map of one scan.

    Attributes:
        target, method, layer: of the map.
        log_odds, log_odds_blurred: of the target in the scan as it is and in the wholly blurred one, uncalibrated.
        maximum: the map's unscaled maximum.
        curves: of the map.
        random: of each random map.
        compared: by a key of `MEASURES`; empty where the map is empty or flat.
        chance: share of maps that know nothing that do as well over all measures, in (0, 1]; NaN where that is.
        flip, shift, untrained: agreements, as `stability` and `random_weights` say.
        verdict: the word and why.
    """

    target: str
    method: str
    layer: str
    log_odds: float
    log_odds_blurred: float
    maximum: float
    curves: Curves | None
    random: tuple[Curves, ...]
    compared: dict[str, Compared]
    chance: float
    flip: float
    shift: float
    untrained: float
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        """Plain values, figures that do not exist as None; the curves stay behind."""
        return {
            "word": self.verdict.word,
            "says": self.verdict.says,
            "target": self.target,
            "method": self.method,
            "layer": self.layer,
            "log_odds": self.log_odds,
            "log_odds_blurred": self.log_odds_blurred,
            "maximum": self.maximum,
            **{name: _plain(getattr(self, name)) for name in ("chance", "flip", "shift", "untrained")},
            "random_maps": len(self.random),
            "measures": {
                name: {"value": one.value, "random": one.random, "gain": vars(one.gain)}
                for name, one in self.compared.items()
            },
        }


def measure(
    model: LoadedModel,
    square: NDArray[np.uint8],
    *,
    target: str | None = None,
    method: str = "gradcam",
    layer: str = "",
    random_count: int = RANDOM_MAPS,
    seed: int = SEED,
    progress: Callable[[int, int], None] | None = None,
) -> Faithfulness:
    """Measure a map of one scan: a few seconds at 96 px on one core, several times that at 224.

    Args:
        model: a trained network; its lock is held for a batch at a time.
        square: the scan as the network takes it, grey bytes (image_size, image_size).
        target: a class, or `targets.DIFFERENCE`, whose score is the positive class's; the positive class unless said.
        method: a key of `maps.METHODS`.
        layer: name of a stage's module; the last unless said.
        random_count: how many random maps it is compared with, at least 1.
        seed: of everything that is drawn.
        progress: is told how many maps of how many were perturbed; may raise to stop.

    Raises:
        RequestError: unknown target, method or layer.
    """
    if random_count < 1:
        raise ValueError(f"expected at least one random map, found {random_count}")
    asked, layer = target_named(model, target), stage_named(model, layer)
    about = {"target": asked.name, "method": method, "layer": layer}
    (cells,), (maximum,) = cells_of(model, square[None], **about)
    perturber = Perturber(square.astype(np.float32) / 255.0, scorer(model, asked))
    shared: dict[str, Any] = {
        **about,
        "log_odds": perturber.score_as_it_is,
        "log_odds_blurred": perturber.score_blurred,
        "maximum": float(maximum),
    }
    if np.ptp(cells) == 0:
        is_empty = bool(maximum <= 0)
        nan = float("nan")
        found = verdict_of(chance=nan, flip=nan, shift=nan, untrained=nan, is_empty=is_empty, is_flat=not is_empty)
        return Faithfulness(
            **shared, curves=None, random=(), compared={}, chance=nan, flip=nan, shift=nan, untrained=nan, verdict=found
        )
    rng = np.random.default_rng(seed)
    side = square.shape[0]
    all_curves = []
    for number, one in enumerate([cells, *random_maps(cells, random_count, rng)]):
        if progress is not None:
            progress(number, random_count + 1)
        all_curves.append(perturber.curves(order_of(enlarged(one, side), rng), rng))
    curves, random = all_curves[0], tuple(all_curves[1:])
    flip, shift = flip_and_shift(model, square, cells, **about)
    untrained = agreement_with_untrained(model, square, cells, **about, seed=seed)
    chance = chance_of(curves, random)
    return Faithfulness(
        **shared,
        curves=curves,
        random=random,
        compared={name: _compared(name, curves, random) for name in MEASURES},
        chance=chance,
        flip=flip,
        shift=shift,
        untrained=untrained,
        verdict=verdict_of(chance=chance, flip=flip, shift=shift, untrained=untrained),
    )


def scorer(model: LoadedModel, target: Target) -> Scorer:
    """Gives the target's log-odds for squares in [0, 1], (n, s, s) -> (n,); the lock is held a batch at a time."""

    def score(squares: NDArray[np.float32]) -> NDArray[np.float64]:
        found = []
        for start in range(0, len(squares), _BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(squares[start : start + _BATCH]))
            with model.lock, torch.inference_mode():
                outputs = model.network(model.input.of(batch, model.device))
                found.append(log_odds(outputs, model.loss, target.column).cpu().numpy())
        return np.concatenate(found).astype(np.float64)

    return score


def chance_of(curves: Curves, random: tuple[Curves, ...]) -> float:
    """Share of maps that do as well as this one over all measures, itself among them, in (0, 1].

    Each measure ranks the map and the random maps; their mean ranks are compared. Were the map itself a random one, it
    would be among the best 5 % in 5 % of cases, whatever the measures and however they hang together: an exact test by
    exchanging. Source: B. Phipson and G. K. Smyth, "Permutation p-values should never be zero", Statistical
    Applications in Genetics and Molecular Biology 9 (2010), article 39.
    """
    from scipy.stats import rankdata

    values = np.array([[_good(name, one) for one in (curves, *random)] for name in MEASURES])
    mean_ranks = rankdata(values, axis=1).mean(axis=0)
    return float((mean_ranks >= mean_ranks[0]).mean())


def _good(name: str, curves: Curves) -> float:
    """A measure, turned so that large is good."""
    return _LARGE_IS_GOOD[name] * _value(name, curves)


def _value(name: str, curves: Curves) -> float:
    return {"deletion": curves.deletion_area, "insertion": curves.insertion_area, "road": curves.road}[name]


def _compared(name: str, curves: Curves, random: tuple[Curves, ...]) -> Compared:
    others = np.array([_good(name, one) for one in random])
    good = _good(name, curves)
    low, high = np.quantile(good - others, [0.025, 0.975])
    return Compared(
        value=_value(name, curves),
        random=float(np.mean([_value(name, one) for one in random])),
        gain=Estimate(good - float(others.mean()), float(low), float(high)),
    )


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
