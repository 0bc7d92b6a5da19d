"""Grad-CAM of one scan, and maps of many, over bare forward and backward passes of the same network."""

import threading
from collections.abc import Callable

import numpy as np
import torch

from benchmarks.measured import Measured, in_turns, timed
from core.explanation.batches import maps_of
from core.explanation.maps import explain
from core.models.build import LoadedModel, build_network, placed
from core.models.inputs import InputForm

SIDE, ROUNDS = 224, 15
BATCH, BATCHES, BATCH_ROUNDS = 16, 2, 5


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

        squares = np.random.default_rng(1).integers(0, 256, (BATCH * BATCHES, SIDE, SIDE), dtype=np.uint8)
        batch = form.of(torch.zeros(BATCH, SIDE, SIDE, dtype=torch.uint8), device)

        def bare(given: torch.Tensor, times: int) -> float:
            network.requires_grad_(True)

            def both() -> None:
                for _ in range(times):
                    network(given)[:, 1].sum().backward()
                    network.zero_grad(set_to_none=True)

            return timed(both)

        def ours(work: Callable[[], object]) -> float:
            network.requires_grad_(False)  # as `load_run_model` leaves it
            return timed(work)

        def one_scan() -> float:
            return ours(lambda: explain(model, scan))

        def many(method: str, layer: str) -> float:
            return ours(lambda: list(maps_of(model, squares, method=method, layer=layer, batch_size=BATCH)))

        bare(inputs, 1), one_scan()
        one = in_turns(rounds=ROUNDS, bare=lambda: bare(inputs, 1), ours=one_scan)
        split = in_turns(
            rounds=BATCH_ROUNDS,
            bare=lambda: bare(batch, BATCHES),
            last=lambda: many("gradcam", ""),
            first=lambda: many("layercam", "act1"),
        )
    finally:
        torch.set_num_threads(threads)
    name = "Grad-CAM of one scan, ResNet-18, 224 px: over one forward and backward pass"
    measured = [Measured(name, one["ours"] * 1000, one["bare"] * 1000, "ms", 1.6, goal_is_least=False)]
    for which, words in (("last", "Grad-CAM at the last stage"), ("first", "LayerCAM at the first stage")):
        name = f"maps of a split in batches of {BATCH}, {words}: over bare forward and backward passes"
        ours_rate, bare_rate = (len(squares) / split[key] for key in (which, "bare"))
        measured.append(Measured(name, ours_rate, bare_rate, "images/s", 0.7, goal_is_least=True))
    return measured
