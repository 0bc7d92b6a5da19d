"""Which arithmetic is faster here? Measured, because processors differ and networks differ."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

_WARM_UP_STEPS, _TIMED_STEPS = 1, 2


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """The context in which a forward pass runs in `precision` (`fp32` or `bf16`)."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def faster_precision(
    answer: Callable[[Tensor], Tensor],
    network: nn.Module,
    batch: Tensor,
    *,
    device: torch.device,
    among: tuple[str, ...] = ("fp32", "bf16"),
) -> tuple[str, float]:
    """In which arithmetic a training step on `batch`, inputs of n scans, is faster; and its images a second.

    `answer` gives the network's logits (n, classes). The pace is that of bare forward and backward passes, without
    reading and augmentation: the limit of a training. Weights, batch statistics and mode are left as they were.
    """
    if device.type == "cuda" and not torch.cuda.is_bf16_supported():
        among = tuple(name for name in among if name != "bf16") or ("fp32",)
    was_training = network.training
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    network.train()
    try:
        seconds = {precision: _step_seconds(answer, batch, device, precision) for precision in among}
    finally:
        for name, buffer in network.named_buffers():
            buffer.copy_(buffers[name])
        network.zero_grad(set_to_none=True)
        network.train(was_training)
    fastest = min(seconds, key=lambda precision: seconds[precision])
    return fastest, len(batch) / seconds[fastest]


def _step_seconds(answer: Callable[[Tensor], Tensor], batch: Tensor, device: torch.device, precision: str) -> float:
    fastest = float("inf")
    for step in range(_WARM_UP_STEPS + _TIMED_STEPS):
        _wait(device)
        started = time.perf_counter()
        with torch.random.fork_rng(devices=[]), autocast(device, precision):
            loss = answer(batch).float().square().mean()
        loss.backward()
        _wait(device)
        if step >= _WARM_UP_STEPS:
            fastest = min(fastest, time.perf_counter() - started)
    return fastest


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
