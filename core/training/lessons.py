"""What `fit` asks of whatever a network learns from."""

from collections.abc import Iterator
from typing import Protocol

from torch import Tensor, nn


class Lessons(Protocol):
    """What a network learns from, epoch by epoch, and what it is judged by: whole scans, or features kept of them."""

    train_targets: Tensor  # class numbers (n,)
    val_targets: Tensor

    def __len__(self) -> int:
        """Steps of an epoch."""

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches: inputs (n, ...), shares of the classes (n, classes); the same for the same number."""

    def logits(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """What the network answers to a batch, (n, classes)."""

    def val_logits(self, network: nn.Module, batch_size: int) -> Iterator[Tensor]:
        """What it answers to the validation scans, in order, (n, views, classes)."""
