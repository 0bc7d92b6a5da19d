"""A small network with random weights, as a run would load it."""

import threading

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.models.build import LoadedModel, build_network
from core.models.inputs import InputForm


def small_model(
    backbone: str = "resnet10t", *, classes: tuple[str, ...] = ("COVID", "non-COVID"), head: str = "linear"
) -> LoadedModel:
    """A model at 64 px whose weights are the same each time, ready for questions as `load_run_model` leaves it."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_network(backbone, classes=len(classes), head=head, image_size=64)
    network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    return LoadedModel(
        network=network,
        classes=classes,
        positive=classes[0],
        image_size=64,
        input=InputForm(mean=0.5, std=0.25),
        device=torch.device("cpu"),
        lock=threading.Lock(),
    )


@pytest.fixture
def model() -> LoadedModel:
    return small_model()


@pytest.fixture
def light_model() -> LoadedModel:
    """One whose last stage gives 96 maps, not 512."""
    return small_model("test_resnet")


@pytest.fixture
def scan() -> NDArray[np.uint8]:
    """Noise with one bright block, 90 high and 120 wide."""
    pixels = np.random.default_rng(0).integers(20, 120, (90, 120), dtype=np.uint8)
    pixels[20:40, 60:90] = 240
    return pixels
