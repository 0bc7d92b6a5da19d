"""Scans to batches: read one ahead, augmented where the network is, repeatable epoch by epoch."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.models.inputs import InputForm
from core.training.augmentation import augmented, mixed
from core.training.config import TrainingConfig


class Squares(Protocol):
    """Grey bytes (n, h, w), in memory or on disk: read a scan, a slice or an array of rows at a time."""

    def __len__(self) -> int:
        """How many scans."""

    def __getitem__(self, rows: Any, /) -> Tensor | NDArray[np.uint8]:
        """One scan (h, w), or several (k, h, w)."""


@dataclass(frozen=True)
class ScanSplit:
    """One split: grey bytes (n, h, w), class numbers (n,)."""

    pixels: Squares
    targets: Tensor


class ScanLessons:
    """What a network learns from, as `fit` wants it: augmented scans, and the plain ones it is judged by.

    Order, augmentation and mixing follow from seed, epoch and step alone, never from what ran before; so an epoch
    can be repeated exactly, which is what makes an exact resume simple.
    """

    def __init__(
        self,
        train: ScanSplit,
        val: ScanSplit,
        *,
        classes: int,
        form: InputForm,
        config: TrainingConfig,
        device: torch.device,
    ) -> None:
        self.train_targets, self.val_targets = train.targets, val.targets
        self._train, self._val = train.pixels, val.pixels
        self.classes, self.device = classes, device
        self._form, self._config = form, config

    def __len__(self) -> int:
        """Steps of an epoch. The scans of a last batch that is not full wait for the next epoch's order."""
        return max(1, len(self._train) // self._config.batch_size)

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of one epoch: what the network takes (n, channels, s, s), shares of the classes (n, classes)."""
        for images, targets in self.pictures(number):
            yield self._form.of(images, self.device), targets

    def pictures(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """As `epoch`, but grey values in [0, 1], (n, 1, h, w)."""
        parts = [rows.numpy() for rows in self.rows(number)]
        with ThreadPoolExecutor(1) as reader:
            ahead = reader.submit(self._train.__getitem__, parts[0])
            for step, rows in enumerate(parts, start=1):
                pixels = torch.as_tensor(ahead.result())
                if step < len(parts):
                    ahead = reader.submit(self._train.__getitem__, parts[step])
                targets = self.shares(rows)
                with self._drawn(number, step):
                    batch = mixed(augmented(self._grey(pixels), self._config), targets, self._config)
                yield batch

    def rows(self, number: int) -> list[Tensor]:
        """Which training scans make up each batch of an epoch, in the epoch's own order."""
        generator = torch.Generator().manual_seed(_seed_for(self._config.seed, number, 0))
        order = torch.randperm(len(self._train), generator=generator)
        return list(order.split(self._config.batch_size)[: len(self)])

    def shares(self, rows: Tensor | NDArray[np.int64]) -> Tensor:
        """The classes of some training scans as shares, (k, classes)."""
        return functional.one_hot(self.train_targets[rows], self.classes).float().to(self.device)

    def logits(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """The network's answer (n, classes) to one batch."""
        return network(inputs)

    def val_logits(self, network: nn.Module, batch_size: int) -> Iterator[Tensor]:
        """The answers to the validation scans, in order, (n, views, classes)."""
        for views in self.val_views(batch_size):
            yield torch.stack([network(view) for view in views], dim=1)

    def val_views(self, batch_size: int) -> Iterator[tuple[Tensor, ...]]:
        """The validation scans as the network takes them, in order; where mirror images count, those beside them."""
        for start in range(0, len(self._val), batch_size):
            inputs = self._form.of(torch.as_tensor(self._val[start : start + batch_size]), self.device)
            yield (inputs, inputs.flip(3)) if self._config.test_flip else (inputs,)

    def train_inputs(self, copy: int, batch_size: int) -> Iterator[Tensor]:
        """Every training scan as the network takes it, in order: plain, or the augmented copy of a number from 1."""
        for start in range(0, len(self._train), batch_size):
            scans = self._grey(torch.as_tensor(self._train[start : start + batch_size]))
            if copy:
                with self._drawn(copy, start):
                    scans = augmented(scans, self._config)
            yield self._form.of(scans, self.device)

    def _grey(self, pixels: Tensor) -> Tensor:
        return pixels.to(self.device, non_blocking=True).unsqueeze(1).float().div_(255)

    @contextmanager
    def _drawn(self, epoch: int, step: int) -> Iterator[None]:
        """A random state of its own for one batch; the one outside, which dropout uses, is left alone."""
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(_seed_for(self._config.seed, epoch, step))
            yield


def _seed_for(seed: int, epoch: int, step: int) -> int:
    """One number for three, spread so that neighbours do not share bits."""
    value = (seed * 1_000_003 + epoch) * 1_000_003 + step
    return (value * 0x9E3779B97F4A7C15 + 0x7F4A7C15) % 2**63
