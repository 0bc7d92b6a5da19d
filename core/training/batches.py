"""Scans to batches: augmentation off the main thread, the same whatever the number of workers."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision.transforms import v2

from core.training.config import TrainingConfig


class Squares(Protocol):
    """Grey bytes (n, h, w), in memory or on disk: read a scan or a slice of them at a time."""

    def __len__(self) -> int:
        """How many scans."""

    def __getitem__(self, rows: Any, /) -> Tensor | NDArray[np.uint8]:
        """One scan (h, w), or those of a slice (k, h, w)."""


def augmentation(config: TrainingConfig) -> v2.Transform:
    """Random rotation, zoom, shift, flip and contrast as the config says, for one grey scan (1, h, w)."""
    steps: list[v2.Transform] = []
    if config.rotation_degrees or config.zoom or config.shift:
        steps.append(
            v2.RandomAffine(
                degrees=config.rotation_degrees,
                translate=(config.shift, config.shift) if config.shift else None,
                scale=(1 - config.zoom, 1 + config.zoom) if config.zoom else None,
                interpolation=v2.InterpolationMode.BILINEAR,
            )
        )
    if config.flip:
        steps.append(v2.RandomHorizontalFlip())
    if config.contrast:
        steps.append(v2.ColorJitter(brightness=config.contrast, contrast=config.contrast))
    return v2.Compose(steps) if steps else v2.Identity()


class TrainingBatches:
    """The training split, epoch by epoch: `batches.epoch(3)` yields (pixels (n, 1, h, w) uint8, targets (n,)).

    Order and augmentation follow from seed, epoch and scan alone, never from the number of workers or from what
    ran before; so an epoch can be repeated exactly, which is what makes an exact resume simple.
    """

    def __init__(self, pixels: Squares, targets: Tensor, *, config: TrainingConfig, workers: int) -> None:
        self._order = _EpochOrder(len(pixels), config.seed)
        drop_last = len(pixels) > config.batch_size  # a last batch of one scan would break batch statistics
        self._loader: DataLoader[Any] = DataLoader(
            _AugmentedScans(pixels, targets, augmentation(config), config.seed),
            batch_size=config.batch_size,
            sampler=self._order,
            drop_last=drop_last,
            num_workers=workers,
            persistent_workers=workers > 0,
            prefetch_factor=4 if workers else None,
            collate_fn=_as_they_are,  # type: ignore[arg-type]  # __getitems__ gives a whole batch
            generator=torch.Generator(),  # its draws, whose number depends on the workers, leave dropout's alone
        )

    def __len__(self) -> int:
        return len(self._loader)

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of one epoch."""
        self._order.epoch = number
        return iter(self._loader)


class _EpochOrder(Sampler[tuple[int, int]]):
    """(epoch, scan) pairs in the epoch's own order."""

    def __init__(self, scans: int, seed: int) -> None:
        self._scans, self._seed, self.epoch = scans, seed, 0

    def __len__(self) -> int:
        return self._scans

    def __iter__(self) -> Iterator[tuple[int, int]]:
        generator = torch.Generator().manual_seed(_mixed(self._seed, self.epoch, 0))
        return iter([(self.epoch, int(i)) for i in torch.randperm(self._scans, generator=generator)])


class _AugmentedScans(Dataset[tuple[Tensor, Tensor]]):
    def __init__(self, pixels: Squares, targets: Tensor, augment: v2.Transform, seed: int) -> None:
        self._pixels, self._targets, self._augment, self._seed = pixels, targets, augment, seed

    def __len__(self) -> int:
        return len(self._pixels)

    def __getitems__(self, keys: list[tuple[int, int]]) -> tuple[Tensor, Tensor]:
        scans = [scan for _, scan in keys]
        with torch.random.fork_rng(devices=[]):
            augmented = [self._augmented(epoch, scan) for epoch, scan in keys]
        return torch.stack(augmented), self._targets[scans]

    def _augmented(self, epoch: int, scan: int) -> Tensor:
        torch.manual_seed(_mixed(self._seed, epoch, scan + 1))
        return self._augment(torch.as_tensor(self._pixels[scan]).unsqueeze(0))  # (1, h, w)


def _as_they_are(batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return batch


def _mixed(seed: int, epoch: int, scan: int) -> int:
    """One number for three, spread so that neighbours do not share bits."""
    value = (seed * 1_000_003 + epoch) * 1_000_003 + scan
    return (value * 0x9E3779B97F4A7C15 + 0x7F4A7C15) % 2**63
