"""Which arithmetic is faster here? Measured, because processors differ and networks differ."""

import time
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

_WARM_UP_STEPS, _TIMED_STEPS = 1, 2


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """The context in which a forward pass runs in `precision` (`fp32` or `bf16`)."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def faster_precision(network: nn.Module, batch: Tensor, *, device: torch.device) -> str:
    """`bf16` where a training step on `batch` (n, 1, h, w) is faster in it, else `fp32`.

    The network's weights, batch statistics and mode are left as they were.
    """
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    was_training = network.training
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    network.train()
    try:
        seconds = {precision: _step_seconds(network, batch, device, precision) for precision in ("fp32", "bf16")}
    finally:
        for name, buffer in network.named_buffers():
            buffer.copy_(buffers[name])
        network.zero_grad(set_to_none=True)
        network.train(was_training)
    return min(seconds, key=lambda precision: seconds[precision])


def _step_seconds(network: nn.Module, batch: Tensor, device: torch.device, precision: str) -> float:
    fastest = float("inf")
    for step in range(_WARM_UP_STEPS + _TIMED_STEPS):
        started = time.perf_counter()
        with torch.random.fork_rng(devices=[]), autocast(device, precision):
            loss = network(batch).float().square().mean()
        loss.backward()
        if step >= _WARM_UP_STEPS:
            fastest = min(fastest, time.perf_counter() - started)
    return fastest
