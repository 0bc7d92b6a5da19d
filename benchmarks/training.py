"""Images a second through `fit`, from the store of decoded pixels and augmented, over the bare step on a tensor."""

import time

import torch
from torch import nn
from torch.nn import functional

from benchmarks.measured import Measured
from benchmarks.scans import stored_scans
from core.models.build import build_network, placed
from core.models.inputs import InputForm
from core.training.batches import ScanLessons, ScanSplit
from core.training.config import TrainingConfig
from core.training.fit import Progress, fit
from core.training.precision import autocast, faster_precision

ROUNDS, WARM_UP_STEPS = 3, 2
FORM = InputForm(0.5, 0.25)


def run() -> list[Measured]:
    """ResNet-18 at 128 px and ResNet-50 at 224 px, each in the arithmetic that the probe finds faster."""
    if torch.cuda.is_available():
        return [_measured("resnet50", 224, batch_size=128, steps=11, goal=0.9)]
    return [
        _measured("resnet18", 128, batch_size=32, steps=14, goal=0.92),
        _measured("resnet50", 224, batch_size=16, steps=8, goal=0.92),
    ]


class _Clock:
    """A reporter that keeps the time of each step."""

    def __init__(self, device: torch.device) -> None:
        self.at: list[float] = []
        self._device = device

    def step(self, *, epoch: int, step: int, steps: int, images: int) -> None:
        _wait(self._device)
        self.at.append(time.perf_counter())

    def epoch(self, progress: Progress, *, improved: bool) -> None:
        pass

    def memory_ran_out(self, micro_batch: int) -> None:
        raise MemoryError(f"a whole batch does not fit, only {micro_batch} scans")

    def stop_requested(self) -> bool:
        return False


def _measured(backbone: str, side: int, *, batch_size: int, steps: int, goal: float) -> Measured:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    config = TrainingConfig(backbone=backbone, image_size=side, epochs=1, batch_size=batch_size, warmup_epochs=0)
    with stored_scans(batch_size * steps, side) as (scans, what):
        network = placed(build_network(backbone, classes=2), device)
        batch = FORM.of(torch.from_numpy(scans.pixels[:batch_size]), device)
        precision, _ = faster_precision(network, network, batch, device=device)
        ours, limit = [], []
        for _ in range(ROUNDS):
            limit.append(_bare(network, batch, scans.targets[:batch_size].to(device), device, precision, steps))
            ours.append(_through_fit(network, scans, config, device, precision))
    return Measured(
        f"training, {backbone}, {side} px, {precision}, {device.type}, {what}: `fit` over bare steps",
        max(ours),
        max(limit),
        "images/s",
        goal,
        goal_is_least=True,
    )


def _bare(
    network: nn.Module, batch: torch.Tensor, targets: torch.Tensor, device: torch.device, precision: str, steps: int
) -> float:
    from timm.optim import create_optimizer_v2

    network.train()
    optimizer = create_optimizer_v2(network, opt="adamw", lr=1e-3, weight_decay=0.05)
    for step in range(steps):
        if step == WARM_UP_STEPS:  # the first steps allocate
            _wait(device)
            started = time.perf_counter()
        with autocast(device, precision):
            logits = network(batch)
        functional.cross_entropy(logits.float(), targets).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    _wait(device)
    return len(batch) * (steps - WARM_UP_STEPS) / (time.perf_counter() - started)


def _through_fit(
    network: nn.Module, scans: ScanSplit, config: TrainingConfig, device: torch.device, precision: str
) -> float:
    clock = _Clock(device)
    val = ScanSplit(scans.pixels[:4], torch.tensor([0, 1, 0, 1]))
    lessons = ScanLessons(scans, val, classes=2, form=FORM, config=config, device=device)
    fit(
        network,
        lessons,
        positive_class=1,
        classes=2,
        frozen=(),
        config=config,
        device=device,
        precision=precision,
        reporter=clock,
    )
    return config.batch_size * (len(clock.at) - WARM_UP_STEPS) / (clock.at[-1] - clock.at[WARM_UP_STEPS - 1])


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
