"""What fits of foreign weights is copied, and what does not is said with its reason."""

import re

import pytest
import timm
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from core.errors import WeightsError
from core.models.build import build_network
from core.models.matching import load_matching
from core.models.weights import initialise, read_weights

BACKBONE = "test_resnet"


@pytest.fixture(scope="module")
def colour():
    """torchvision's ResNet-18 for colour pictures of 1,000 classes."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torchvision.models.resnet18(weights=None).eval()


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize(("channels", "folded"), [("auto", "RGB filters folded into one channel; "), ("3", "")])
def test_torchvisions_resnet_comes_over_whole_but_for_the_head(colour, tmp_path, suffix, channels, folded):
    path = tmp_path / f"resnet18.{suffix}"
    (torch.save if suffix == "pth" else save_file)(colour.state_dict(), path)
    found = initialise("resnet18", classes=2, init=str(path), runs_folder=tmp_path, channels=channels)
    assert found.weights_from == (
        f"resnet18.{suffix}: 120 of 120 tensors of the backbone fit, 100.0 % of its parameters; {folded}head new; "
        "of another shape: fc.weight (1000x512, here 2x512), fc.bias (1000, here 2)"
    )
    scan = torch.rand(2, 1, 64, 64)
    maps = found.network.eval().forward_features(scan.expand(-1, found.channels, -1, -1))
    expected = torch.nn.Sequential(*list(colour.children())[:-2])(scan.expand(-1, 3, -1, -1))
    torch.testing.assert_close(maps, expected, rtol=1e-3, atol=1e-4)


def test_a_network_of_three_channels_answers_as_the_grey_one_it_came_from():
    grey = build_network(BACKBONE, classes=2).eval()
    three = build_network(BACKBONE, classes=2, channels=3).eval()
    report = load_matching(three, grey.state_dict(), name="grey")
    assert "; grey filters spread over three channels; head taken over" in report
    scan = torch.rand(2, 1, 64, 64)
    torch.testing.assert_close(three(scan.expand(-1, 3, -1, -1)), grey(scan), rtol=1e-4, atol=1e-5)


def test_what_is_new_unknown_or_of_another_shape_is_told_apart():
    network = build_network(BACKBONE, classes=2)
    weights = dict(network.state_dict())
    del weights["bn1.bias"]
    weights["bn1.weight"] = torch.ones(7)
    weights |= {f"projector.{number}.weight": torch.ones(2) for number in range(6)}
    weights["two\nlines" + "x" * 500] = torch.ones(2)
    report = load_matching(network, weights, name="w")
    head = r"w: \d+ of \d+ tensors of the backbone fit, 99\.\d % of its parameters; head taken over; new: bn1\.bias; "
    assert re.match(head + r"of another shape: bn1\.weight \(7, here \d+\); unknown here: projector\.0\.weight", report)
    assert report.endswith("projector.3.weight and 3 more")
    assert "\n" not in report


def test_a_share_is_never_rounded_up_to_all():
    network = build_network("resnet18", classes=2)
    weights = dict(network.state_dict())
    del weights["bn1.bias"]  # 64 of 11 million
    assert "119 of 120 tensors of the backbone fit, 99.9 % of its parameters" in load_matching(
        network, weights, name="w"
    )


def test_part_of_a_head_is_told():
    network = build_network(BACKBONE, classes=2, head="dense1024")
    other = build_network(BACKBONE, classes=3, head="dense1024")
    assert "; 2 of 4 tensors of the head fit; " in load_matching(network, other.state_dict(), name="w")


def test_weights_of_another_backbone_are_refused_and_leave_the_network_as_it_was():
    network = build_network(BACKBONE, classes=2)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(
        WeightsError, match=r"^w: \d+ of \d+ tensors .*, too few to be .*; choose the backbone"
    ) as caught:
        load_matching(network, build_network("test_vit", classes=2).state_dict(), name="w")
    assert "\n" not in str(caught.value)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_tensors_of_odd_shapes_do_not_fit():
    network = build_network(BACKBONE, classes=2)
    odd = {name: torch.zeros(1, 3, 2, 2) for name, tensor in network.state_dict().items() if tensor.ndim == 1}
    with pytest.raises(WeightsError, match=r"^odd: 0 of"):
        load_matching(network, odd, name="odd")


def test_tensors_of_a_kind_that_cannot_be_copied_are_told():
    network = build_network(BACKBONE, classes=2)
    sparse = {name: tensor.to_sparse() if tensor.ndim else tensor for name, tensor in network.state_dict().items()}
    with pytest.raises(
        WeightsError, match=r"^w: its tensors cannot be copied into a network; save a plain state_dict$"
    ):
        load_matching(network, sparse, name="w")


@settings(max_examples=20)
@given(share=st.floats(0, 1), seed=st.integers(0, 99))
def test_a_report_counts_what_was_copied(share, seed):
    network = build_network(BACKBONE, classes=2)
    kept = torch.Generator().manual_seed(seed)
    names = [name for name in network.state_dict() if float(torch.rand((), generator=kept)) < share]
    weights = {name: torch.full_like(network.state_dict()[name], 3) for name in names}
    backbone = [name for name in names if not name.startswith("fc.")]
    try:
        report = load_matching(network, weights, name="w")
        assert all(bool((tensor == 3).all()) == (name in names) for name, tensor in network.state_dict().items())
    except WeightsError as error:
        report = str(error)
    assert report.startswith(f"w: {len(backbone)} of ")


def test_a_file_of_timm_with_its_own_classifier_serves_under_every_head(tmp_path):
    torch.save({"state_dict": timm.create_model(BACKBONE).state_dict()}, tmp_path / "w.pt")
    for head in ("linear", "dense1024", "flatten"):
        network = build_network(BACKBONE, classes=2, head=head, image_size=64)
        assert "100.0 % of its parameters; RGB filters folded" in load_matching(
            network, read_weights(tmp_path / "w.pt"), name="w"
        )
