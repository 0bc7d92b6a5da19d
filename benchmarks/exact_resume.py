"""A training killed at random moments and resumed, over one that was left alone: the final weights, bit by bit.

`python -m benchmarks.exact_resume [KILLS]` prints a line a kill; exit status 1 where a single bit differs.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KILLS, SEED = 30, 0
SETTINGS = (
    *("backbone=resnet10t", "image_size=48", "epochs=4", "batch_size=16", "precision=fp32", "patience=4"),
    *("average=0.9", "mixup=0.2", "noise=0.05", "dropout=0.2", "seed=3"),
)
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


def main(kills: int) -> int:
    """Train once whole, then `kills` times with a SIGKILL at a moment of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ENVIRONMENT["CT_EXPLORER_CACHE"] = str(folder / "cache")
        _command(["phantoms", str(folder / "scans"), "--count", "120"])
        _train(folder / "first")  # fills the cache, so that all later ones take the same time
        started = time.monotonic()
        expected = _outcome(_train(folder / "whole"))
        seconds = time.monotonic() - started
        moments = random.Random(SEED)
        differing = 0
        for number in range(1, kills + 1):
            after = moments.uniform(0, seconds)
            runs = folder / f"killed-{number}"
            phase = _killed(runs, after)
            found = _outcome(_resumed(runs))
            differing += found != expected
            said = "the same, bit by bit" if found == expected else "NOT THE SAME"
            print(f"kill {number:2d} after {after:5.2f} of {seconds:.2f} s, {phase}: {said}", flush=True)
            shutil.rmtree(runs)
    print(f"{kills - differing} of {kills} ended with the weights, predictions and best epoch of the whole training")
    return 1 if differing else 0


def _train(runs: Path) -> Path:
    return Path(_command(_train_arguments(runs))["folder"])


def _train_arguments(runs: Path) -> list[str]:
    settings = [part for pair in SETTINGS for part in ("--set", pair)]
    return ["train", str(runs.parent / "scans"), "--runs", str(runs), *settings]


def _killed(runs: Path, after_seconds: float) -> str:
    """Start a training and kill it; gives what it was at."""
    process = subprocess.Popen(
        [sys.executable, "-m", "core", *_train_arguments(runs)],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(after_seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for status in runs.glob("*/status.json"):
        facts = json.loads(status.read_text())
        return f"{facts['phase']} {facts.get('epoch', '')}".strip()
    return "before anything was written"


def _resumed(runs: Path) -> Path:
    found = list(runs.glob("*/run.json"))
    if not found:  # killed before there was a run: nothing to go on with
        return _train(runs)
    run = found[0].parent
    if json.loads(found[0].read_text())["status"] != "finished":
        _command(["resume", str(run)])
    return run


def _outcome(run: Path) -> tuple[str, str, int]:
    """Weights and predictions as hashes, and the best epoch."""
    weights = hashlib.sha256((run / "best.safetensors").read_bytes()).hexdigest()
    predictions = hashlib.sha256((run / "predictions.parquet").read_bytes()).hexdigest()
    return weights, predictions, json.loads((run / "run.json").read_text())["best_epoch"]


def _command(arguments: list[str]) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "core", *arguments, "--json"],
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
        text=True,
    )
    facts: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return facts


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS))
