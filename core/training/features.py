"""A frozen backbone is run once: what its head takes of every scan is kept, and the head learns from that."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.errors import WorkError
from core.files import is_disk_full
from core.models.heads import head_inputs, head_on_inputs
from core.training.batches import ScanLessons
from core.training.config import MIXES, TrainingConfig

_BATCH = 64


def keeps_features(config: TrainingConfig, network: nn.Module) -> bool:
    """Whether a scan's features are the same in every epoch, or the config says how many copies of it stand for all."""
    never_changes = config.freeze == "backbone" and not config.unfreeze_epoch
    mixes = any(getattr(config, name) for name in MIXES)
    few_looks = not config.augments or config.feature_copies > 0
    return never_changes and few_looks and not mixes and head_on_inputs(network, dropout=0.0) is not None


class FeatureLessons:
    """What the head of a frozen backbone learns from; epoch by epoch the next of the kept copies of each scan."""

    def __init__(
        self,
        scans: ScanLessons,
        network: nn.Module,
        config: TrainingConfig,
        *,
        folder: Path,
        progress: Callable[[str, int, int], None],
    ) -> None:
        """Run the backbone over all scans, in evaluation mode; what it gives lies in `folder`, in a nameless file.

        `progress` is called with what is being done, and (done, total).

        Raises:
            WorkError: the disk is full.
        """
        self.train_targets, self.val_targets = scans.train_targets, scans.val_targets
        self._scans, self._config = scans, config
        self._copies = config.feature_copies if config.augments else 1
        views = 2 if config.test_flip else 1
        total = self._copies * len(self.train_targets) + views * len(self.val_targets)
        done = 0

        def kept(batches: Iterator[Tensor]) -> Iterator[NDArray[np.float32]]:
            nonlocal done
            for inputs in batches:
                yield _features(network, inputs).numpy()
                done += len(inputs)
                progress("running the frozen backbone once", min(done, total), total)

        network.eval()
        self._train = [
            _on_disk(kept(scans.train_inputs(copy + 1 if config.augments else 0, _BATCH)), folder)
            for copy in range(self._copies)
        ]
        self._val = _on_disk(kept(torch.stack(views, 1).flatten(0, 1) for views in scans.val_views(_BATCH)), folder)

    @property
    def says(self) -> str:
        """What was done, as a sentence."""
        if not self._config.augments:
            return (
                "The frozen backbone was run once, in fp32, and the head learnt from its features: the same but for "
                "rounding, sooner."
            )
        return (
            f"The frozen backbone was run once, over {self._copies} augmented copies of each training scan, and the "
            "head learnt from their features: fewer different pictures than with augmentation in every epoch."
        )

    def __len__(self) -> int:
        """Steps of an epoch."""
        return len(self._scans)

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Features (n, ...) and shares of the classes (n, classes)."""
        kept = self._train[(number - 1) % self._copies]
        for rows in self._scans.rows(number):
            yield torch.from_numpy(kept[rows.numpy()]).to(self._scans.device), self._scans.shares(rows)

    def logits(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """The head's answer to features."""
        head = head_on_inputs(network, dropout=self._config.dropout)
        assert head is not None  # `keeps_features` has looked
        return head.train(network.training)(inputs)

    def val_logits(self, network: nn.Module, batch_size: int) -> Iterator[Tensor]:
        """The head's answers to the validation scans, (n, views, classes)."""
        views = 2 if self._config.test_flip else 1
        for start in range(0, len(self._val), batch_size * views):
            some = torch.from_numpy(self._val[start : start + batch_size * views].copy()).to(self._scans.device)
            yield self.logits(network, some).unflatten(0, (-1, views))


@torch.inference_mode()
def _features(network: nn.Module, inputs: Tensor) -> Tensor:
    return head_inputs(network, inputs).float().cpu()


def _on_disk(parts: Iterator[NDArray[np.float32]], folder: Path) -> NDArray[np.float32]:
    """Some arrays as one, read from a file without a name: it goes with the process, however that ends."""
    rows, shape = 0, ()
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            for part in parts:
                file.write(np.ascontiguousarray(part).data)
                rows, shape = rows + len(part), part.shape[1:]
            file.flush()
            return np.memmap(file, np.float32, mode="r", shape=(rows, *shape))
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise WorkError(
            f"cannot keep the features of the frozen backbone in {folder}: {error.strerror}; free some space, "
            "or set fewer feature_copies"
        ) from error
