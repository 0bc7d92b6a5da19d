"""Score-CAM and Ablation-CAM are what they say, the same each time, and stop when told to."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.data.images import resize_scan
from core.explanation.maps import BACKGROUND_METHODS, explain
from core.explanation.slow_evidence import evidence_slowly
from core.explanation.targets import target_named
from core.models.build import LoadedModel
from tests.core.explanation.conftest import small_model

Scan = NDArray[np.uint8]


class StoppedError(Exception):
    """Somebody asked to stop."""


def maps_of(model: LoadedModel, inputs: torch.Tensor, layer: str) -> torch.Tensor:
    kept = []
    hook = model.network.get_submodule(layer).register_forward_hook(lambda _m, _i, output: kept.append(output))
    with torch.no_grad():
        model.network(inputs)
    hook.remove()
    return kept[0][0]


@pytest.mark.parametrize("column", [0, 1])
def test_score_evidence_is_the_librarys(light_model: LoadedModel, scan: Scan, column: int) -> None:
    from pytorch_grad_cam import ScoreCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    square, layer = resize_scan(scan, 64), "layer2"
    inputs = light_model.input.of(torch.from_numpy(square)[None], light_model.device)
    library = ScoreCAM(light_model.network, [])
    maps = maps_of(light_model, inputs, layer)[None].numpy()
    with torch.no_grad():
        expected = library.get_cam_image(inputs, None, [ClassifierOutputTarget(column)], maps, None)[0].clip(0)
    asked = target_named(light_model, light_model.classes[column])
    found, outputs = evidence_slowly(light_model, square, asked, "scorecam", layer)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    assert outputs.shape == (1, 2)


def test_ablation_evidence_is_what_the_output_loses_without_each_map(light_model: LoadedModel, scan: Scan) -> None:
    square = resize_scan(scan, 64)
    inputs = light_model.input.of(torch.from_numpy(square)[None], light_model.device)
    maps = maps_of(light_model, inputs, "layer4")
    expected = torch.zeros(maps.shape[1:])
    for number, of_map in enumerate(maps):
        without = maps.clone()
        without[number] = 0
        both = light_model.network.forward_head(torch.stack([maps, without]))[:, 0]  # type: ignore[operator]
        expected += (both[0] - both[1]) * of_map
    found, _ = evidence_slowly(light_model, square, target_named(light_model, "COVID"), "ablationcam", "layer4")
    np.testing.assert_allclose(found, expected.relu().numpy(), rtol=1e-3, atol=1e-5)


def test_before_pooling_and_one_layer_to_lose_a_map_is_to_lose_its_part_of_the_sum(
    light_model: LoadedModel, scan: Scan
) -> None:
    """There the output is a weighted sum of the maps' means."""
    network = light_model.network
    maps = maps_of(
        light_model, light_model.input.of(torch.from_numpy(resize_scan(scan, 64))[None], torch.device("cpu")), "layer4"
    )
    weights = network.fc.weight[1]  # type: ignore[union-attr,index]
    expected = ((weights * maps.mean((1, 2)))[:, None, None] * maps).sum(0).relu().numpy()
    asked = target_named(light_model, "non-COVID")
    found, _ = evidence_slowly(light_model, resize_scan(scan, 64), asked, "ablationcam", "layer4")
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("method", BACKGROUND_METHODS)
@pytest.mark.parametrize("backbone", ["test_mambaout", "test_efficientnet"])
def test_slow_maps_are_the_same_each_time_whatever_the_backbone(scan: Scan, backbone: str, method: str) -> None:
    model = small_model(backbone)
    first, again = (explain(model, scan, method=method) for _ in range(2))
    assert first.side == (2, 2)
    assert first.maximum == again.maximum
    np.testing.assert_array_equal(first.heat, again.heat)


@pytest.mark.parametrize("method", BACKGROUND_METHODS)
def test_progress_rises_to_the_end_and_the_lock_is_free_between(
    light_model: LoadedModel, scan: Scan, method: str
) -> None:
    told = []

    def progress(done: int, of: int) -> None:
        told.append((done, of))
        assert not light_model.lock.locked()

    explain(light_model, scan, method=method, layer="layer2", progress=progress)
    assert told == [(16, 48), (32, 48), (48, 48)]


@pytest.mark.parametrize("method", BACKGROUND_METHODS)
def test_work_stopped_in_the_middle_leaves_nothing_behind(light_model: LoadedModel, scan: Scan, method: str) -> None:
    def progress(done: int, of: int) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        explain(light_model, scan, method=method, progress=progress)
    assert not light_model.lock.locked()
    assert not any(module._forward_hooks for module in light_model.network.modules())
