"""The first batch, worked out again."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from core.data.index import index_dataset
from core.data.pixels import decoded
from core.data.splits import assign_splits
from core.errors import DatasetError, RunDamagedError
from core.models.inputs import InputForm
from core.runs import create_run
from core.training.batches import ScanLessons, ScanSplit
from core.training.config import TrainingConfig
from core.training.first_batch import first_batch

AUGMENTED = TrainingConfig(image_size=32, batch_size=8, seed=3, contrast=0.2, noise=0.1, erase=0.5)


@pytest.fixture(scope="module")
def indexed(scans):
    """The dataset, and its table with a split."""
    dataset = index_dataset(scans)
    table = dataset.usable.reset_index(drop=True)
    table["split"], _ = assign_splits(table, seed=0)
    return dataset, table


@pytest.fixture
def made(indexed, tmp_path):
    """A way to make a run of a config on the shared scans."""
    dataset, table = indexed

    def run_of(config):
        run = create_run(tmp_path / "runs", config=config.to_json(), data=dataset.root)
        table.to_parquet(run.folder / "index.parquet", index=False)
        return run.updated(classes=dataset.classes, positive=dataset.classes[0])

    return run_of


def _plain(run, config):
    """The scans of the first batch without augmentation, as the training reads them."""
    table = pd.read_parquet(run.folder / "index.parquet")
    train = table[table["split"] == "train"].reset_index(drop=True)
    targets = torch.tensor([run.record.classes.index(label) for label in train["label"]])
    split = ScanSplit(decoded(run.record.data, train, config.image_size), targets)
    lessons = ScanLessons(split, split, classes=2, form=InputForm(0.5, 0.25), config=config, device=torch.device("cpu"))
    return next(lessons.pictures(1)), train


def test_the_pictures_are_what_a_training_of_all_scans_sees_first(made):
    run = made(AUGMENTED)
    (images, _), _ = _plain(run, AUGMENTED)
    again = np.stack([scan.picture for scan in first_batch(run)])
    assert again.dtype == np.uint8
    assert np.abs(again - images[:, 0].numpy() * 255).max() <= 0.51


def test_each_picture_has_the_path_and_the_label_of_its_scan(made):
    plain = dataclasses.replace(AUGMENTED, **dict.fromkeys(("contrast", "noise", "erase"), 0.0))
    plain = dataclasses.replace(plain, rotation_degrees=0.0, zoom=0.0, shift=0.0, flip=False)
    run = made(plain)
    (_, _), train = _plain(run, plain)
    by_path = train.set_index("path")
    for scan in first_batch(run):
        row = by_path.loc[[scan.path]]
        assert scan.label == row["label"].item()
        original = decoded(run.record.data, row.reset_index(), 32)[0]
        assert np.array_equal(scan.picture, original)


def test_what_is_mixed_says_how_much_of_each_class_is_in_it(made):
    scans = first_batch(made(dataclasses.replace(AUGMENTED, mixup=5.0)))
    mixed = [scan.label for scan in scans if " + " in scan.label]
    assert mixed
    for label in mixed:
        shares = [float(part.split(" ")[0]) for part in label.split(" + ")]
        assert abs(sum(shares) - 1) < 0.011
        assert shares == sorted(shares, reverse=True)


def test_what_is_no_longer_there_or_not_known_yet_is_said(made, tmp_path, monkeypatch):
    monkeypatch.setenv("CT_EXPLORER_CACHE", str(tmp_path / "cache"))  # what was decoded before would still do
    run = made(AUGMENTED).updated(data=str(tmp_path / "gone"))
    with pytest.raises(DatasetError):
        first_batch(run)
    (run.folder / "index.parquet").unlink()
    with pytest.raises(RunDamagedError):
        first_batch(run)
