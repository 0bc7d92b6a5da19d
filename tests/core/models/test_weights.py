import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from core.errors import ConfigError, WeightsError
from core.models import weights
from core.models.build import build_network
from core.models.weights import initialise, read_weights, save_weights
from core.runs import create_run

BACKBONE = "test_resnet"


def first(
    init: object, *, backbone: str = BACKBONE, classes: int = 2, runs: Path = Path("runs"), **settings: Any
) -> weights.Initialised:
    return initialise(backbone, classes=classes, init=str(init), runs_folder=runs, **settings)


def network_tensors(backbone: str = BACKBONE, *, seed: int = 3, classes: int = 2) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return build_network(backbone, classes=classes).state_dict()


def fits(found: weights.Initialised, tensors: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(tensor, tensors[name]) for name, tensor in found.network.state_dict().items())


def test_from_scratch_needs_nothing():
    assert first("scratch").weights_from == "from scratch"


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model", "model_state_dict", "state_dict_ema"])
@pytest.mark.parametrize("prefix", ["", "module.", "backbone.", "encoder.", "module.model.", "_orig_mod."])
def test_a_torch_file_is_read_whatever_it_is_wrapped_in(tmp_path, wrapper, prefix):
    tensors = network_tensors()
    named = {prefix + name: tensor for name, tensor in tensors.items()}
    torch.save({wrapper: named, "epoch": 7} if wrapper else named, tmp_path / "w.pt")
    found = first(tmp_path / "w.pt")
    assert fits(found, tensors)
    count = len(tensors) - 2
    assert found.weights_from == (
        f"w.pt: {count} of {count} tensors of the backbone fit, 100.0 % of its parameters; head taken over"
    )


def test_wrappers_within_wrappers_are_taken_off(tmp_path):
    tensors = network_tensors()
    torch.save({"model": {"state_dict": tensors}, "args": {"lr": 0.1}}, tmp_path / "w.pt")
    assert fits(first(tmp_path / "w.pt"), tensors)


def test_a_safetensors_file_is_read(tmp_path):
    tensors = network_tensors()
    save_weights(tensors, tmp_path / "w.safetensors")
    assert fits(first(tmp_path / "w.safetensors"), tensors)


def test_saved_weights_come_back_to_the_last_bit_whatever_their_memory_order(tmp_path):
    tensors = {"a": torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last), "b": torch.tensor(7)}
    save_weights(tensors, tmp_path / "w.safetensors")
    found = read_weights(tmp_path / "w.safetensors")
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)


def test_rgb_filters_see_in_grey_what_they_saw_in_three_equal_channels(tmp_path):
    torch.manual_seed(0)
    import timm

    colour = timm.create_model("resnet10t", num_classes=2, in_chans=3).eval()
    save_file(colour.state_dict(), tmp_path / "rgb.safetensors")
    grey = first(tmp_path / "rgb.safetensors", backbone="resnet10t").network.eval()
    scan = torch.rand(2, 1, 64, 64)
    torch.testing.assert_close(grey(scan), colour(scan.expand(-1, 3, -1, -1)), rtol=1e-4, atol=1e-5)


def test_another_number_of_classes_gets_a_new_last_layer_and_says_so(tmp_path):
    save_weights(network_tensors(classes=1000), tmp_path / "w.safetensors")
    found = first(tmp_path / "w.safetensors")
    assert found.weights_from.endswith(
        "100.0 % of its parameters; head new; of another shape: fc.weight (1000x96, here 2x96), fc.bias (1000, here 2)"
    )


@pytest.mark.parametrize("init", ["scratch", "FILE", "RUN"])
@pytest.mark.parametrize(("channels", "count"), [("auto", 1), ("1", 1), ("3", 3)])
def test_the_network_has_the_channels_asked_for_wherever_its_weights_come_from(trained, init, channels, count):
    places = {"scratch": "scratch", "FILE": trained.run.weights_path, "RUN": trained.run.id}
    found = first(places[init], runs=trained.runs, channels=channels)
    assert found.channels == count
    assert found.network(torch.zeros(2, count, 32, 32)).shape == (2, 2)


