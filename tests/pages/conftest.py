"""The app with nothing in it, and with one finished run of two classes: small enough for every test to have its own."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
import torch
from PIL import Image
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core.audit import keeping
from core.data.index import index_dataset
from core.data.splits import assign_splits
from core.files import write_text
from core.models.build import build_network
from core.models.weights import save_weights
from core.runs import Run, create_run, read_run
from core.training.config import TrainingConfig
from core.training.fit import HISTORY_COLUMNS
from core.training.jobs import report
from pages.shared import ahead, cached, errors, warmup

MAIN = Path(__file__).resolve().parents[2] / "pages" / "main.py"
SIDE_PX = 32


@pytest.fixture(scope="session", autouse=True)
def _packages_are_looked_through_once() -> Iterator[None]:
    """`AppTest` reads what every installed package says of itself, anew for each app: half of a test's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs and datasets of a test are its own; no network, no imports in the background, no memory of other tests."""
    monkeypatch.setattr(cached, "DEFAULT_RUNS", tmp_path / "runs")
    monkeypatch.setattr(cached, "DEFAULT_DATA", tmp_path / "datasets")
    monkeypatch.setattr(cached, "hub_is_reachable", lambda: False)
    monkeypatch.setattr(warmup, "start", lambda: None)
    monkeypatch.setattr(ahead.Ahead, "wish", lambda self, wisher, tasks: None)
    monkeypatch.setattr(keeping, "start_command", lambda arguments, log_path: 0)  # no audit in the background
    monkeypatch.setenv("CT_EXPLORER_CACHE", str(tmp_path / "cache"))
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def _nothing_unforeseen(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A page shows what nobody foresaw as one line; a test that does not mean to see it fails all the same."""
    yield
    unforeseen = [record for record in caplog.get_records("call") if record.name == errors.LOG_NAME]
    assert unforeseen == [], "a page failed in a way that nobody foresaw"


@pytest.fixture
def app() -> Callable[..., AppTest]:
    """The app, run once, then at a page such as "dataset/page.py"; `query` is what the address holds at first."""

    def opened(page: str | None = None, query: Mapping[str, str] | None = None) -> AppTest:
        at = AppTest.from_file(str(MAIN), default_timeout=60)
        for name, value in (query or {}).items():
            at.query_params[name] = value
        at.run()
        return at.switch_page(page).run() if page else at

    return opened


@pytest.fixture
def tiny_dataset(tmp_path: Path) -> Path:
    """40 grey PNGs of 20 patients, COVID and non-COVID by halves, 32 to 64 px, with an index.csv."""
    return write_tiny_dataset(tmp_path / "tiny")


@pytest.fixture(scope="session")
def finished_run_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runs folder with the run that each test gets a copy of; its dataset lies beside it and is not to be changed."""
    folder = tmp_path_factory.mktemp("template")
    write_finished_run(folder / "runs", write_tiny_dataset(folder / "tiny"))
    return folder / "runs"


@pytest.fixture
def tiny_run(finished_run_template: Path, tmp_path: Path) -> Run:
    """A finished run, random weights, made-up predictions: in every split each class has one scan wrong at 0.5."""
    shutil.copytree(finished_run_template, tmp_path / "runs")
    return read_run(next((tmp_path / "runs").iterdir()))


def plain(text: str) -> str:
    """What a reader sees of a text that `literal` has made safe."""
    return re.sub(r"\\([\\`*_~\[\]<>$:#|!{}&])", r"\1", text)


def write_tiny_dataset(folder: Path, *, patients_per_class: int = 10) -> Path:
    """Write class folders with two scans of each patient and an index.csv; the diseased have a bright spot."""
    rng = np.random.default_rng(0)
    lines = ["path,label,patient_id"]
    for label in ("COVID", "non-COVID"):
        (folder / label).mkdir(parents=True)
        for patient in range(patients_per_class):
            for number in range(2):
                height, width = rng.integers(SIDE_PX, 2 * SIDE_PX, 2)
                pixels = rng.integers(40, 120, (height, width), dtype=np.uint8)
                if label == "COVID":
                    pixels[8:16, 8:16] = 250
                path = f"{label}/p{patient:02d}-{number}.png"
                Image.fromarray(pixels).save(folder / path)
                lines.append(f"{path},{label},{label}-{patient}")
    write_text(folder / "index.csv", "\n".join(lines) + "\n")
    return folder


def write_finished_run(runs: Path, data: Path, *, backbone: str = "resnet10t") -> Run:
    """What a training leaves behind, without training: every file of a finished run."""
    config = TrainingConfig(backbone=backbone, image_size=SIDE_PX, epochs=3, batch_size=8)
    run = create_run(runs, config=config.to_json(), data=data, preset="quick")
    dataset = index_dataset(data)
    table = dataset.usable.reset_index(drop=True)
    table["split"], how = assign_splits(table, seed=0)
    table.to_parquet(run.folder / "index.parquet", index=False)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_network(backbone, classes=len(dataset.classes))
    save_weights(network.state_dict(), run.folder / "best.safetensors")
    _predictions(table).to_parquet(run.folder / "predictions.parquet", index=False)
    features = np.random.default_rng(0).normal(size=(len(table), 16)).astype(np.float16)
    np.save(run.folder / "embeddings.npy", features)
    history = pd.DataFrame(0.5, index=range(3), columns=list(HISTORY_COLUMNS)).assign(epoch=[1, 2, 3])
    write_text(run.folder / "history.csv", history.to_csv(index=False))
    write_text(run.log_path, "epoch 3: done\n")
    report(run, phase="finished", epoch=3, epochs=3)
    sizes = table["split"].value_counts()
    return run.updated(
        status="finished",
        positive="COVID",
        classes=dataset.classes,
        split_how=how,
        split_sizes={name: int(sizes.get(name, 0)) for name in ("train", "val", "test")},
        group_source=dataset.group_source,
        data_fingerprint=dataset.fingerprint,
        device="cpu",
        precision="fp32",
        weights_from="from scratch",
        best_epoch=2,
        started=run.record.created,
        ended=run.record.created,
    )


def _predictions(table: pd.DataFrame) -> pd.DataFrame:
    """Made-up probabilities: the first scan of each split and class is on the wrong side of 0.5."""
    predictions = table[["path", "label", "split", "group"]].copy()
    order = predictions.sort_values("path").groupby(["split", "label"]).cumcount()
    right = 0.6 + 0.39 * (order.reindex(predictions.index) / 20).clip(0, 1)
    own_class = right.where(order.reindex(predictions.index) > 0, 0.2)
    predictions["COVID"] = own_class.where(predictions["label"] == "COVID", 1 - own_class).astype(np.float32)
    predictions["non-COVID"] = (1 - predictions["COVID"]).astype(np.float32)
    return predictions
