"""Maps are of the scan's shape, in range, the same from many threads, and leave the network as it was."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.data.images import resize_scan
from core.errors import RequestError
from core.explanation.evidence import live_evidence
from core.explanation.maps import BACKGROUND_METHODS, LIVE_METHODS, METHODS, explain
from core.explanation.stages import stages
from core.explanation.targets import DIFFERENCE, target_named
from core.models.build import LoadedModel, build_network
from core.models.kinds import HEADS
from core.prediction import predict_pixels
from core.training.presets import PRESETS
from tests.core.explanation.conftest import small_model

Scan = NDArray[np.uint8]


def square_of(model: LoadedModel, scan: Scan) -> Scan:
    return resize_scan(scan, model.image_size)


def never_activated(model: LoadedModel) -> LoadedModel:
    """The model with a last stage that answers 0 everywhere, so that nothing can speak for any class."""
    for name, parameter in model.network.named_parameters():
        if name.startswith("layer4.") and "bn" in name:
            parameter.zero_()
    for name, parameter in model.network.named_parameters():
        if name.startswith("layer4.") and "downsample" in name:
            parameter.zero_()
    return model


@pytest.mark.parametrize("method", METHODS)
def test_heat_has_the_scans_shape_and_lies_between_0_and_1(light_model: LoadedModel, scan: Scan, method: str) -> None:
    found = explain(light_model, scan, method=method)
    assert found.heat.shape == scan.shape
    assert found.heat.dtype == np.float32
    assert found.heat.min() >= 0.0
    assert found.heat.max() <= 1.0
    assert found.maximum >= 0.0
    assert found.side == (2, 2)  # 64 px, each of five stages halves it
    assert found.is_empty == (not found.heat.any())


def test_the_positive_class_is_asked_about_unless_said(model: LoadedModel, scan: Scan) -> None:
    assert explain(model, scan).target == "COVID"
    assert explain(model, scan, target="non-COVID").target == "non-COVID"


def test_the_classes_score_is_the_networks(model: LoadedModel, scan: Scan) -> None:
    pixels = resize_scan(scan, model.image_size)
    probabilities = predict_pixels(model, pixels[None])[0][0]
    for column, name in enumerate(model.classes):
        assert explain(model, scan, target=name).target_score == pytest.approx(probabilities[column], abs=1e-5)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("backbone", ["resnet10t", "test_resnet"])
def test_gradcam_is_the_rectified_sum_of_maps_weighed_by_their_mean_gradients(
    scan: Scan, backbone: str, head: str
) -> None:
    """The paper's formula, computed the slow way with plain autograd, whatever stands on the maps."""
    model = small_model(backbone, head=head)
    inputs = model.input.of(torch.from_numpy(resize_scan(scan, model.image_size))[None], model.device)
    maps = model.network.forward_features(inputs).detach().requires_grad_()  # type: ignore[operator]
    score = model.network.forward_head(maps)[0, 0]  # type: ignore[operator]
    (gradients,) = torch.autograd.grad(score, maps)
    weights = gradients.mean(dim=(2, 3), keepdim=True)
    expected = (weights * maps).sum(dim=1).relu()[0].detach().numpy()
    found = explain(model, scan, target="COVID", method="gradcam")
    assert found.maximum == pytest.approx(float(expected.max()), rel=1e-4, abs=1e-7)
    if expected.max() > 0:
        hottest = np.unravel_index(expected.argmax(), expected.shape)
        height, width = scan.shape
        corner = found.heat[
            hottest[0] * height // 2 : (hottest[0] + 1) * height // 2,
            hottest[1] * width // 2 : (hottest[1] + 1) * width // 2,
        ]
        assert corner.max() == found.heat.max()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("backbone", ["resnet10t", "test_resnet"])
def test_at_least_one_class_has_evidence(scan: Scan, backbone: str, head: str) -> None:
    """Else the tests of range, threads and heads would only ever compare zeros."""
    model = small_model(backbone, head=head)
    assert any(explain(model, scan, target=name, method="layercam").maximum > 0 for name in model.classes)


@pytest.mark.parametrize("method", METHODS)
def test_without_evidence_the_map_is_empty_and_all_zero(light_model: LoadedModel, scan: Scan, method: str) -> None:
    found = explain(never_activated(light_model), scan, method=method)
    assert found.is_empty
    assert found.maximum == 0.0
    assert not found.heat.any()
    assert np.isfinite(found.target_score)


def test_the_score_of_a_network_of_sigmoids_is_its_share_of_their_sum(model: LoadedModel, scan: Scan) -> None:
    sigmoids = replace(model, loss="binary")
    scores = {name: explain(sigmoids, scan, target=name).target_score for name in model.classes}
    assert sum(scores.values()) == pytest.approx(1, abs=1e-6)
    assert scores["COVID"] != pytest.approx(explain(model, scan, target="COVID").target_score, abs=1e-6)


