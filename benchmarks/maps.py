"""Grad-CAM of one scan, over one bare forward and backward pass of the same network."""

import threading

import numpy as np
import torch

from benchmarks.measured import Measured, in_turns, timed
from core.explanation.maps import explain
from core.models.build import LoadedModel, build_network, placed
from core.models.inputs import InputForm

SIDE, ROUNDS = 224, 15


def run() -> list[Measured]:
    """ResNet-18 at 224 px on one thread, as the app runs it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(0)
        network = placed(build_network("resnet18", classes=2).eval(), device)
        form = InputForm(mean=0.5, std=0.25)
        model = LoadedModel(network, ("a", "b"), "b", SIDE, form, device, threading.Lock())
        scan = np.random.default_rng(0).integers(0, 256, (300, 400), dtype=np.uint8)
        inputs = form.of(torch.zeros(1, SIDE, SIDE, dtype=torch.uint8), device)

        def bare() -> float:
            network.requires_grad_(True)

            def both() -> None:
                network(inputs)[0, 1].backward()
                network.zero_grad(set_to_none=True)

            return timed(both)

        def ours() -> float:
            network.requires_grad_(False)  # as `load_run_model` leaves it
            return timed(lambda: explain(model, scan))

        bare(), ours()
        seconds = in_turns(rounds=ROUNDS, bare=bare, ours=ours)
    finally:
        torch.set_num_threads(threads)
    name = "Grad-CAM of one scan, ResNet-18, 224 px: over one forward and backward pass"
    return [Measured(name, seconds["ours"] * 1000, seconds["bare"] * 1000, "ms", 1.6, goal_is_least=False)]
