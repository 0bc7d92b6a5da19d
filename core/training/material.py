"""The scans a run trains on: made where they are phantoms, indexed, joined, split, and written down."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from core.data.corrected_labels import corrected_words
from core.data.index import index_dataset
from core.data.joined import join_labels, joined_classes
from core.data.pixels import DecodedScans
from core.data.positive import guess_positive
from core.data.split_ways import split_way
from core.data.splits import assign_splits
from core.data.trainable import check_trainable
from core.data.unchanged import check_unchanged
from core.errors import ConfigError
from core.evaluation.confusion import class_numbers
from core.evaluation.splits import SPLITS
from core.files import write_whole
from core.runs import Run, read_index
from core.training.batches import ScanSplit
from core.training.config import TrainingConfig
from core.training.reporting import RunReporter


def read_table(run: Run, config: TrainingConfig, reporter: RunReporter) -> tuple[Run, pd.DataFrame]:
    """The table to train on: as written down when the run began, else indexed and split now; and the run that says so.

    Raises:
        DatasetError: the scans cannot be trained on, or have changed since the run began.
        ConfigError: the settings do not fit the dataset.
    """
    folder = Path(run.record.data)
    if (run.folder / "index.parquet").exists() and run.record.classes:
        table = read_index(run)
        check_unchanged(folder, table, progress=lambda done, total: reporter.preparing("checking scans", done, total))
        return run, table
    if run.record.phantoms and not folder.exists():
        from core.data.phantoms.writing import write_phantoms

        write_phantoms(
            folder,
            count=run.record.phantoms["count"],
            seed=run.record.phantoms["seed"],
            progress=lambda done, total: reporter.preparing("making synthetic scans", done, total),
        )
    dataset = index_dataset(
        folder,
        group_by=config.group_by,
        progress=lambda done, total: reporter.preparing("checking scans", done, total),
    )
    way = split_way(config.split_by)
    joined = replace(dataset, table=join_labels(dataset.table, joined_classes(config.join)))
    classes = joined.classes
    if len(classes) == 1 < len(dataset.classes):
        raise ConfigError(f"expected two classes or more, found {classes[0]!r} alone once joined; change join")
    check_trainable(joined, way)
    table = joined.usable.reset_index(drop=True)
    positive = config.positive or guess_positive(classes)
    if positive not in classes:
        raise ConfigError(f"expected positive to be one of {', '.join(classes)}, found {positive!r}; set positive=...")
    table["split"], how = assign_splits(table, seed=config.seed, way=way)
    write_whole(run.folder / "index.parquet", lambda path: table.to_parquet(path, index=False))
    sizes = table["split"].value_counts()
    return run.updated(
        positive=positive,
        classes=classes,
        split_how=how,
        split_sizes={name: int(sizes.get(name, 0)) for name in SPLITS},
        group_source=dataset.group_source,
        group_by=dataset.group_by,
        decisions=tuple(decision.says for decision in dataset.decisions),
        data_fingerprint=dataset.fingerprint,
        corrected=corrected_words(table),
    ), table


def parts_of(pixels: DecodedScans, table: pd.DataFrame, classes: tuple[str, ...]) -> dict[str, ScanSplit]:
    """The scans to train on and those to choose by, `train` and `val`, of a table with `label` and `split`."""
    targets = class_numbers(table["label"].tolist(), classes)
    parts = {}
    for name in ("train", "val"):
        rows = np.flatnonzero((table["split"] == name).to_numpy())
        parts[name] = ScanSplit(pixels.part(rows), torch.from_numpy(targets[rows]))
    return parts
