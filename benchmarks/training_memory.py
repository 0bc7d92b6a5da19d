"""Peak memory of a whole training on 20,000 scans over that on 2,000: scans are read as they are needed."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measured import Measured

FEW, MANY, SIDE, FILE_SIDE = 2_000, 20_000, 224, 24


def run() -> list[Measured]:
    """An epoch of a small network, from indexing to predictions, each in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        peaks = {count: _peak_mib(Path(name), count) for count in (FEW, MANY)}
    return [
        Measured(
            f"peak memory of a training on {MANY:,} scans at {SIDE} px over one on {FEW:,}",
            peaks[MANY],
            peaks[FEW],
            "MiB",
            1.3,
            goal_is_least=False,
        )
    ]


def _peak_mib(folder: Path, count: int) -> float:
    arguments = [sys.executable, "-m", "benchmarks.training_memory", str(folder / str(count)), str(count)]
    environment = os.environ | {"CT_EXPLORER_CACHE": str(folder / f"cache-{count}")}
    done = subprocess.run(arguments, check=True, capture_output=True, text=True, env=environment)
    return float(done.stdout.split()[-1])


def _train(folder: Path, count: int) -> float:
    import resource

    from core.commands.trainings import new_run
    from core.training.execute import execute

    rng = np.random.default_rng(0)
    for label in ("a", "b"):
        (folder / "scans" / label).mkdir(parents=True)
    for number in range(count):  # small files: it is their squares that would fill the memory
        pixels = rng.integers(0, 256, (FILE_SIDE, FILE_SIDE), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "scans" / "ab"[number % 2] / f"{number}.png", compress_level=0)
    settings = {"backbone": "test_resnet", "image_size": SIDE, "epochs": 1, "batch_size": 32, "precision": "fp32"}
    run = new_run(folder / "scans", preset="quick", settings=settings, runs_folder=folder / "runs")
    execute(run)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(_train(Path(sys.argv[1]), int(sys.argv[2])))
