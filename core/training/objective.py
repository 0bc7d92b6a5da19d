"""What a training makes small: the loss, and how much each class counts in it."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from core.training.config import TrainingConfig


class Objective(Protocol):
    """A loss that can be taken of a batch in parts: the parts' sums, over the whole batch's weight."""

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The weighted sum of the losses of some scans; logits and shares of the classes are (n, classes)."""

    def weight(self, targets: Tensor) -> Tensor:
        """What these scans count together."""


class ClassLoss:
    """Cross-entropy, binary cross-entropy of one sigmoid a class, or focal loss, of soft targets."""

    def __init__(self, config: TrainingConfig, weights: Tensor) -> None:
        """`weights`: what a scan of each class counts, (classes,)."""
        self._config, self._weights = config, weights

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The sum over the scans, each weighted by its classes.

        Focal loss after Lin et al. 2017, "Focal Loss for Dense Object Detection", without its alpha: class weights
        do that.
        """
        smoothing = self._config.label_smoothing
        wanted = targets * (1 - smoothing) + smoothing / targets.shape[1]
        if self._config.loss == "binary":
            by_class = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
            return (by_class.mean(1) * (targets @ self._weights)).sum()
        logs = logits.log_softmax(1)
        surprise = -wanted * logs
        if self._config.loss == "focal":
            surprise = surprise * (1 - logs.exp()).clamp_min(0) ** self._config.focal_gamma
        return (surprise @ self._weights).sum()

    def weight(self, targets: Tensor) -> Tensor:
        """The sum of the scans' weights."""
        return (targets @ self._weights).sum()


def class_weights(targets: Tensor, classes: int, config: TrainingConfig) -> Tensor:
    """What a scan of each class counts in the loss, shape (classes,): 1, or by inverse frequency if so set."""
    if not config.class_weights:
        return torch.ones(classes)
    counts = torch.bincount(targets, minlength=classes).clamp_min(1).float()
    return counts.sum() / (classes * counts)
