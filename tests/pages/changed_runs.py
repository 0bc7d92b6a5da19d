"""Runs made from the finished one: another beside it, one without test scans, one of three classes."""

import shutil

import pandas as pd

from core.runs import Run, read_run

THIRD_CLASS = "Pneumonia"


def older_run_beside(run: Run) -> Run:
    """A copy of a run in the same folder, made an earlier day: not the one a page shows by itself."""
    folder = run.folder.with_name(f"older-{run.id}")
    shutil.copytree(run.folder, folder)
    return read_run(folder).updated(id=folder.name, created="2001-01-01T00:00:00+00:00")


def without_test_scans(run: Run) -> Run:
    """The same run with its test scans gone."""
    path = run.folder / "predictions.parquet"
    predictions = pd.read_parquet(path)
    predictions[predictions["split"] != "test"].to_parquet(path, index=False)
    return run.updated(split_sizes={**run.record.split_sizes, "test": 0})


def with_three_classes(run: Run) -> Run:
    """The same run with half of its negatives in a class of their own, scored evenly between the two."""
    path = run.folder / "predictions.parquet"
    predictions = pd.read_parquet(path)
    negatives = predictions.index[predictions["label"] == "non-COVID"]
    predictions.loc[negatives[::2], "label"] = THIRD_CLASS
    predictions["non-COVID"] = predictions[THIRD_CLASS] = (1 - predictions["COVID"]) / 2
    predictions.to_parquet(path, index=False)
    return run.updated(classes=("COVID", "non-COVID", THIRD_CLASS))
