import pytest
import torch
from torch import nn

from core.errors import ConfigError
from core.models.build import build_network, input_statistics, placed

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


def test_a_network_of_three_channels_takes_three():
    network = build_network("test_resnet", classes=2, channels=3).eval()
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 2)


def test_residual_branches_are_dropped_in_training_only():
    network = build_network("test_resnet", classes=2, drop_path=0.9)
    scans = torch.rand(8, 1, 32, 32)
    network.eval()
    assert torch.equal(network(scans), network(scans))
    for module in network.modules():
        module.train(not isinstance(module, nn.BatchNorm2d))
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)  # a branch begins at 0, and could be dropped unseen
    assert not torch.equal(network(scans), network(scans))


@pytest.mark.parametrize("backbone", ["vgg11", "hrnet_w18_small"])
def test_a_backbone_without_branches_to_drop_is_told(backbone):
    with pytest.raises(ConfigError) as caught:
        build_network(backbone, classes=2, drop_path=0.1)
    assert str(caught.value) == (f"backbone {backbone!r} has no residual branches that can be dropped; set drop_path=0")


def test_an_unknown_head_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"^expected a head among linear, dense1024, flatten, found 'big'$"):
        build_network("test_resnet", classes=2, head="big")


def test_weights_from_the_hub_bring_their_own_statistics_as_one_grey_value():
    network = build_network("resnet18", classes=2)
    mean, std = input_statistics(network, pretrained=True)
    assert mean == pytest.approx((0.485 + 0.456 + 0.406) / 3)
    assert std == pytest.approx((0.229 + 0.224 + 0.225) / 3)
    assert input_statistics(network, pretrained=False) == (0.5, 0.25)


def test_a_placed_network_lays_its_filters_out_channels_last():
    network = placed(build_network("resnet10t", classes=2), CPU)
    assert network.conv1[3].weight.is_contiguous(memory_format=torch.channels_last)
