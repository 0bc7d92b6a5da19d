"""The training itself, as one story: epochs of steps, a look at validation, the best weights kept.

`fit` is handed everything it works on and tells a `Reporter` what happens. It knows nothing of queues, pages,
files or machines, so the same function can run wherever its arguments can be had.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from timm.utils.model_ema import ModelEmaV3
from torch import Tensor, nn

from core.errors import DivergedError
from core.models.build import placed
from core.runs import HISTORY_COLUMNS
from core.training.config import TrainingConfig
from core.training.lessons import Lessons
from core.training.memory import halved, is_out_of_memory
from core.training.objective import ClassLoss, Objective, class_weights
from core.training.optimisation import optimizer_and_scheduler
from core.training.precision import autocast
from core.training.validation import EpochRow, validated


@dataclass
class Progress:
    """Where a training stands between two epochs: all that is needed to go on exactly.

    `average` is the moving average of the weights, empty where none is kept.
    """

    history: list[EpochRow]
    best_epoch: int
    network: dict[str, Any]
    average: dict[str, Any]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]

    @property
    def judged(self) -> dict[str, Any]:
        """The weights that validation saw."""
        return self.average or self.network


class Reporter(Protocol):
    """Who is told what happens, and may ask to stop."""

    def step(self, *, epoch: int, step: int, steps: int, images: int) -> None:
        """A step is done; `images` scans went through in it."""

    def epoch(self, progress: Progress, *, improved: bool) -> None:
        """An epoch is done; `improved` when it is the best so far."""

    def memory_ran_out(self, micro_batch: int) -> None:
        """From now on a batch goes through in parts of `micro_batch` scans."""

    def stop_requested(self) -> bool:
        """Whether to stop after the step at hand."""


@dataclass(frozen=True)
class FitResult:
    """How it ended. Epochs count from 1; best epoch 0 means none was finished."""

    epochs: int
    best_epoch: int
    stopped: bool  # on request; early stopping is a finished training


def fit(
    network: nn.Module,
    lessons: Lessons,
    *,
    positive_class: int,
    classes: int,
    frozen: Sequence[nn.Module],
    config: TrainingConfig,
    device: torch.device,
    precision: str,
    reporter: Reporter,
    progress: Progress | None = None,
    micro_batch: int = 0,
) -> FitResult:
    """Train `network` until the epochs are over, validation no longer improves, or somebody asks to stop.

    Args:
        network: changed in place, and not reset to its best epoch.
        lessons: what it learns from.
        positive_class: the class number whose miss hurts.
        classes: how many there are.
        frozen: modules whose weights and batch statistics stay as they are, until the epoch the config says.
        precision: `fp32` or `bf16`.
        reporter: is told of each step and epoch; keeps weights and progress.
        progress: from an earlier, interrupted `fit` of the same arguments.
        micro_batch: scans that go through at a time; gradients of a batch are summed. 0: the whole batch.

    Raises:
        ConfigError: there is no such optimizer, or every weight is frozen.
        DivergedError: the loss is no longer a finite number.
        WorkError: not even one scan fits into memory.
    """
    placed(network, device)
    _hold(frozen, config.unfreeze_epoch == 0)  # what is to thaw later is the optimizer's from the beginning
    optimizer, scheduler = optimizer_and_scheduler(network, config)
    average = ModelEmaV3(network, config.average, use_warmup=True) if config.average else None
    history: list[EpochRow] = []
    best_epoch = 0
    if progress is not None:
        network.load_state_dict(progress.network)
        optimizer.load_state_dict(progress.optimizer)
        scheduler.load_state_dict(progress.scheduler)
        if average is not None:
            average.module.load_state_dict(progress.average)
        history, best_epoch = progress.history, progress.best_epoch
    objective = ClassLoss(config, class_weights(lessons.train_targets, classes, config).to(device))

    for epoch in range(len(history) + 1, config.epochs + 1):
        if history and len(history) - best_epoch >= config.patience:
            break
        started = time.perf_counter()
        torch.manual_seed(config.seed * 100_003 + epoch)  # dropout; an epoch can be repeated exactly
        still_frozen = () if 0 < config.unfreeze_epoch <= epoch else frozen
        network.train()
        _hold(frozen, bool(still_frozen))
        for module in still_frozen:
            module.eval()

        loss_sum, correct, seen = torch.zeros((), device=device), torch.zeros((), device=device), 0
        for step, (inputs, targets) in enumerate(lessons.epoch(epoch), start=1):
            while True:
                optimizer.zero_grad(set_to_none=True)
                try:
                    loss, logits = _gradients(
                        network, lessons, inputs, targets, objective, device, precision, micro_batch or len(targets)
                    )
                    break
                except Exception as error:
                    if not is_out_of_memory(error):
                        raise
                micro_batch = halved(micro_batch or len(targets))
                reporter.memory_ran_out(micro_batch)
            if not math.isfinite(float(loss)):
                raise DivergedError(
                    f"the training loss became {float(loss)} in epoch {epoch}, step {step}, "
                    f"at learning_rate {config.learning_rate:g}; train again with a lower one, "
                    f"for instance {config.learning_rate / 10:g}, or with clip_norm=1"
                )
            if config.clip_norm:
                nn.utils.clip_grad_norm_(network.parameters(), config.clip_norm)
            optimizer.step()
            if average is not None:
                average.update(network, step=(epoch - 1) * len(lessons) + step)
            seen += len(targets)
            loss_sum += loss * len(targets)
            correct += (logits.argmax(1) == targets.argmax(1)).sum()
            reporter.step(epoch=epoch, step=step, steps=len(lessons), images=len(targets))
            if reporter.stop_requested():
                return FitResult(epochs=len(history), best_epoch=best_epoch, stopped=True)

        judged = network if average is None else average.module
        learning_rate = float(optimizer.param_groups[0]["lr"])
        row = {
            "epoch": epoch,
            "train_loss": float(loss_sum) / seen,
            "train_accuracy": float(correct) / seen,
            **validated(judged, lessons, positive_class, config, device, precision, micro_batch, epoch=epoch),
            "learning_rate": learning_rate,
            "seconds": time.perf_counter() - started,
        }
        history.append({column: row[column] for column in HISTORY_COLUMNS})
        scheduler.step(epoch, row["val_loss"])
        improved = best_epoch == 0 or _standing(row, config) < _standing(history[best_epoch - 1], config)
        if improved:
            best_epoch = epoch
        reporter.epoch(
            Progress(
                history=history,
                best_epoch=best_epoch,
                network=network.state_dict(),
                average={} if average is None else average.module.state_dict(),
                optimizer=optimizer.state_dict(),
                scheduler=scheduler.state_dict(),
            ),
            improved=improved,
        )
    return FitResult(epochs=len(history), best_epoch=best_epoch, stopped=False)


def _gradients(
    network: nn.Module,
    lessons: Lessons,
    inputs: Tensor,
    targets: Tensor,
    objective: Objective,
    device: torch.device,
    precision: str,
    at_a_time: int,
) -> tuple[Tensor, Tensor]:
    """Add a batch's gradients to the network's, in parts; gives the mean loss and the logits (n, classes)."""
    weight = objective.weight(targets)
    loss, answers = torch.zeros((), device=device), []
    for some_inputs, some_targets in zip(inputs.split(at_a_time), targets.split(at_a_time), strict=True):
        with autocast(device, precision):
            logits = lessons.logits(network, some_inputs).float()
        part = objective(logits, some_targets) / weight
        part.backward()
        loss += part.detach()
        answers.append(logits.detach())
    return loss, torch.cat(answers)


def _standing(row: EpochRow, config: TrainingConfig) -> tuple[float, float]:
    """What is lower for a better epoch; of two that are equal the one with the lower loss is better."""
    first = {
        "val_loss": row["val_loss"],
        "val_auc": -row["val_auc"],
        "val_fnr": row["val_fnr_at_fpr"],
        "last": -row["epoch"],
    }
    return first[config.best_by], row["val_loss"]


def _hold(modules: Sequence[nn.Module], still: bool) -> None:
    for module in modules:
        module.requires_grad_(not still)
