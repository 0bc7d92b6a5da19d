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
from torch import Tensor, nn
from torch.nn import functional

from core.errors import DivergedError
from core.evaluation.confusion import counts_at, rates
from core.evaluation.curves import roc_auc_score
from core.evaluation.scored import Scored
from core.models.build import placed, to_input
from core.runs import HISTORY_COLUMNS
from core.training.batches import Squares, TrainingBatches
from core.training.config import TrainingConfig
from core.training.optimisation import class_weights, optimizer_and_scheduler
from core.training.precision import autocast

EpochRow = dict[str, float]


@dataclass(frozen=True)
class ScanSplit:
    """One split: grey bytes (n, h, w), class numbers (n,)."""

    pixels: Squares
    targets: Tensor


@dataclass
class Progress:
    """Where a training stands between two epochs: all that is needed to go on exactly."""

    history: list[EpochRow]
    best_epoch: int
    best_val_loss: float
    network: dict[str, Any]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]


class Reporter(Protocol):
    """Who is told what happens, and may ask to stop."""

    def step(self, *, epoch: int, step: int, steps: int, images: int) -> None:
        """A step is done; `images` scans went through in it."""

    def epoch(self, progress: Progress, *, improved: bool) -> None:
        """An epoch is done; `improved` when its validation loss is the lowest so far."""

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
    *,
    train: ScanSplit,
    val: ScanSplit,
    positive_class: int,
    frozen: Sequence[nn.Module],
    mean: float,
    std: float,
    config: TrainingConfig,
    device: torch.device,
    precision: str,
    reporter: Reporter,
    progress: Progress | None = None,
    workers: int = 1,
) -> FitResult:
    """Train `network` until the epochs are over, validation no longer improves, or somebody asks to stop.

    Args:
        network: (n, 1, h, w) float32 -> (n, classes) logits; changed in place, and not reset to its best epoch.
        train, val: the scans to learn from, and those that decide which epoch is best.
        positive_class: the class number whose miss hurts.
        frozen: modules whose weights and batch statistics stay as they are.
        mean, std: what pixels in [0, 1] are normalised with.
        precision: `fp32` or `bf16`.
        reporter: is told of each step and epoch; keeps weights and progress.
        progress: from an earlier, interrupted `fit` of the same arguments.
        workers: processes that augment; 0 does it in this one. The result does not depend on it.

    Raises:
        ConfigError: there is no such optimizer, or every weight is frozen.
        DivergedError: the loss is no longer a finite number.
    """
    placed(network, device)
    for module in frozen:
        module.requires_grad_(False)
    optimizer, scheduler = optimizer_and_scheduler(network, config)
    history: list[EpochRow] = []
    best_epoch, best_val_loss = 0, math.inf
    if progress is not None:
        network.load_state_dict(progress.network)
        optimizer.load_state_dict(progress.optimizer)
        scheduler.load_state_dict(progress.scheduler)
        history, best_epoch, best_val_loss = progress.history, progress.best_epoch, progress.best_val_loss
    weights = class_weights(train.targets, network, config).to(device)
    batches = TrainingBatches(train.pixels, train.targets, config=config, workers=workers)

    for epoch in range(len(history) + 1, config.epochs + 1):
        if history and len(history) - best_epoch >= config.patience:
            break
        started = time.perf_counter()
        torch.manual_seed(config.seed * 100_003 + epoch)  # dropout; an epoch can be repeated exactly
        network.train()
        for module in frozen:
            module.eval()

        loss_sum, correct, seen = torch.zeros((), device=device), torch.zeros((), device=device), 0
        for step, (pixels, targets) in enumerate(batches.epoch(epoch), start=1):
            targets = targets.to(device)
            with autocast(device, precision):
                logits = network(to_input(pixels, mean=mean, std=std, device=device))  # (n, classes)
            loss = functional.cross_entropy(
                logits.float(), targets, weight=weights, label_smoothing=config.label_smoothing
            )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            seen += len(targets)
            loss_sum += loss.detach() * len(targets)
            correct += (logits.argmax(1) == targets).sum()
            if not math.isfinite(float(loss.detach())):
                raise DivergedError(
                    f"the training loss became {float(loss.detach())} in epoch {epoch}, step {step}, "
                    f"at learning_rate {config.learning_rate:g}; train again with a lower one, "
                    f"for instance {config.learning_rate / 10:g}"
                )
            reporter.step(epoch=epoch, step=step, steps=len(batches), images=len(targets))
            if reporter.stop_requested():
                return FitResult(epochs=len(history), best_epoch=best_epoch, stopped=True)

        learning_rate = float(optimizer.param_groups[0]["lr"])
        row = {
            "epoch": epoch,
            "train_loss": float(loss_sum) / seen,
            "train_accuracy": float(correct) / seen,
            **_validation(
                network,
                val,
                positive_class,
                mean=mean,
                std=std,
                config=config,
                device=device,
                precision=precision,
            ),
            "learning_rate": learning_rate,
            "seconds": time.perf_counter() - started,
        }
        history.append({column: row[column] for column in HISTORY_COLUMNS})
        scheduler.step(epoch, row["val_loss"])
        improved = row["val_loss"] < best_val_loss
        if improved:
            best_epoch, best_val_loss = epoch, row["val_loss"]
        reporter.epoch(
            Progress(
                history=history,
                best_epoch=best_epoch,
                best_val_loss=best_val_loss,
                network=network.state_dict(),
                optimizer=optimizer.state_dict(),
                scheduler=scheduler.state_dict(),
            ),
            improved=improved,
        )
    return FitResult(epochs=len(history), best_epoch=best_epoch, stopped=False)


@torch.no_grad()
def class_probabilities(
    network: nn.Module,
    pixels: Squares,
    *,
    mean: float,
    std: float,
    device: torch.device,
    precision: str = "fp32",
    batch_size: int = 64,
) -> Tensor:
    """Softmax outputs (n, classes), float32 on the CPU, of grey bytes (n, h, w)."""
    network.eval()
    parts = []
    for start in range(0, len(pixels), batch_size):
        with autocast(device, precision):
            some = torch.as_tensor(pixels[start : start + batch_size])
            logits = network(to_input(some, mean=mean, std=std, device=device))
        parts.append(logits.float().softmax(1).cpu())
    return torch.cat(parts)


def _validation(
    network: nn.Module,
    val: ScanSplit,
    positive_class: int,
    *,
    mean: float,
    std: float,
    config: TrainingConfig,
    device: torch.device,
    precision: str,
) -> EpochRow:
    probabilities = class_probabilities(
        network,
        val.pixels,
        mean=mean,
        std=std,
        device=device,
        precision=precision,
        batch_size=config.batch_size * 2,
    )
    if not bool(torch.isfinite(probabilities).all()):
        raise DivergedError(
            f"the network's outputs on validation are no longer numbers at learning_rate {config.learning_rate:g}; "
            f"train again with a lower one, for instance {config.learning_rate / 10:g}"
        )
    scored = Scored(
        scores=probabilities[:, positive_class].double().numpy(),
        labels=(val.targets == positive_class).numpy(),
        groups=torch.arange(len(val.targets)).numpy(),
    )
    return {
        "val_loss": float(functional.nll_loss(probabilities.clamp_min(1e-12).log(), val.targets)),
        "val_accuracy": float((probabilities.argmax(1) == val.targets).double().mean()),
        "val_auc": roc_auc_score(scored),
        "val_fnr": rates(counts_at(scored, 0.5)).fnr.value,
    }