def test_a_map_is_of_the_scan_itself_where_scores_are_means_with_its_mirror_image(
    model: LoadedModel, scan: Scan
) -> None:
    flipping = replace(model, test_flip=True)
    for target in model.classes:
        found, plain = explain(flipping, scan, target=target), explain(model, scan, target=target)
        np.testing.assert_array_equal(found.heat, plain.heat)
        assert (found.maximum, found.target_score) == (plain.maximum, plain.target_score)


def test_gradcam_of_a_network_with_channels_last_is_over_its_places(scan: Scan) -> None:
    model = small_model("test_mambaout")
    for target in model.classes:
        inputs = model.input.of(torch.from_numpy(resize_scan(scan, model.image_size))[None], model.device)
        maps = model.network.forward_features(inputs).detach().requires_grad_()  # type: ignore[operator]
        score = model.network.forward_head(maps)[0, model.classes.index(target)]  # type: ignore[operator]
        (gradients,) = torch.autograd.grad(score, maps)  # (1, h, w, d)
        expected = (gradients.mean(dim=(1, 2), keepdim=True) * maps).sum(dim=3).relu().detach()
        found = explain(model, scan, target=target)
        assert found.side == (2, 2)
        assert found.maximum == pytest.approx(float(expected.max()), rel=1e-4, abs=1e-7)


def test_a_map_of_a_network_fed_at_another_size_has_the_scans_shape(scan: Scan) -> None:
    model = small_model("test_resnet")
    found = explain(replace(model, image_size=32, input=replace(model.input, feed_size=128)), scan)
    assert found.side == (4, 4)  # of 128 px, each of five stages halves it
    assert found.heat.shape == scan.shape


def test_an_unknown_class_names_the_known_ones(model: LoadedModel, scan: Scan) -> None:
    with pytest.raises(RequestError, match=r"^expected a class among COVID, non-COVID, found 'flu'$"):
        explain(model, scan, target="flu")


def test_an_unknown_method_names_the_known_ones(model: LoadedModel, scan: Scan) -> None:
    with pytest.raises(RequestError, match=r"^expected a method among gradcam, .*layercam.*, found 'magic'$"):
        explain(model, scan, method="magic")


@pytest.mark.parametrize("method", METHODS)
def test_the_network_is_left_as_it_was(light_model: LoadedModel, scan: Scan, method: str) -> None:
    before = {name: tensor.clone() for name, tensor in light_model.network.state_dict().items()}
    explain(light_model, scan, method=method)
    assert all(torch.equal(tensor, before[name]) for name, tensor in light_model.network.state_dict().items())
    assert all(parameter.grad is None for parameter in light_model.network.parameters())
    assert not any(parameter.requires_grad for parameter in light_model.network.parameters())
    for module in light_model.network.modules():
        assert not module._forward_hooks
        assert not module._backward_hooks
        assert not module._forward_pre_hooks
    assert not light_model.network.training
    assert not light_model.lock.locked()


def test_no_gradient_flows_to_weights_before_the_last_stages_end(model: LoadedModel, scan: Scan) -> None:
    model.network.requires_grad_(True)
    explain(model, scan)
    assert all(parameter.grad is None for name, parameter in model.network.named_parameters() if "fc" not in name)


def test_threads_that_share_a_model_get_the_same_maps_as_one_alone(light_model: LoadedModel) -> None:
    rng = np.random.default_rng(1)
    scans = [rng.integers(0, 256, (70, 50), dtype=np.uint8) for _ in range(6)]
    methods = (("gradcam", ""), ("layercam", "layer3"), ("ablationcam", "layer1"))
    asked = [(scan, target, *how) for scan in scans for target in light_model.classes for how in methods]

    def answer(question: tuple[Scan, str, str, str]) -> tuple[NDArray[np.float32], float, float]:
        scan, target, method, layer = question
        found = explain(light_model, scan, target=target, method=method, layer=layer)
        return found.heat, found.maximum, found.target_score

    alone = [answer(question) for question in asked]
    assert any(maximum > 0 for _, maximum, _ in alone)
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(answer, asked))
    for (heat, maximum, score), (other_heat, other_maximum, other_score) in zip(alone, together, strict=True):
        np.testing.assert_allclose(other_heat, heat, atol=1e-5)
        assert other_maximum == pytest.approx(maximum, rel=1e-4)
        assert other_score == pytest.approx(score, rel=1e-5)


def test_scores_asked_for_meanwhile_are_not_disturbed(model: LoadedModel, scan: Scan) -> None:
    pixels = resize_scan(scan, model.image_size)[None]
    alone = predict_pixels(model, pixels)[0]
    with ThreadPoolExecutor(4) as pool:
        maps = [pool.submit(explain, model, scan) for _ in range(6)]
        scores = [pool.submit(predict_pixels, model, pixels) for _ in range(6)]
        for future in maps:
            future.result()
        for future in scores:
            np.testing.assert_allclose(future.result()[0], alone, atol=1e-5)


