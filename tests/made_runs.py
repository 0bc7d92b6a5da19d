"""Finished runs without a training: tables, features and a record, made up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.runs import Run, create_run

CLASSES = ("covid", "normal")
CONFIG = {"backbone": "resnet10t", "image_size": 32, "seed": 0, "split_by": "", "join": ""}


def made_run(
    runs: Path,
    table: pd.DataFrame,
    features: np.ndarray | None = None,
    *,
    data: Path | None = None,
    config: Mapping[str, Any] | None = None,
    fingerprint: str = "the same",
) -> Run:
    """A finished run of two classes. `table`: path, label, split, group, covid (normal is the rest)."""
    run = create_run(runs, config={**CONFIG, **(config or {})}, data=data or runs / "data")
    table = table.assign(normal=1 - table["covid"])
    table.to_parquet(run.folder / "predictions.parquet", index=False)
    index = table[["path", "label", "split", "group"]].copy()
    index["sha256"], index["pixels"], index["problem"] = [f"content of {path}" for path in index["path"]], "", ""
    index.to_parquet(run.folder / "index.parquet", index=False)
    if features is not None:
        np.save(run.folder / "embeddings.npy", features.astype(np.float16))
    sizes = table["split"].value_counts()
    return run.updated(
        status="finished",
        positive="covid",
        classes=CLASSES,
        split_sizes={name: int(sizes.get(name, 0)) for name in ("train", "val", "test")},
        data_fingerprint=fingerprint,
    )


def made_table(n: int = 60, *, seed: int = 0, per_group: int = 3) -> pd.DataFrame:
    """Scans in groups, three fifths of them to train on, the rest by halves to choose by and to test on."""
    rng = np.random.default_rng(seed)
    groups = np.arange(n) // per_group
    splits = np.array(["train", "train", "train", "val", "test"])[groups % 5]
    labels = np.array(CLASSES)[groups // 5 % 2]
    return pd.DataFrame(
        {
            "path": [f"{label}/{number:03d}.png" for number, label in enumerate(labels)],
            "label": labels,
            "split": splits,
            "group": [f"patient:{group}" for group in groups],
            "covid": np.clip((labels == "covid") * 0.6 + rng.uniform(0, 0.4, n), 0, 1),
        }
    )


def made_features(table: pd.DataFrame, *, seed: int = 1, dimensions: int = 12) -> np.ndarray:
    """Features that keep classes apart and groups together."""
    rng = np.random.default_rng(seed)
    centres = {name: rng.normal(size=dimensions) for name in CLASSES}
    of_group = {name: rng.normal(scale=0.5, size=dimensions) for name in table["group"].unique()}
    base = np.array(
        [centres[label] + of_group[group] for label, group in zip(table["label"], table["group"], strict=True)]
    )
    return (base + rng.normal(scale=0.1, size=base.shape)).astype(np.float16)
