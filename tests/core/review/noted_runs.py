"""A small dataset of PNGs, and a finished run on it with made-up scores: enough for labels to be corrected."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.index import index_dataset
from core.files import write_json
from core.run_record import RunRecord
from core.runs import Run, read_run

CLASSES = ("healthy", "ill")
PATIENTS = 10


def write_dataset(folder: Path, *, with_csv: bool) -> Path:
    """20 scans, two of each patient: `healthy/p0-0.png` to `ill/p9-1.png`; with a mask folder and an index.csv."""
    rng = np.random.default_rng(0)
    rows = ["path,label,patient_id,site,mask"]
    for patient in range(PATIENTS):
        label = CLASSES[patient >= PATIENTS // 2]
        for number in range(2):
            path = folder / label / f"p{patient}-{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (24, 24), dtype=np.uint8)).save(path)
            rows.append(f"{label}/{path.name},{label},P{patient},{'AB'[patient % 2]},")
    if with_csv:
        (folder / "masks").mkdir()
        Image.new("L", (24, 24)).save(folder / "masks" / "p5-0.png")
        rows[-10] += "masks/p5-0.png"
        (folder / "index.csv").write_text("\n".join(rows) + "\n")
    return folder


def write_run(runs: Path, data: Path, *, errors: tuple[str, ...]) -> Run:
    """A finished run: even slices are in val, odd ones in test; at 0.5 right but for the scans in `errors`."""
    dataset = index_dataset(data)
    table = dataset.usable.reset_index(drop=True)
    table["split"] = np.where(table["path"].str.endswith("-0.png"), "val", "test")
    table.loc[table["path"].str.contains("p0|p9"), "split"] = "train"
    folder = runs / "run-1"
    folder.mkdir(parents=True)
    table.to_parquet(folder / "index.parquet", index=False)
    is_ill = table["label"].eq("ill") ^ table["path"].isin(errors)
    scores = np.where(is_ill, 0.9, 0.1) + 0.001 * np.arange(len(table))
    predictions = table[["path", "label", "split", "group"]].assign(healthy=1 - scores, ill=scores)
    predictions.to_parquet(folder / "predictions.parquet", index=False)
    record = RunRecord(
        id="run-1",
        status="finished",
        created="2026-01-01T00:00:00+00:00",
        preset="quick",
        config={"backbone": "resnet10t", "image_size": 32},
        data=str(data),
        positive="ill",
        classes=CLASSES,
        split_sizes={name: int((table["split"] == name).sum()) for name in ("train", "val", "test")},
    )
    write_json(folder / "run.json", asdict(record))
    return read_run(folder)
