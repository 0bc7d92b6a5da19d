import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.errors import ConfigError, RunDamagedError, WeightsError
from core.models import weights
from core.models.build import build_network
from core.models.weights import initialise, load_matching, load_run_model, read_weights, save_weights
from core.runs import create_run

BACKBONE = "test_resnet"


def first(init: object, *, backbone: str = BACKBONE, runs: Path = Path("runs")) -> weights.Initialised:
    return initialise(backbone, classes=2, dropout=0.0, init=str(init), runs_folder=runs)


def network_tensors(backbone: str = BACKBONE, *, seed: int = 3, classes: int = 2) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return build_network(backbone, classes=classes).state_dict()


def fits(found: weights.Initialised, tensors: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(tensor, tensors[name]) for name, tensor in found.network.state_dict().items())


def test_from_scratch_needs_nothing():
    assert first("scratch").weights_from == "from scratch"


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model", "model_state_dict", "state_dict_ema"])
@pytest.mark.parametrize("prefix", ["", "module.", "backbone."])
def test_a_torch_file_is_read_whatever_it_is_wrapped_in(tmp_path, wrapper, prefix):
    tensors = network_tensors()
    named = {prefix + name: tensor for name, tensor in tensors.items()}
    torch.save({wrapper: named, "epoch": 7} if wrapper else named, tmp_path / "w.pt")
    found = first(tmp_path / "w.pt")
    assert fits(found, tensors)
    assert found.weights_from == f"w.pt: {len(tensors)} of {len(tensors)} tensors fit"


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
    assert found.weights_from.endswith("tensors fit; new: fc.weight, fc.bias")


def test_weights_of_another_backbone_are_refused(tmp_path):
    save_weights(network_tensors("test_vit"), tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match=r"^w\.safetensors: \d+ of \d+ tensors fit, too few to be .*; choose the"):
        first(tmp_path / "w.safetensors")


def test_tensors_of_odd_shapes_do_not_fit():
    network = build_network(BACKBONE, classes=2)
    names = [name for name, tensor in network.state_dict().items() if tensor.ndim == 1]
    odd = {name: torch.zeros(1, 3, 2, 2) for name in names}
    with pytest.raises(WeightsError, match=r"^odd: 0 of"):
        load_matching(network, odd, name="odd")


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


@pytest.mark.parametrize("content", [[torch.zeros(1)], torch.zeros(1), 7])
def test_a_torch_file_without_names_is_told(tmp_path, content):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"expected named tensors in .*, found .*; save a state_dict"):
        first(tmp_path / "w.pt")


def test_a_torch_file_with_numbers_for_names_does_not_fit(tmp_path):
    torch.save({0: torch.zeros(1), "epoch": 3}, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"0 of .* tensors fit"):
        first(tmp_path / "w.pt")


def test_another_run_gives_its_weights_and_its_statistics(trained):
    for name in (trained.run.folder, trained.run.id):
        found = first(name, runs=trained.runs)
        assert fits(found, read_weights(trained.run.weights_path))
        assert found.weights_from.startswith(f"run {trained.run.id}: ")
        assert (found.mean, found.std) == (trained.run.record.input_mean, trained.run.record.input_std)


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
    assert all(way in text for way in ("--init scratch", "--init FILE", "--init RUN"))
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
        WeightsError, match="the hub has no weights for 'cspresnet50d'; use --init scratch, --init FILE"
    ):
        first("hub", backbone="cspresnet50d")


def test_an_unknown_backbone_is_not_blamed_on_the_hub(hub):
    hub(reachable=True, raises=OSError())
    with pytest.raises(ConfigError, match="expected a timm image classifier"):
        first("hub", backbone="resnet1000")


def test_a_finished_runs_network_is_ready_for_questions(trained):
    model = load_run_model(trained.run)
    assert not model.network.training
    assert not any(p.requires_grad for p in model.network.parameters())
    assert (model.classes, model.positive, model.image_size) == (("covid", "normal"), "covid", 32)
    assert not model.lock.locked()


def test_a_run_without_its_weights_cannot_be_asked(own_run):
    own_run.weights_path.unlink()
    with pytest.raises(RunDamagedError, match="are missing; restore the file or train again"):
        load_run_model(own_run)
