"""The first batch of a run as its network saw it: worked out again from the run's config, table and data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from core.data.pixels import decoded
from core.data.windows import window_named
from core.evaluation.confusion import class_numbers
from core.models.inputs import InputForm
from core.runs import Run, read_index
from core.training.batches import ScanLessons, ScanSplit
from core.training.config import config_from_json


@dataclass(frozen=True, eq=False)
class SeenScan:
    """One scan of a batch, augmented.

    Attributes:
        picture: grey bytes (h, w), before it is normalised and resized to what the network is fed.
        label: its class; with MixUp or CutMix the shares, "0.70 COVID + 0.30 Normal".
        path: of its file in the dataset; of the first of two that were mixed.
    """

    picture: NDArray[np.uint8]
    label: str
    path: str


def first_batch(run: Run) -> list[SeenScan]:
    """The first batch of the first epoch, in order.

    Batches follow from seed, epoch and step alone, so nothing of them is kept. Where a training ran on another kind of
    device, noise has other grains.

    Raises:
        RunDamagedError: the run has no table yet, or a damaged one.
        DatasetError: a scan is no longer there, or is not what it was.
        ConfigError: the run's settings are not of this version.
    """
    config = config_from_json(run.record.config)
    table = read_index(run)
    train = table[table["split"] == "train"].reset_index(drop=True)
    classes = run.record.classes
    targets = class_numbers(train["label"].tolist(), classes)
    pixels = _Noted(Path(run.record.data), train, config.image_size, config.window)
    split = ScanSplit(pixels, torch.from_numpy(targets))
    lessons = ScanLessons(
        split,
        split,
        classes=len(classes),
        form=InputForm(run.record.input_mean, run.record.input_std),
        config=config,
        device=torch.device("cpu"),
    )
    images, shares = next(lessons.pictures(1))
    pictures = images.mul(255).round().clamp(0, 255).to(torch.uint8)[:, 0].numpy()
    paths = train["path"].tolist()
    return [
        SeenScan(picture, _label(share, classes), paths[row])
        for picture, share, row in zip(pictures, shares.tolist(), pixels.asked[0].tolist(), strict=True)
    ]


class _Noted:
    """The training scans as bytes; decodes those asked for, and keeps in mind which these were."""

    def __init__(self, root: Path, table: pd.DataFrame, size: int, window: str) -> None:
        self._root, self._table, self._size, self._window = root, table, size, window_named(window)
        self.asked: list[NDArray[np.int64]] = []

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, rows: Any, /) -> NDArray[np.uint8]:
        self.asked.append(np.asarray(rows))
        some = self._table.iloc[rows]
        return decoded(self._root, some, self._size, window=self._window)[:]


def _label(shares: list[float], classes: tuple[str, ...]) -> str:
    parts = [(share, name) for share, name in zip(shares, classes, strict=True) if share > 0.005]
    if len(parts) == 1:
        return parts[0][1]
    return " + ".join(f"{share:.2f} {name}" for share, name in sorted(parts, reverse=True))