def test_a_map_of_one_cell_says_that_it_cannot_say_where(model: LoadedModel, scan: Scan) -> None:
    small = replace(model, image_size=32)  # the last stage of 32 px is one cell
    maps = [explain(small, scan, target=target) for target in model.classes]
    (found,) = [found for found in maps if not found.is_empty]
    assert found.side == (1, 1)
    assert found.is_flat
    assert found.says == f"evidence for {found.target}, but the same over all 1 x 1 cells: it cannot say where"
    larger = [explain(model, scan, target=target) for target in model.classes]
    assert any(not found.is_empty for found in larger)
    assert not any(found.is_flat for found in larger)


def test_the_layer_asked_is_the_last_stage_unless_said(model: LoadedModel, scan: Scan) -> None:
    assert explain(model, scan).layer == "layer4"
    found = explain(model, scan, layer="layer2")
    assert (found.layer, found.side) == ("layer2", (8, 8))
    with pytest.raises(RequestError, match=r"^expected a layer among act1, layer1, .*layer4, found 'fc'$"):
        explain(model, scan, layer="fc")


PRESET_BACKBONES = {"resnet10t", "resnet18", "resnet34", "resnet50", "resnet101"} | {
    "mobilenetv3_large_100",
    "efficientnet_b0",
}


def test_every_backbone_that_a_preset_offers_is_tried_here() -> None:
    offered = {preset.config.backbone for preset in PRESETS.values()}
    offered |= {str(name) for preset in PRESETS.values() for name in preset.grid.get("backbone", ())}
    assert offered <= PRESET_BACKBONES


@pytest.mark.parametrize("backbone", sorted(PRESET_BACKBONES))
def test_every_stage_of_every_backbone_of_the_presets_has_maps(scan: Scan, backbone: str) -> None:
    model = small_model(backbone)
    for number, stage in enumerate(stages(model)):
        method = LIVE_METHODS[number % len(LIVE_METHODS)]
        found = explain(model, scan, layer=stage.layer, method=method)
        assert found.side == (64 // stage.reduction, 64 // stage.reduction)
        assert np.isfinite(found.heat).all()
        assert np.isfinite(found.maximum)
        assert 0 <= found.heat.min() <= found.heat.max() <= 1


@pytest.mark.parametrize("method", LIVE_METHODS)
def test_every_live_method_works_where_channels_come_last_and_maps_may_be_negative(scan: Scan, method: str) -> None:
    model = small_model("test_mambaout")
    found = explain(model, scan, method=method, layer="stages.1")
    assert found.side == (8, 8)
    assert 0 <= found.heat.min() <= found.heat.max() <= 1


def test_methods_are_live_or_work_of_the_background() -> None:
    assert sorted((*LIVE_METHODS, *BACKGROUND_METHODS)) == sorted(METHODS)


@pytest.mark.parametrize("loss", ["cross-entropy", "binary"])
def test_of_two_classes_the_difference_can_be_asked_about(model: LoadedModel, scan: Scan, loss: str) -> None:
    model = replace(model, loss=loss)
    found = explain(model, scan, target=DIFFERENCE)
    assert found.target == DIFFERENCE
    assert found.target_words == "COVID over non-COVID"
    assert found.target_score == explain(model, scan, target="COVID").target_score
    finer = explain(model, scan, target="COVID", method="finercam")
    np.testing.assert_allclose(found.heat, finer.heat, atol=1e-5)
    assert found.maximum == pytest.approx(finer.maximum, rel=1e-4)


def test_an_empty_map_of_a_difference_says_what_there_is_no_evidence_for(model: LoadedModel, scan: Scan) -> None:
    found = explain(never_activated(model), scan, target=DIFFERENCE)
    assert found.says == "no positive evidence for COVID over non-COVID"


def test_the_hottest_place_is_1_and_the_coldest_is_not_stretched_to_0(scan: Scan) -> None:
    """Evidence that lies everywhere looks like it: a map is divided by its maximum, and nothing is taken off."""
    model = small_model("test_resnet")
    found = explain(model, scan, method="layercam", layer="layer1")
    evidence = live_evidence(model, square_of(model, scan)[None], target_named(model, None), "layercam", "layer1")[0][0]
    assert found.heat.max() == 1.0
    assert found.maximum == pytest.approx(float(evidence.max()))
    assert found.heat.mean() == pytest.approx(float(evidence.mean() / evidence.max()), rel=0.1)


def test_a_scan_smaller_than_the_layers_maps_keeps_its_heat() -> None:
    model = small_model()
    pixels = np.random.default_rng(2).integers(0, 256, (9, 7), dtype=np.uint8)
    found = explain(model, pixels, layer="act1", method="layercam")
    assert found.side == (32, 32)
    assert found.heat.shape == (9, 7)
    assert found.heat.max() == 1.0


def test_a_backbone_without_maps_is_refused_in_one_line(model: LoadedModel, scan: Scan) -> None:
    network = build_network("resnet10t", classes=2)
    network.feature_info = None
    with pytest.raises(RequestError, match=r"no stages of feature maps; train a ResNet") as caught:
        explain(replace(model, network=network), scan)
    assert "\n" not in str(caught.value)
    assert not model.lock.locked()
