import pytest
import torch

from core.models.build import build_network, placed
from core.training import precision
from core.training.precision import autocast, faster_precision

CPU = torch.device("cpu")


def state(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


@pytest.mark.parametrize("training", [True, False])
def test_measuring_leaves_the_network_and_chance_as_they_were(training):
    network = placed(build_network("test_resnet", classes=2, dropout=0.5), CPU).train(training)
    batch = torch.rand(4, 1, 32, 32)
    before, chance = state(network), torch.get_rng_state()
    found, per_second = faster_precision(network, network, batch, device=CPU)
    assert found in ("fp32", "bf16")
    assert per_second > 0
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())
    assert network.training == training
    assert torch.equal(torch.get_rng_state(), chance)


@pytest.mark.parametrize("faster", ["fp32", "bf16"])
def test_the_faster_one_is_taken(monkeypatch, faster):
    monkeypatch.setattr(precision, "_step_seconds", lambda a, b, d, name: 1.0 if name == faster else 2.0)
    network = build_network("test_resnet", classes=2)
    assert faster_precision(network, network, torch.rand(2, 1, 32, 32), device=CPU) == (faster, 2.0)


def test_an_arithmetic_that_was_asked_for_is_timed_alone():
    network = build_network("test_resnet", classes=2)
    found, _ = faster_precision(network, network, torch.rand(2, 1, 32, 32), device=CPU, among=("bf16",))
    assert found == "bf16"


def test_a_failed_measurement_leaves_the_network_as_it_was(monkeypatch):
    network = build_network("test_resnet", classes=2).eval()

    def fail(net, *_):
        net(torch.rand(2, 1, 32, 32))
        raise MemoryError

    monkeypatch.setattr(precision, "_step_seconds", fail)
    before = state(network)
    with pytest.raises(MemoryError):
        faster_precision(network, network, torch.rand(2, 1, 32, 32), device=CPU)
    assert not network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize(("name", "kind"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_a_forward_pass_runs_in_the_precision_asked_for(name, kind):
    with autocast(CPU, name):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == kind
