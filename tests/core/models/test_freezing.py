"""What is frozen is all that stands before a place in the network, and nothing after it."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from core.errors import ConfigError
from core.models.build import build_network
from core.models.freezing import frozen_modules
from core.models.heads import head_inputs
from core.models.kinds import HEADS

STAGES = ("stage1", "stage2", "stage3", "stage4")


def names_held(network: nn.Module, freeze: str) -> set[str]:
    held = {id(p) for module in frozen_modules(network, freeze) for p in module.parameters()}
    return {name for name, p in network.named_parameters() if id(p) in held}


def names_free(network: nn.Module, freeze: str) -> set[str]:
    return {name for name, _ in network.named_parameters()} - names_held(network, freeze)


def test_nothing_is_frozen_unless_asked():
    assert names_held(build_network("test_resnet", classes=2), "none") == set()


@pytest.mark.parametrize("backbone", ["resnet18", "resnet10t", "resnet50"])
def test_the_stages_of_a_resnet_are_its_layers_and_the_stem_goes_with_the_first(backbone):
    network = build_network(backbone, classes=2)
    children = ["layer1", "layer2", "layer3", "layer4", "fc"]
    for number, freeze in enumerate(STAGES, start=1):
        assert {name.split(".")[0] for name in names_free(network, freeze)} == set(children[number:])


@pytest.mark.parametrize(
    "backbone", ["test_resnet", "test_efficientnet", "test_convnext", "test_vit", "test_nfnet", "mobilenetv3_large_100"]
)
def test_each_stage_holds_more_than_the_one_before_and_never_the_head(backbone):
    network = build_network(backbone, classes=2)
    held = [names_held(network, freeze) for freeze in ("none", *STAGES, "backbone")]
    for fewer, more in pairwise(held[:-1]):
        assert fewer < more
    assert held[-2] <= held[-1]


@pytest.mark.parametrize("backbone", ["test_resnet", "test_efficientnet", "test_convnext", "test_vit", "test_byobnet"])
@pytest.mark.parametrize("freeze", STAGES)
def test_what_a_frozen_stage_gives_does_not_change_in_training(backbone, freeze):
    """A step on everything that is free leaves the maps of the stage as they were."""
    torch.manual_seed(0)
    network = build_network(backbone, classes=2)
    frozen = frozen_modules(network, freeze)
    name = list(network.feature_info)[-4:][int(freeze[-1]) - 1]["module"]
    given = []
    network.get_submodule(name).register_forward_hook(lambda _module, _inputs, output: given.append(output.detach()))
    side = 160 if backbone == "test_vit" else 64
    network.eval()
    scan = torch.rand(1, 1, side, side)
    network(scan)
    before = given[-1]
    _train_a_step(network, frozen, side=side)
    network.eval()
    network(scan)
    assert torch.equal(given[-1], before)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("backbone", ["test_resnet", "test_efficientnet", "test_convnext", "test_mambaout"])
def test_a_frozen_backbone_gives_its_head_the_same_whatever_the_head_learns(backbone, head):
    torch.manual_seed(0)
    network = build_network(backbone, classes=2, head=head, dropout=0.5, image_size=64)
    frozen = frozen_modules(network, "backbone")
    scan = torch.rand(1, 1, 64, 64)
    before, logits = head_inputs(network.eval(), scan).detach(), network(scan).detach()
    _train_a_step(network, frozen, side=64)
    assert torch.equal(head_inputs(network.eval(), scan), before)
    assert not torch.equal(network(scan), logits)


@pytest.mark.parametrize(
    ("backbone", "head", "free"),
    [
        ("resnet18", "linear", {"fc.weight", "fc.bias"}),
        ("test_resnet", "flatten", {"fc.scores.weight", "fc.scores.bias"}),
        (
            "test_resnet",
            "dense1024",
            {"fc.dense.weight", "fc.dense.bias", "fc.scores.weight", "fc.scores.bias"},
        ),
        ("test_convnext", "linear", {"head.fc.weight", "head.fc.bias"}),
        ("test_vit", "linear", {"head.weight", "head.bias"}),
        (
            "deit_tiny_distilled_patch16_224",
            "linear",
            {"head.weight", "head.bias", "head_dist.weight", "head_dist.bias"},
        ),
    ],
)
def test_freezing_the_backbone_leaves_every_weight_of_the_head_and_no_other(backbone, head, free):
    network = build_network(backbone, classes=2, head=head, image_size=64 if head == "flatten" else None)
    assert names_free(network, "backbone") == free


@pytest.mark.parametrize("backbone", ["test_resnet", "test_convnext", "test_vit"])
def test_a_frozen_backbone_leaves_dropout_before_the_classifier_at_work(backbone):
    network = build_network(backbone, classes=2, dropout=0.5).train()
    for module in frozen_modules(network, "backbone"):
        module.eval()
    scans = torch.rand(4, 1, 160, 160)
    assert not torch.equal(network(scans), network(scans))


def test_stages_are_refused_where_there_are_none():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(ConfigError) as caught:
        frozen_modules(network, "stage2")
    assert str(caught.value) == (
        "freeze 'stage2' needs a backbone with 4 stages, this one has none; use 'none' or 'backbone'"
    )


def test_an_unknown_word_is_refused():
    with pytest.raises(ConfigError, match="be one of none, stage1, stage2, stage3, stage4, backbone, found 'early'"):
        frozen_modules(build_network("test_resnet", classes=2), "early")


def _train_a_step(network: nn.Module, frozen, *, side: int) -> None:
    network.train()
    for module in frozen:
        module.requires_grad_(False)
        module.eval()
    free = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(free, lr=0.5)
    network(torch.rand(4, 1, side, side)).square().sum().backward()
    optimizer.step()
