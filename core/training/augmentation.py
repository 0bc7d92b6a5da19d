"""Random changes that leave a scan's class as it is, for a whole batch at once, on whatever device it is on."""

import math

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms import v2

from core.training.config import TrainingConfig

_SMALLEST_ERASED, _LARGEST_ERASED, _MOST_OBLONG = 0.02, 0.25, 3.0


def augmented(scans: Tensor, config: TrainingConfig) -> Tensor:
    """Each scan turned, scaled, shifted, mirrored, re-toned, made noisy or partly painted over, as torch draws it.

    Args:
        scans: grey values in [0, 1], float32, shape (n, 1, h, w).
        config: how much of each.

    Returns:
        Of the same shape and range. What comes from outside a scan is black.
    """
    numbers = torch.rand(len(scans), 14).to(scans.device)  # drawn on the CPU: the same on every device
    scans = _moved(scans, numbers[:, :6], config)
    if config.contrast:
        scans = _with_contrast(scans, 1 + config.contrast * _signed(numbers[:, 6:8]))
    if config.gamma:
        scans = scans ** _each(torch.exp(config.gamma * _signed(numbers[:, 8])))
    if config.noise:
        scans = (scans + torch.randn_like(scans) * _each(config.noise * numbers[:, 9])).clamp(0, 1)
    if config.erase:
        scans = _partly_erased(scans, numbers[:, 10:], config.erase)
    return scans


def mixed(scans: Tensor, targets: Tensor, config: TrainingConfig) -> tuple[Tensor, Tensor]:
    """MixUp or CutMix (Zhang et al. 2018, Yun et al. 2019) of a batch with itself, where the config wants them.

    With both, each is used for half of the batches.

    Args:
        scans: (n, 1, h, w).
        targets: shares of the classes, (n, classes).
    """
    ways: list[v2.Transform] = []
    if config.mixup:
        ways.append(v2.MixUp(alpha=config.mixup, num_classes=targets.shape[1]))
    if config.cutmix:
        ways.append(v2.CutMix(alpha=config.cutmix, num_classes=targets.shape[1]))
    if not ways or len(scans) < 2:
        return scans, targets
    mixed_scans, mixed_targets = v2.RandomChoice(ways)(scans, targets)
    return mixed_scans, mixed_targets


def _moved(scans: Tensor, numbers: Tensor, config: TrainingConfig) -> Tensor:
    if not (config.flip or config.rotation_degrees or config.zoom or config.stretch or config.shift):
        return scans
    signed = _signed(numbers)
    angle = math.radians(config.rotation_degrees) * signed[:, 0]
    scale = 1 + config.zoom * signed[:, 1]
    aspect = torch.exp(math.log1p(config.stretch) * signed[:, 2])
    mirror = torch.where((numbers[:, 3] < 0.5) & config.flip, -1.0, 1.0)
    across, down = 2 * config.shift * signed[:, 4], 2 * config.shift * signed[:, 5]
    x_step, y_step = mirror / (scale * aspect), aspect / scale  # from a pixel of the result to one of the scan
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = torch.stack(
        [torch.stack([cos * x_step, -sin * x_step, across], 1), torch.stack([sin * y_step, cos * y_step, down], 1)], 1
    )  # (n, 2, 3)
    grid = functional.affine_grid(rows, list(scans.shape), align_corners=False)
    return functional.grid_sample(scans, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _with_contrast(scans: Tensor, factors: Tensor) -> Tensor:
    brighter = scans * _each(factors[:, 0])
    middle = brighter.mean((1, 2, 3), keepdim=True)
    return ((brighter - middle) * _each(factors[:, 1]) + middle).clamp(0, 1)


def _partly_erased(scans: Tensor, numbers: Tensor, probability: float) -> Tensor:
    """A rectangle of each scan, with the given probability, becomes its mean grey (after Zhong et al. 2017)."""
    height, width = scans.shape[2:]
    draw, size, across, down = numbers.unbind(1)
    erased = draw < probability
    share = _SMALLEST_ERASED + (_LARGEST_ERASED - _SMALLEST_ERASED) * size
    oblong = torch.exp(math.log(_MOST_OBLONG) * _signed((draw / probability).clamp(max=1)))
    tall, broad = (share * oblong).sqrt().clamp(max=1), (share / oblong).sqrt().clamp(max=1)
    rows = _between(height, down * (1 - tall), tall)
    columns = _between(width, across * (1 - broad), broad)
    inside = rows[:, None, :, None] & columns[:, None, None, :] & _each(erased)
    return torch.where(inside, scans.mean((1, 2, 3), keepdim=True), scans)


def _between(count: int, first: Tensor, length: Tensor) -> Tensor:
    """Which of `count` pixels have their middle in [first, first + length) of a side of 1; shape (n, count)."""
    middles = (torch.arange(count, device=first.device) + 0.5) / count
    return (middles >= first[:, None]) & (middles < (first + length)[:, None])


def _signed(numbers: Tensor) -> Tensor:
    """From [0, 1) to [-1, 1)."""
    return 2 * numbers - 1


def _each(values: Tensor) -> Tensor:
    """One value a scan, to be used on (n, 1, h, w)."""
    return values.view(-1, 1, 1, 1)