class Payload:
    """Unpickling it would leave a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "w.bin", "w.safetensors", "w"])
@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_a_pickled_payload_is_refused_and_never_runs(tmp_path, name, how):
    trace = tmp_path / "trace"
    content = {"state_dict": Payload(trace)}
    if how == "torch":
        torch.save(content, tmp_path / name)
    else:
        (tmp_path / name).write_bytes(pickle.dumps(content))
    with pytest.raises(WeightsError, match=r"it cannot be read as weights alone; give a \.safetensors file or a torch"):
        first(tmp_path / name)
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"not weights", b"\x80\x04." * 9])
@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_a_damaged_weights_file_is_told_in_one_line(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(
        WeightsError, match=r"^expected weights in .*, but it cannot be read as weights alone"
    ) as caught:
        first(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_a_torn_weights_file_is_told(tmp_path, name, share):
    path = tmp_path / name
    (torch.save if path.suffix == ".pt" else save_file)(network_tensors(), path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(WeightsError, match=r"^expected weights in .*, but it cannot be read as weights alone"):
        first(path)


@pytest.mark.parametrize("content", [[torch.zeros(1)], torch.zeros(1), 7])
def test_a_torch_file_without_names_is_told(tmp_path, content):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"expected named tensors in .*, found .*; save a state_dict"):
        first(tmp_path / "w.pt")


def test_a_torch_file_with_numbers_for_names_does_not_fit(tmp_path):
    torch.save({0: torch.zeros(1), "epoch": 3}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"0 of .* tensors of the backbone fit"):
        first(tmp_path / "w.pt")


def test_another_run_gives_its_weights_and_its_statistics(trained):
    for name in (trained.run.folder, trained.run.id):
        found = first(name, runs=trained.runs)
        assert fits(found, read_weights(trained.run.weights_path))
        assert found.weights_from.startswith(f"run {trained.run.id}: ")
        assert (found.mean, found.std) == (trained.run.record.input_mean, trained.run.record.input_std)


def test_a_run_on_other_classes_gives_its_backbone_and_no_head(trained):
    own = read_weights(trained.run.weights_path)
    for classes, names in ((3, ("a", "b", "c")), (2, ("normal", "pneumonia"))):
        found = first(trained.run.id, runs=trained.runs, classes=classes, class_names=names)
        tensors = found.network.state_dict()
        assert all(torch.equal(tensors[name], own[name]) for name in own if not name.startswith("fc."))
        assert tensors["fc.weight"].shape == (classes, 96)
        assert not torch.equal(tensors["fc.weight"], own["fc.weight"])
        assert "; head new" in found.weights_from


def test_a_run_on_the_same_classes_gives_its_head_too(trained):
    found = first(trained.run.id, runs=trained.runs, class_names=("covid", "normal"))
    assert fits(found, read_weights(trained.run.weights_path))
    assert found.weights_from.endswith("; head taken over")


@pytest.mark.parametrize("head", ["dense1024", "flatten"])
def test_a_runs_backbone_serves_under_another_head(trained, head):
    found = first(trained.run.id, runs=trained.runs, head=head, image_size=32)
    assert "100.0 % of its parameters; head new; unknown here: fc.bias, fc.weight" in found.weights_from


def test_a_run_without_weights_is_told(tmp_path):
    run = create_run(tmp_path, config={"backbone": BACKBONE, "seed": 0}, data=tmp_path)
    with pytest.raises(WeightsError, match=r"best\.safetensors, but it is missing"):
        first(run.id, runs=tmp_path)


def test_what_is_none_of_the_four_is_told(tmp_path):
    with pytest.raises(WeightsError) as caught:
        first("imagenet", runs=tmp_path)
    assert str(caught.value) == (
        "expected --init to be hub, scratch, a weights file or a run, found 'imagenet', which is none of them"
    )


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch):
    """Stands in for the hub's client: says whether it can be reached, and what happens when timm asks it."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", constants.HF_HUB_OFFLINE)

    def pretend(*, reachable: bool, raises: Exception) -> None:
        def load(*_arguments, **_options):
            raise raises

        monkeypatch.setattr(weights, "hub_is_reachable", lambda: reachable)
        monkeypatch.setattr("timm.models._builder.load_pretrained", load)

    return pretend


@pytest.mark.parametrize(
    ("reachable", "raises"),
    [
        (False, OSError("We couldn't connect to\nthe hub")),
        (True, ConnectionError("Name or service not known")),
        (True, TimeoutError("timed out")),
    ],
)
def test_a_hub_that_cannot_be_reached_offers_the_other_three_ways_in_one_line(hub, reachable, raises):
    hub(reachable=reachable, raises=raises)
    with pytest.raises(WeightsError) as caught:
        first("hub", backbone="resnet10t")
    text = str(caught.value)
    assert text.startswith("the model hub cannot be reached for 'resnet10t'; ")
    assert all(way in text for way in ("scratch", "a FILE", "a RUN"))
    assert "\n" not in text


def test_where_the_hub_cannot_be_reached_its_client_is_kept_from_trying(hub):
    from huggingface_hub import constants

    hub(reachable=False, raises=OSError())
    constants.HF_HUB_OFFLINE = False
    with pytest.raises(WeightsError):
        first("hub", backbone="resnet10t")
    assert constants.HF_HUB_OFFLINE is True


def test_a_backbone_without_weights_in_the_hub_is_told(hub, monkeypatch):
    monkeypatch.setattr(weights, "hub_is_reachable", lambda: True)
    with pytest.raises(
        WeightsError, match="the hub has no weights for 'cspresnet50d'; instead of hub, init can be scratch, a FILE"
    ):
        first("hub", backbone="cspresnet50d")


def test_an_unknown_backbone_is_not_blamed_on_the_hub(hub):
    hub(reachable=True, raises=OSError())
    with pytest.raises(ConfigError, match="expected a timm image classifier"):
        first("hub", backbone="resnet1000")
