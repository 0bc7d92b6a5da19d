"""Evidence is what the papers' formulas say, computed the slow way with plain autograd, at any stage."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.data.images import resize_scan
from core.errors import RequestError
from core.explanation.evidence import live_evidence
from core.explanation.maps import LIVE_METHODS
from core.explanation.targets import DIFFERENCE, finer, target_named
from core.models.build import LoadedModel
from tests.core.explanation.conftest import small_model

Squares = NDArray[np.uint8]


@pytest.fixture
def squares(scan: NDArray[np.uint8]) -> Squares:
    """Three scans at 64 px."""
    small = resize_scan(scan, 64)
    return np.stack([small, small[::-1], 255 - small])


def maps_and_gradients(
    model: LoadedModel, square: Squares, layer: str, column: int, minus: int | None = None
) -> tuple[Tensor, Tensor]:
    """A ResNet's maps at a layer and the gradient there of one output, or of one less another: (d, h, w) each.

    The whole network is walked through by hand, and the gradient taken of everything.
    """
    network = model.network
    inputs = model.input.of(torch.from_numpy(square.copy())[None], model.device).requires_grad_()
    maps = {}
    flowing = network.act1(network.bn1(network.conv1(inputs)))  # type: ignore[operator]
    maps["act1"] = flowing
    flowing = network.maxpool(flowing)  # type: ignore[operator]
    for name in ("layer1", "layer2", "layer3", "layer4"):
        flowing = maps[name] = network.get_submodule(name)(flowing)
    outputs = network.forward_head(flowing)[0]  # type: ignore[operator]
    score = outputs[column] - (0.0 if minus is None else outputs[minus])
    (gradient,) = torch.autograd.grad(score, maps[layer])
    return maps[layer][0].detach(), gradient[0]


def by_the_paper(method: str, maps: Tensor, gradient: Tensor) -> Tensor:
    """Evidence (h, w) of maps and gradient, both (d, h, w)."""
    if method in ("gradcam", "finercam"):
        return (gradient.mean((1, 2), keepdim=True) * maps).sum(0).relu()
    if method == "hirescam":
        return (gradient * maps).sum(0).relu()
    if method == "layercam":
        return (gradient.relu() * maps).sum(0).relu()
    if method == "xgradcam":
        weights = (gradient * maps).sum((1, 2)) / (maps.sum((1, 2)) + 1e-7)
        return (weights[:, None, None] * maps).sum(0).relu()
    if method == "gradcam++":
        alpha = gradient**2 / (2 * gradient**2 + maps.sum((1, 2), keepdim=True) * gradient**3 + 1e-6)
        weights = (alpha * gradient.relu()).sum((1, 2))
        return (weights[:, None, None] * maps).sum(0).relu()
    places = maps.flatten(1).T
    centred = (places - places.mean(0)).double()
    direction = torch.linalg.eigh(centred.T @ centred)[1][:, -1]
    part = centred @ direction
    part = part if part @ centred.mean(1) >= 0 else -part
    return part.relu().reshape(maps.shape[1:]).float()


@pytest.mark.parametrize("layer", ["act1", "layer2", "layer4"])
@pytest.mark.parametrize("method", LIVE_METHODS)
def test_evidence_is_the_papers_formula_over_the_layers_maps(
    light_model: LoadedModel, squares: Squares, method: str, layer: str
) -> None:
    found, outputs = live_evidence(light_model, squares, target_named(light_model, "non-COVID"), method, layer)
    assert outputs.shape == (3, 2)
    assert not outputs.requires_grad
    for evidence, square in zip(found, squares, strict=True):
        other = 0 if method == "finercam" else None
        expected = by_the_paper(method, *maps_and_gradients(light_model, square, layer, 1, minus=other)).numpy()
        np.testing.assert_allclose(evidence, expected, rtol=2e-3, atol=2e-4 * max(float(expected.max()), 1e-6))


def test_the_difference_of_two_classes_is_that_of_their_outputs(light_model: LoadedModel, squares: Squares) -> None:
    found, _ = live_evidence(light_model, squares, target_named(light_model, DIFFERENCE), "hirescam", "layer3")
    for evidence, square in zip(found, squares, strict=True):
        expected = by_the_paper("hirescam", *maps_and_gradients(light_model, square, "layer3", 0, minus=1)).numpy()
        np.testing.assert_allclose(evidence, expected, rtol=1e-3, atol=1e-4 * float(expected.max()))


def test_before_pooling_and_one_layer_three_methods_are_one(model: LoadedModel, squares: Squares) -> None:
    """There a map's gradient is the same at every place: mean, place by place or weighed by the map."""
    asked = target_named(model, "non-COVID")
    plain = live_evidence(model, squares, asked, "gradcam", "layer4")[0]
    assert plain.any()
    for method in ("hirescam", "xgradcam"):
        same = live_evidence(model, squares, asked, method, "layer4")[0]
        np.testing.assert_allclose(same, plain, rtol=1e-3, atol=1e-5 * float(plain.max()))


