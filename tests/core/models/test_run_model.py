"""A run's network comes back as it was trained, whichever version wrote the run."""

import pytest
import torch

from core.errors import RunDamagedError
from core.models.build import build_network
from core.models.inputs import InputForm
from core.models.kinds import HEADS
from core.models.weights import load_run_model, save_weights

BACKBONE = "test_resnet"


def test_a_finished_runs_network_is_ready_for_questions(trained):
    model = load_run_model(trained.run)
    assert not model.network.training
    assert not any(p.requires_grad for p in model.network.parameters())
    assert (model.classes, model.positive, model.image_size) == (("covid", "normal"), "covid", 32)
    assert not model.lock.locked()


def test_a_record_of_before_there_were_heads_and_channels_still_opens(own_run):
    old = {"backbone": BACKBONE, "image_size": 32}
    model = load_run_model(own_run.updated(config=old))
    assert (model.input.channels, model.input.feed_size) == (1, 0)
    assert (model.loss, model.test_flip, model.window.name) == ("cross-entropy", False, "lung")


@pytest.mark.parametrize("head", HEADS)
def test_a_runs_network_comes_back_with_its_head_channels_and_feed_size(own_run, head):
    settings = {"head": head, "channels": "3", "feed_size": 64, "loss": "binary", "test_flip": True, "dropout": 0.5}
    with torch.random.fork_rng():
        network = build_network(BACKBONE, classes=2, head=head, channels=3, dropout=0.5, image_size=64).eval()
    save_weights(network.state_dict(), own_run.weights_path)
    model = load_run_model(own_run.updated(config=own_run.record.config | settings))
    assert model.input == InputForm(own_run.record.input_mean, own_run.record.input_std, channels=3, feed_size=64)
    assert (model.loss, model.test_flip) == ("binary", True)
    inputs = model.input.of(torch.randint(0, 256, (2, 32, 32), dtype=torch.uint8), model.device)
    torch.testing.assert_close(model.network(inputs), network(inputs))


@pytest.mark.parametrize(("name", "value"), [("head", 3), ("feed_size", "64"), ("test_flip", 1), ("loss", None)])
def test_a_setting_of_another_kind_is_told(own_run, name, value):
    with pytest.raises(
        RunDamagedError, match=rf"^expected {name} of run .* to be .*, found .*; restore its run\.json$"
    ):
        load_run_model(own_run.updated(config=own_run.record.config | {name: value}))


def test_a_run_without_its_weights_cannot_be_asked(own_run):
    own_run.weights_path.unlink()
    with pytest.raises(RunDamagedError, match="are missing; restore the file or train again"):
        load_run_model(own_run)
