"""How weights move: the optimizer, and its learning rate over the epochs."""

from typing import Any

import torch
from torch import nn

from core.errors import ConfigError
from core.training.config import TrainingConfig


def optimizer_and_scheduler(network: nn.Module, config: TrainingConfig) -> tuple[torch.optim.Optimizer, Any]:
    """timm's optimizer of the weights that are not frozen, and its schedule, stepped once an epoch.

    Raises:
        ConfigError: timm knows no such optimizer, or every weight is frozen.
    """
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise ConfigError(
            f"expected weights to train, found all of {config.backbone} frozen by freeze={config.freeze!r}; "
            "set freeze=none"
        )
    from timm.optim import create_optimizer_v2  # type: ignore[attr-defined]
    from timm.scheduler import create_scheduler_v2  # type: ignore[attr-defined]

    try:
        optimizer = create_optimizer_v2(
            network, opt=config.optimizer, lr=config.learning_rate, weight_decay=config.weight_decay
        )
    except ValueError as error:
        raise ConfigError(
            f"expected a timm optimizer, found {config.optimizer!r}; for instance adamw, sgd, adamax"
        ) from error
    linear = config.schedule == "linear"
    scheduler, _ = create_scheduler_v2(
        optimizer,
        sched="poly" if linear else config.schedule,
        decay_rate=1.0 if linear else 0.1,  # the power of a polynomial, or the factor of a step
        num_epochs=config.epochs,
        decay_epochs=max(1, config.epochs // 3),
        warmup_epochs=min(config.warmup_epochs, config.epochs - 1),
        warmup_lr=config.learning_rate / 20,
        min_lr=config.learning_rate / 100,
    )
    return optimizer, scheduler
