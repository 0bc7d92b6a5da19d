"""One word from the numbers: its limits, its edges, and how often a map that knows nothing is believed."""

import math

import cv2
import numpy as np
import pytest

from core.evaluation.intervals import Estimate
from core.explanation.faithfulness.curves import Curves, Perturber
from core.explanation.faithfulness.measured import chance_of
from core.explanation.faithfulness.orders import order_of
from core.explanation.faithfulness.random_maps import enlarged, random_maps
from core.explanation.faithfulness.verdict import DOUBT, IGNORE, TRUST, verdict_of, verdict_of_method

GOOD = {"chance": 0.05, "flip": 0.5, "shift": 0.5, "untrained": 0.5}
NAN = math.nan


@pytest.mark.parametrize(
    ("changed", "word", "why"),
    [
        ({}, TRUST, "matters more"),
        ({"chance": 0.051}, DOUBT, "random maps do as well in 5%"),
        ({"chance": 0.5}, DOUBT, "random maps do as well"),
        ({"chance": 0.501}, IGNORE, "no more than"),
        ({"chance": NAN}, IGNORE, "no more than"),
        ({"flip": 0.49}, DOUBT, "mirrored"),
        ({"flip": NAN}, DOUBT, "mirrored"),
        ({"flip": -1.0, "shift": 0.0}, DOUBT, "mirrored or slightly moved"),
        ({"untrained": 0.51}, DOUBT, "learnt nothing"),
        ({"untrained": NAN}, DOUBT, "learnt nothing"),
        ({"untrained": 0.91}, IGNORE, "learnt nothing"),
        ({"untrained": -1.0}, TRUST, "matters more"),
        ({"is_empty": True}, IGNORE, "empty"),
        ({"is_flat": True}, IGNORE, "same everywhere"),
    ],
)
def test_each_number_has_its_limit(changed: dict[str, float], word: str, why: str) -> None:
    found = verdict_of(**(GOOD | changed))  # type: ignore[arg-type]
    assert found.word == word
    assert why in found.says


def lesion(side: int = 32) -> np.ndarray:
    mask = np.zeros((side, side), np.float32)
    mask[6:13, 18:26] = 1.0
    return mask


def scan(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).random((32, 32)).astype(np.float32)
    return np.clip(0.3 * cv2.GaussianBlur(noise, (0, 0), 1) + 0.6 * lesion(), 0, 1)


def perturber() -> Perturber:
    """Of a network that uses the lesion: its log-odds rise with how much brighter it is than the rest."""
    inside = lesion() > 0
    return Perturber(
        scan(), lambda s: 10.0 * (s[:, inside].mean(axis=1) - s[:, ~inside].mean(axis=1)).astype(np.float64)
    )


def curves_for(cells: np.ndarray, seed: int) -> Curves:
    rng = np.random.default_rng(seed)
    return perturber().curves(order_of(enlarged(cells, 32), rng), rng)


def test_the_lesions_own_map_beats_all_random_maps_and_its_opposite_none() -> None:
    truth = cv2.resize(lesion(), (8, 8), interpolation=cv2.INTER_AREA)
    for cells, expected in ((truth, 0.05), (1 - truth, 1.0)):
        random = tuple(curves_for(one, 7) for one in random_maps(cells, 19, np.random.default_rng(1)))
        assert chance_of(curves_for(cells, 7), random) == pytest.approx(expected, abs=1e-9)


def test_a_map_that_knows_nothing_is_seldom_believed() -> None:
    cells = np.maximum(np.random.default_rng(3).normal(size=(8, 8)), 0)
    maps = random_maps(cells, 100, np.random.default_rng(4))
    pool = [curves_for(one, number) for number, one in enumerate(maps)]
    rng = np.random.default_rng(5)
    words = []
    for number, one in enumerate(pool):
        others = rng.choice([other for other in range(100) if other != number], 19, replace=False)
        chance = chance_of(one, tuple(pool[other] for other in others))
        words.append(verdict_of(chance=chance, flip=1.0, shift=1.0, untrained=0.0).word)
    # Were everything else in order, 5 % would be; 100 draws scatter by 2.2 %.
    assert words.count(TRUST) / 100 <= 0.1
    assert words.count(IGNORE) / 100 >= 0.35


def test_equal_curves_are_no_better_than_chance() -> None:
    one = curves_for(np.eye(8), 0)
    assert chance_of(one, (one,) * 19) == 1.0


BETTER, UNSURE, WORSE = Estimate(1.0, 0.2, 1.8), Estimate(1.0, -0.2, 2.2), Estimate(-1.0, -2.0, 0.0)
STEADY = {"flip": 0.9, "shift": 0.9, "untrained": 0.1}


@pytest.mark.parametrize(
    ("gains", "changed", "word", "why"),
    [
        ((BETTER, BETTER, BETTER), {}, TRUST, "matters more"),
        ((BETTER, UNSURE, BETTER), {}, DOUBT, "by 2 of 3 measures"),
        ((BETTER, Estimate(1.0, NAN, NAN), WORSE), {}, DOUBT, "by 1 of 3 measures"),
        ((WORSE, WORSE, Estimate(NAN, NAN, NAN)), {}, IGNORE, "no more than"),
        ((BETTER, BETTER, BETTER), {"shift": 0.4}, DOUBT, "slightly moved"),
        ((BETTER, BETTER, BETTER), {"untrained": 0.95}, IGNORE, "learnt nothing"),
    ],
)
def test_a_method_is_believed_where_every_measure_is_better_beyond_doubt(gains, changed, word, why) -> None:
    found = verdict_of_method(gains, **(STEADY | changed))
    assert found.word == word
    assert why in found.says
