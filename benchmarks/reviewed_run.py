"""A finished run on scans that are there: random weights and made-up predictions, for whoever pages through cases."""

from pathlib import Path

import numpy as np
import torch

from benchmarks.textured import write_textured
from core.data.index import index_dataset
from core.files import write_whole
from core.models.build import build_network
from core.models.weights import save_weights
from core.runs import Run, create_run
from core.training.config import TrainingConfig

BACKBONE, SIDE_PX = "resnet18", 224


def write_reviewed_run(runs: Path, data: Path, *, scans: int) -> Run:
    """ResNet-18 at 224 px, untrained, and scans of 512 px by groups of ten, validation and test in turns.

    Args:
        runs: folder of runs.
        data: where the scans are written.
        scans: how many.
    """
    write_textured(data, scans)
    dataset = index_dataset(data)
    table = dataset.usable.reset_index(drop=True)
    groups = np.arange(len(table)) // 10
    table["group"] = [f"patient-{group}" for group in groups]
    table["split"] = np.where(groups % 2 == 0, "val", "test")
    positive, other = dataset.classes
    scores = np.random.default_rng(0).random(len(table)).astype(np.float32)
    predictions = table[["path", "label", "split", "group"]].assign(**{positive: scores, other: 1 - scores})
    config = TrainingConfig(backbone=BACKBONE, image_size=SIDE_PX, epochs=1).to_json()
    run = create_run(runs, config=config, data=data, preset="quick")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_weights(build_network(BACKBONE, classes=2).state_dict(), run.folder / "best.safetensors")
    write_whole(run.folder / "predictions.parquet", lambda path: predictions.to_parquet(path, index=False))
    write_whole(run.folder / "index.parquet", lambda path: table.to_parquet(path, index=False))
    return run.updated(
        status="finished",
        positive=positive,
        classes=dataset.classes,
        split_how="made up",
        split_sizes={"train": 0, **{str(name): int(count) for name, count in table["split"].value_counts().items()}},
        group_source="made up",
        started=run.record.created,
        ended=run.record.created,
    )
