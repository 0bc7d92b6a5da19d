"""Maps in batches are those of one scan at a time."""

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.errors import RequestError
from core.evaluation.temperature import Temperature
from core.explanation.batches import maps_of
from core.explanation.maps import METHODS, explain
from core.models.build import LoadedModel

Squares = NDArray[np.uint8]


@pytest.fixture
def squares() -> Squares:
    return np.random.default_rng(3).integers(0, 256, (5, 64, 64), dtype=np.uint8)


@pytest.mark.parametrize("method", METHODS)
def test_each_map_is_the_one_of_its_scan_alone(light_model: LoadedModel, squares: Squares, method: str) -> None:
    batches = list(maps_of(light_model, squares, method=method, layer="layer2", target="COVID", batch_size=2))
    assert [len(batch.heats) for batch in batches] == [2, 2, 1]
    heats, maxima, scores = (
        np.concatenate([getattr(batch, what) for batch in batches]) for what in ("heats", "maxima", "scores")
    )
    assert heats.shape == (5, 8, 8)
    assert (heats.dtype, maxima.dtype, scores.dtype) == (np.float32, np.float32, np.float32)
    assert heats.any()
    for square, heat, maximum, score in zip(squares, heats, maxima, scores, strict=True):
        alone = explain(light_model, square, method=method, layer="layer2", target="COVID")
        assert maximum == pytest.approx(alone.maximum, rel=1e-3)
        assert score == pytest.approx(alone.target_score, abs=1e-5)
        large = cv2.resize(heat, (64, 64), interpolation=cv2.INTER_LINEAR)
        np.testing.assert_allclose(large / max(float(large.max()), 1e-9), alone.heat, atol=2e-3)


def test_maps_without_evidence_are_0_in_a_batch_too(light_model: LoadedModel, squares: Squares) -> None:
    with torch.no_grad():
        light_model.network.get_parameter("fc.weight").zero_()
    (batch,) = maps_of(light_model, squares)
    assert not batch.maxima.any()
    assert not batch.heats.any()
    assert np.isfinite(batch.scores).all()


def test_scores_are_calibrated_where_there_is_a_temperature(light_model: LoadedModel, squares: Squares) -> None:
    temperature = Temperature(2.0, split="val", n=5, fewest=2)
    (plain,), (calibrated,) = maps_of(light_model, squares), maps_of(light_model, squares, temperature=temperature)
    logits = np.log(plain.scores / (1 - plain.scores))
    np.testing.assert_allclose(calibrated.scores, 1 / (1 + np.exp(-logits / 2)), rtol=1e-4)


def test_a_wrong_request_is_refused_before_any_work(light_model: LoadedModel, squares: Squares) -> None:
    for wrong in ({"target": "flu"}, {"method": "magic"}, {"layer": "nowhere"}):
        with pytest.raises(RequestError):
            maps_of(light_model, squares, **wrong)


def test_the_lock_is_free_between_batches(light_model: LoadedModel, squares: Squares) -> None:
    for _ in maps_of(light_model, squares, batch_size=2):
        assert not light_model.lock.locked()
        assert not any(module._forward_hooks for module in light_model.network.modules())


def test_no_scans_give_no_batches(light_model: LoadedModel) -> None:
    assert list(maps_of(light_model, np.zeros((0, 64, 64), np.uint8))) == []
