"""Images a second through `fit`, over the bare step on tensors already in memory."""

import time

import torch
from torch.nn import functional

from benchmarks.measured import Measured
from core.models.build import build_network, placed
from core.models.inputs import InputForm
from core.training.batches import ScanLessons, ScanSplit
from core.training.config import TrainingConfig
from core.training.fit import Progress, fit
from core.training.precision import autocast, faster_precision

SIDE, BATCH, STEPS, ROUNDS = 128, 32, 20, 3
FORM = InputForm(mean=0.5, std=0.25)


class _Clock:
    """A reporter that keeps the time of each step."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def step(self, *, epoch: int, step: int, steps: int, images: int) -> None:
        self.at.append(time.perf_counter())

    def epoch(self, progress: Progress, *, improved: bool) -> None:
        pass

    def stop_requested(self) -> bool:
        return False


def run() -> list[Measured]:
    """ResNet-18 at 128 px, default augmentation, in the arithmetic the probe finds faster."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    config = TrainingConfig(backbone="resnet18", image_size=SIDE, epochs=1, batch_size=BATCH, warmup_epochs=0)
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (BATCH * STEPS, SIDE, SIDE), dtype=torch.uint8, generator=generator)
    targets = torch.randint(0, 2, (BATCH * STEPS,), generator=generator)
    network = placed(build_network("resnet18", classes=2), device)
    batch = FORM.of(pixels[:BATCH], device)
    precision, _ = faster_precision(network, network, batch, device=device)
    ours, limit = [], []
    for _ in range(ROUNDS):
        limit.append(_bare(batch, targets[:BATCH].to(device), device, precision))
        ours.append(_through_fit(pixels, targets, config, device, precision))
    return [
        Measured(
            f"training, ResNet-18, {SIDE} px, {precision}, {device.type}: `fit` over bare steps",
            max(ours),
            max(limit),
            "images/s",
            0.85,
            goal_is_least=True,
        )
    ]


def _bare(batch: torch.Tensor, targets: torch.Tensor, device: torch.device, precision: str) -> float:
    from timm.optim import create_optimizer_v2

    network = placed(build_network("resnet18", classes=2), device).train()
    optimizer = create_optimizer_v2(network, opt="adamw", lr=1e-3, weight_decay=0.05)
    for step in range(STEPS):
        if step == 2:  # the first steps allocate
            _wait(device)
            started = time.perf_counter()
        with autocast(device, precision):
            logits = network(batch)
        functional.cross_entropy(logits.float(), targets).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    _wait(device)
    return BATCH * (STEPS - 2) / (time.perf_counter() - started)


def _through_fit(
    pixels: torch.Tensor, targets: torch.Tensor, config: TrainingConfig, device: torch.device, precision: str
) -> float:
    clock = _Clock()
    val = ScanSplit(pixels[:4], torch.tensor([0, 1, 0, 1]))
    train = ScanSplit(pixels, targets)
    fit(
        build_network("resnet18", classes=2),
        ScanLessons(train, val, classes=2, form=FORM, config=config, device=device),
        positive_class=1,
        classes=2,
        frozen=(),
        config=config,
        device=device,
        precision=precision,
        reporter=clock,
    )
    return BATCH * (STEPS - 2) / (clock.at[-1] - clock.at[1])


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
