"""A finished run of made-up predictions, as large as wanted, written the way a training writes it."""

from pathlib import Path

import numpy as np
import pandas as pd

from core.files import write_whole
from core.runs import Run, create_run
from core.training.config import TrainingConfig

CLASSES = ("COVID", "non-COVID")
POSITIVE_SHARE = 0.3


def write_finished_run(runs: Path, *, scans: int, seed: int = 0, scans_per_group: int = 1) -> Run:
    """A run whose validation and test split hold half of the scans each, scores of both classes overlapping.

    Args:
        runs: folder of runs.
        scans: in both splits together.
        seed: of the scores.
        scans_per_group: 1 for scans that are independent of each other.
    """
    rng = np.random.default_rng(seed)
    positive = rng.random(scans) < POSITIVE_SHARE
    logits = rng.normal(np.where(positive, 1.2, -1.2), 1.5)
    scores = (1 / (1 + np.exp(-logits))).astype(np.float32)
    numbers = np.arange(scans)
    table = pd.DataFrame(
        {
            "path": [f"scans/{number:07d}.png" for number in numbers],
            "label": np.where(positive, *CLASSES),
            "split": np.where(numbers // scans_per_group % 2 == 0, "val", "test"),
            "group": [f"patient-{group}" for group in numbers // scans_per_group],
        }
    )
    predictions = table.assign(**{CLASSES[0]: scores, CLASSES[1]: np.float32(1) - scores})
    config = TrainingConfig(backbone="resnet10t", image_size=32, epochs=1).to_json()
    run = create_run(runs, config=config, data=runs.parent / "made-up", preset="quick")
    write_whole(run.folder / "predictions.parquet", lambda path: predictions.to_parquet(path, index=False))
    write_whole(run.folder / "index.parquet", lambda path: _index(table, rng).to_parquet(path, index=False))
    sizes = table["split"].value_counts()
    return run.updated(
        status="finished",
        positive=CLASSES[0],
        classes=CLASSES,
        split_how="made up",
        split_sizes={name: int(sizes.get(name, 0)) for name in ("train", "val", "test")},
        group_source="patient",
        started=run.record.created,
        ended=run.record.created,
    )


def _index(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """What an indexed dataset of such scans says of them."""
    scans = len(table)
    return table.assign(
        width=rng.choice([256, 384, 512], scans),
        height=rng.choice([256, 384, 512], scans),
        mode="L",
        format="PNG",
        bytes=rng.integers(40_000, 90_000, scans),
        sha256=[f"{number:064x}" for number in range(scans)],
        pixels=[f"{number:032x}" for number in range(scans)],
        problem="",
        metadata="{}",
        remark="",
        hospital=rng.choice(["north", "south", "east"], scans),
    )
