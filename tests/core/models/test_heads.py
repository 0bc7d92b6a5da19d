"""Every head answers as timm's own does: from maps to what it takes, and from there to logits."""

import pytest
import torch
from torch import nn

from core.errors import ConfigError
from core.models.build import build_network
from core.models.heads import features_of, head_inputs, head_on_inputs
from core.models.kinds import HEADS

BACKBONES = ["test_resnet", "test_efficientnet", "test_convnext", "test_vit", "test_mambaout", "mobilenetv3_large_100"]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_network_answers_in_one_go_as_through_its_maps_and_through_its_head_alone(backbone, head):
    network = build_network(backbone, classes=3, head=head, dropout=0.4, image_size=160).eval()
    scans = torch.rand(2, 1, 160, 160)
    logits = network(scans)
    assert logits.shape == (2, 3)
    assert network.num_classes == 3
    torch.testing.assert_close(network.forward_head(network.forward_features(scans)), logits)
    taken = head_inputs(network, scans)
    torch.testing.assert_close(head_on_inputs(network, dropout=0.4).eval()(taken), logits)
    assert features_of(network, taken).ndim == 2


def test_the_dense_head_is_pooling_dense_relu_dropout_linear():
    network = build_network("test_resnet", classes=2, head="dense1024", dropout=0.5).eval()
    scans = torch.rand(2, 1, 64, 64)
    pooled = network.forward_features(scans).mean((2, 3))  # (n, 96)
    weights = network.state_dict()
    dense = (pooled @ weights["fc.dense.weight"].T + weights["fc.dense.bias"]).relu()
    assert dense.shape == (2, 1024)
    expected = dense @ weights["fc.scores.weight"].T + weights["fc.scores.bias"]
    torch.testing.assert_close(network(scans), expected)
    assert [m.p for m in network.fc.modules() if isinstance(m, nn.Dropout)] == [0.5]


def test_the_flatten_head_has_a_weight_for_every_cell_of_the_last_maps():
    network = build_network("test_resnet", classes=2, head="flatten", dropout=0.3, image_size=96).eval()
    scans = torch.rand(2, 1, 96, 96)
    maps = network.forward_features(scans)
    weights = network.state_dict()
    expected = maps.reshape(2, -1) @ weights["fc.scores.weight"].T + weights["fc.scores.bias"]
    torch.testing.assert_close(network(scans), expected)
    torch.testing.assert_close(features_of(network, head_inputs(network, scans)), maps.mean((2, 3)))


@pytest.mark.parametrize("head", HEADS)
def test_dropout_acts_once_before_the_last_layer(head):
    network = build_network("test_resnet", classes=1, head=head, dropout=0.5, image_size=64).eval()
    scans = torch.rand(1, 1, 64, 64)
    last = network.fc if head == "linear" else network.fc.scores
    seen = []
    last.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    network(scans)
    for module in network.modules():
        module.train(not isinstance(module, nn.BatchNorm2d))
    network(scans)
    whole, dropped = seen
    kept = (dropped != 0) & (whole != 0)
    torch.testing.assert_close(dropped[kept], 2 * whole[kept])
    share = float(kept.sum() / (whole != 0).sum())
    assert 0.2 < share < 0.8


def test_the_flatten_head_needs_the_size():
    with pytest.raises(ConfigError, match="head 'flatten' needs to know the side of the scans, found none; give image"):
        build_network("test_resnet", classes=2, head="flatten")


@pytest.mark.parametrize("head", ["dense1024", "flatten"])
def test_a_backbone_with_two_classifiers_keeps_its_own_head(head):
    with pytest.raises(ConfigError, match=f"head '{head}' cannot stand on this backbone; use head 'linear'"):
        build_network("deit_tiny_distilled_patch16_224", classes=2, head=head, image_size=224)
    network = build_network("deit_tiny_distilled_patch16_224", classes=2)
    assert head_on_inputs(network, dropout=0.0) is None


def test_pooling_that_cannot_be_left_out_is_told():
    with pytest.raises(ConfigError, match="head 'flatten' cannot stand on this backbone; use head 'linear'"):
        build_network("efficientvit_b0", classes=2, head="flatten", image_size=64)
