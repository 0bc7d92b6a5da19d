import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from core.errors import ConfigError
from core.models.build import build_network, frozen_modules, input_statistics, placed, to_input

CPU = torch.device("cpu")


@pytest.mark.parametrize("backbone", ["test_resnet", "resnet10t", "test_efficientnet", "test_convnext", "test_vit"])
def test_a_timm_classifier_takes_grey_scans_and_gives_a_logit_a_class(backbone):
    network = build_network(backbone, classes=3).eval()
    assert network(torch.zeros(2, 1, 160, 160)).shape == (2, 3)


@pytest.mark.parametrize(
    ("backbone", "advice"),
    [
        ("resnet1000", "did you mean "),
        ("no_such_thing", "see timm.list_models()"),
        ("", "did you mean "),
        ("../resnet18", "did you mean "),
        ("resnet18.no_such_weights", "leave them out, or see timm.list_pretrained('resnet18')"),
    ],
)
def test_an_unknown_backbone_is_told_in_one_line_with_what_to_do(backbone, advice):
    with pytest.raises(ConfigError) as caught:
        build_network(backbone, classes=2)
    assert str(caught.value).startswith("expected ")
    assert repr(backbone) in str(caught.value)
    assert advice in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("backbone", ["vit_tiny_patch16_224", "test_resnet"])
def test_a_network_is_made_for_the_size_of_the_scans(backbone):
    network = build_network(backbone, classes=2, image_size=64)
    assert network.training
    assert network(torch.zeros(2, 1, 64, 64)).shape == (2, 2)


def test_a_size_that_a_network_cannot_take_is_told():
    with pytest.raises(ConfigError) as caught:
        build_network("test_vit", classes=2, image_size=50)
    assert str(caught.value) == (
        "backbone 'test_vit' cannot take scans of 50 px (Input height (50) should be divisible by patch size (16).); "
        "choose another image_size, for instance 224"
    )


def test_dropout_acts_in_training_only():
    network = build_network("test_resnet", classes=2, dropout=0.9)
    scans = torch.rand(4, 1, 32, 32)
    network.eval()
    assert torch.equal(network(scans), network(scans))
    for module in network.modules():
        module.train(not isinstance(module, nn.BatchNorm2d))
    assert not torch.equal(network(scans), network(scans))


@given(
    value=st.integers(0, 255), mean=st.floats(0, 1), std=st.floats(0.05, 1), stacked=st.booleans()
)  # fmt: skip
def test_grey_bytes_are_scaled_to_one_then_normalised(value, mean, std, stacked):
    pixels = torch.full((2, 1, 3, 4) if stacked else (2, 3, 4), value, dtype=torch.uint8)
    found = to_input(pixels, mean=mean, std=std, device=CPU)
    assert found.shape == (2, 1, 3, 4)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), (value / 255 - mean) / std, rtol=1e-4, atol=1e-5)


def test_normalising_leaves_the_bytes_alone():
    pixels = torch.full((1, 3, 3), 7, dtype=torch.uint8)
    to_input(pixels, mean=0.5, std=0.25, device=CPU)
    assert pixels.unique().tolist() == [7]


def test_weights_from_the_hub_bring_their_own_statistics_as_one_grey_value():
    network = build_network("resnet18", classes=2)
    mean, std = input_statistics(network, pretrained=True)
    assert mean == pytest.approx((0.485 + 0.456 + 0.406) / 3)
    assert std == pytest.approx((0.229 + 0.224 + 0.225) / 3)
    assert input_statistics(network, pretrained=False) == (0.5, 0.25)


def names_held(network: nn.Module, freeze: str) -> set[str]:
    held = {id(p) for module in frozen_modules(network, freeze) for p in module.parameters()}
    return {name for name, p in network.named_parameters() if id(p) in held}


def test_nothing_is_frozen_unless_asked():
    assert names_held(build_network("resnet18", classes=2), "none") == set()


def test_freezing_the_backbone_leaves_the_classifier():
    network = build_network("resnet18", classes=2)
    assert {name for name, _ in network.named_parameters()} - names_held(network, "backbone") == {
        "fc.weight",
        "fc.bias",
    }


@pytest.mark.parametrize(
    ("backbone", "free"),
    [
        ("test_vit", {"head.weight", "head.bias"}),
        (
            "deit_tiny_distilled_patch16_224",
            {"head.weight", "head.bias", "head_dist.weight", "head_dist.bias"},
        ),
    ],
)
def test_freezing_the_backbone_of_a_transformer_holds_its_own_parameters_and_leaves_every_classifier(backbone, free):
    network = build_network(backbone, classes=2)
    assert {name for name, _ in network.named_parameters()} - names_held(network, "backbone") == free


@pytest.mark.parametrize("backbone", ["resnet18", "resnet10t", "resnet50"])
def test_freezing_early_leaves_the_last_two_stages_and_the_classifier(backbone):
    network = build_network(backbone, classes=2)
    free = {name.split(".")[0] for name in {n for n, _ in network.named_parameters()} - names_held(network, "early")}
    assert free == {"layer3", "layer4", "fc"}


def test_stages_inside_a_container_are_frozen_one_by_one():
    network = build_network("test_efficientnet", classes=2)
    held = {".".join(name.split(".")[:2]) for name in names_held(network, "early") if name.startswith("blocks")}
    stages = [stage["module"] for stage in network.feature_info]
    free = {name for name, _ in network.named_parameters()} - names_held(network, "early")
    assert not any(
        name.startswith(tuple(f"{stage}." for stage in stages[-2:])) for name in names_held(network, "early")
    )
    assert held
    assert any(name.startswith(f"{stages[-1]}.") for name in free)


def test_early_is_refused_where_there_are_no_stages():
    with pytest.raises(ConfigError, match="needs a backbone with stages, this one has none; use 'none' or 'backbone'"):
        frozen_modules(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), "early")


def test_a_placed_network_lays_its_filters_out_channels_last():
    network = placed(build_network("resnet10t", classes=2), CPU)
    assert network.conv1[3].weight.is_contiguous(memory_format=torch.channels_last)
