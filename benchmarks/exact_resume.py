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
        expected = _outcome(_train(folder / "whole"))
        again = _started(folder / "again")  # the cache is filled now: how long do all later ones take?
        seconds = _seconds_until_ended(again)
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
    """Start a training and kill it so long after it made its run; gives what it was at."""
    process = _started(runs)
    time.sleep(after_seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for status in runs.glob("*/status.json"):
        facts = json.loads(status.read_text())
        return f"{facts['phase']} {facts.get('epoch', '')}".strip()
    return "at the very beginning"


def _started(runs: Path) -> subprocess.Popen[bytes]:
    """A training whose run is made."""
    process = subprocess.Popen(
        [sys.executable, "-m", "core", *_train_arguments(runs)],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not list(runs.glob("*/run.json")):
        time.sleep(0.005)
    return process


def _seconds_until_ended(process: subprocess.Popen[bytes]) -> float:
    started = time.monotonic()
    process.wait()
    return time.monotonic() - started


def _resumed(runs: Path) -> Path:
    (record,) = runs.glob("*/run.json")
    run = record.parent
    if json.loads(record.read_text())["status"] != "finished":
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
