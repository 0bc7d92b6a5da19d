"""How good is the network on the validation scans, after an epoch?"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.errors import DivergedError
from core.evaluation.confusion import counts_at, rates
from core.evaluation.curves import roc_auc_score
from core.evaluation.decision.budgets import USUAL_MAX_FPR, fnr_at_fpr
from core.evaluation.scored import Scored
from core.models.outputs import class_scores
from core.training.config import TrainingConfig
from core.training.lessons import Lessons
from core.training.precision import autocast

EpochRow = dict[str, float]
_BATCH = 64


@torch.no_grad()
def validated(
    network: nn.Module,
    lessons: Lessons,
    positive_class: int,
    config: TrainingConfig,
    device: torch.device,
    precision: str,
    micro_batch: int,
    *,
    epoch: int,
) -> EpochRow:
    """The validation figures of an epoch; the network is left in evaluation mode.

    Args:
        network: whose answers `lessons` can read.
        positive_class: the class number whose miss hurts.
        micro_batch: most scans at a time; 0: as many as a batch has.
        epoch: which has just ended, from 1.

    Raises:
        DivergedError: an output is not a number.
    """
    network.eval()
    scores, sigmoids = [], []
    with autocast(device, precision):
        for views in lessons.val_logits(network, micro_batch or max(config.batch_size, _BATCH)):
            outputs = views.float().flatten(0, 1)
            scores.append(class_scores(outputs, config.loss).unflatten(0, views.shape[:2]).mean(1).cpu())
            sigmoids.append(outputs.sigmoid().unflatten(0, views.shape[:2]).mean(1).cpu())
    probabilities, targets = torch.cat(scores), lessons.val_targets
    if not bool(torch.isfinite(probabilities).all()):
        raise DivergedError(
            f"the network's outputs on validation are no longer numbers after epoch {epoch}, "
            f"at learning_rate {config.learning_rate:g}; train again with a lower one, "
            f"for instance {config.learning_rate / 10:g}, or with clip_norm=1"
        )
    scored = Scored(
        scores=probabilities[:, positive_class].double().numpy(),
        labels=(targets == positive_class).numpy(),
        groups=torch.arange(len(targets)).numpy(),
    )
    return {
        "val_loss": _val_loss(probabilities, torch.cat(sigmoids), targets, config),
        "val_accuracy": float((probabilities.argmax(1) == targets).double().mean()),
        "val_auc": roc_auc_score(scored),
        "val_fnr": rates(counts_at(scored, 0.5)).fnr.value,
        "val_fnr_at_fpr": fnr_at_fpr(scored, USUAL_MAX_FPR),
    }


def _val_loss(probabilities: Tensor, sigmoids: Tensor, targets: Tensor, config: TrainingConfig) -> float:
    """Of the kind that is trained, without weights and smoothing; for the focal loss, too, the cross-entropy."""
    if config.loss == "binary":
        wanted = functional.one_hot(targets, sigmoids.shape[1]).float()
        return float(functional.binary_cross_entropy(sigmoids, wanted))
    return float(functional.nll_loss(probabilities.clamp_min(1e-12).log(), targets))