def test_before_pooling_and_one_layer_evidence_adds_up_to_the_output(model: LoadedModel, squares: Squares) -> None:
    """HiResCAM's promise: the sum over all places, both signs, is the output less the bias, times the places."""
    asked = target_named(model, "COVID")
    bias = float(model.network.fc.bias[0])  # type: ignore[union-attr,index]
    for square in squares:
        maps, gradient = maps_and_gradients(model, square, "layer4", 0)
        _, outputs = live_evidence(model, square[None], asked, "hirescam", "layer4")
        assert float((maps * gradient).sum()) == pytest.approx(float(outputs[0, 0]) - bias, rel=1e-4, abs=1e-5)


def test_eigencam_does_not_hang_on_which_way_the_component_points(light_model: LoadedModel, squares: Squares) -> None:
    """It rises with the mean of all maps; so where the maps are strong together, it is not cut away."""
    found, _ = live_evidence(light_model, squares, target_named(light_model, None), "eigencam", "layer1")
    for evidence, square in zip(found, squares, strict=True):
        mean = maps_and_gradients(light_model, square, "layer1", 0)[0].mean(0).numpy()
        assert np.corrcoef(evidence.ravel(), mean.ravel())[0, 1] > 0


def test_with_several_classes_finer_evidence_is_the_lead_over_the_nearest_others(squares: Squares) -> None:
    """The paper's target by hand: differences to the three nearest, weighed by their probabilities."""
    outputs = torch.tensor([[2.0, 1.0, -3.0, 2.5, 0.5]])
    model = small_model(classes=("a", "b", "c", "d", "e"))
    found = finer(target_named(model, "a")).score(outputs)
    weights = np.exp([1.0, 2.5, 0.5])  # b, d and e are nearer to a than c
    expected = (weights * (2.0 - np.array([1.0, 2.5, 0.5]))).sum() / weights.sum()
    assert float(found) == pytest.approx(expected, rel=1e-5)
    assert live_evidence(model, squares, target_named(model, "a"), "finercam", "layer3")[0].shape == (3, 4, 4)


def test_finer_evidence_does_not_fade_where_the_network_is_sure() -> None:
    """Dividing by the others' probability, which is next to 0 there, would make the map's maximum 0 as well."""
    model = small_model()
    outputs = torch.tensor([[40.0, -40.0]], requires_grad=True)
    (gradient,) = torch.autograd.grad(finer(target_named(model, None)).score(outputs).sum(), outputs)
    assert gradient.tolist() == [[1.0, -1.0]]


def test_the_networks_modules_stay_in_training_where_they_were(light_model: LoadedModel, squares: Squares) -> None:
    light_model.network.train()
    light_model.network.get_submodule("layer2").eval()
    before = [module.training for module in light_model.network.modules()]
    statistics = light_model.network.get_buffer("bn1.running_mean").clone()
    live_evidence(light_model, squares, target_named(light_model, None), "gradcam", "layer4")
    assert [module.training for module in light_model.network.modules()] == before
    assert torch.equal(light_model.network.get_buffer("bn1.running_mean"), statistics)


def test_a_backbone_of_tokens_is_refused_and_left_without_hooks(scan: NDArray[np.uint8]) -> None:
    model = small_model("test_vit")
    for method in ("gradcam", "eigencam"):
        with pytest.raises(RequestError, match="not maps in two dimensions; train a ResNet"):
            live_evidence(model, resize_scan(scan, 64)[None], target_named(model, None), method, "blocks.0")
    assert not any(module._forward_hooks for module in model.network.modules())
    assert not model.lock.locked()
