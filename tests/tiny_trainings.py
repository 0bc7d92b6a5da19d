"""Trainings small enough for tests: 48 scans of 32 px, a network of a few hundred thousand weights."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.cli import main
from core.runs import Run, read_run

ROOT = Path(__file__).resolve().parents[1]
TINY: dict[str, Any] = {
    "backbone": "test_resnet",
    "image_size": 32,
    "epochs": 24,
    "patience": 24,
    "batch_size": 8,
    "learning_rate": 0.003,
    "dropout": 0.2,
    "precision": "fp32",
}


@dataclass(frozen=True)
class Finished:
    """What a command leaves behind."""

    status: int
    stdout: str
    stderr: str

    @property
    def facts(self) -> dict[str, Any]:
        """The JSON object that stands last on standard output."""
        return json.loads(self.stdout.strip().splitlines()[-1])


def write_scans(
    folder: Path, *, per_class: int = 24, classes: Sequence[str] = ("covid", "normal"), side_px: int = 32
) -> Path:
    """Class folders of grey noise; each class but the last has a bright square in a place of its own."""
    rng = np.random.default_rng(0)
    for place, label in enumerate(classes):
        (folder / label).mkdir(parents=True)
        for number in range(per_class):
            pixels = rng.integers(40, 120, (side_px, side_px), dtype=np.uint8)
            if place < len(classes) - 1:
                corner = 4 + 8 * place
                pixels[corner : corner + 10, corner : corner + 10] += 100
            Image.fromarray(pixels).save(folder / label / f"{number:02d}.png")
    return folder


def train_arguments(data: Path, runs: Path, **settings: Any) -> list[str]:
    """`train` on a dataset with the tiny settings, some of them changed."""
    changed = [part for name, value in (TINY | settings).items() for part in ("--set", f"{name}={value}")]
    return ["train", str(data), "--preset", "quick", *changed, "--runs", str(runs), "--json"]


def call(arguments: Sequence[object], capsys: Any) -> Finished:
    """One command of the command line, in this process."""
    capsys.readouterr()
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as ended:
        status = int(ended.code or 0)
    captured = capsys.readouterr()
    return Finished(status, captured.out, captured.err)


@contextmanager
def started(arguments: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    """A command in a process group of its own, which does not outlive the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "core", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            kill_group(process)
        process.communicate()


def ended(process: "subprocess.Popen[str]") -> Finished:
    """Wait for a command."""
    stdout, stderr = process.communicate(timeout=180)
    return Finished(process.returncode, stdout, stderr)


def kill_group(process: "subprocess.Popen[str]") -> None:
    """`kill -9` of a command and the processes it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(
    happened: Callable[[], bool], process: "subprocess.Popen[str] | None" = None, *, seconds: float = 90
) -> None:
    """Look again and again; a minute and a half at most, unless said, and only while the process lives."""
    limit = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < limit, "it did not happen"
        assert process is None or process.poll() is None, f"the process ended first: {process.communicate()}"
        time.sleep(0.01)


def only_run(runs: Path) -> Run:
    """The one run of a folder."""
    (path,) = runs.glob("*/run.json")
    return read_run(path.parent)


def epochs_done(runs: Path) -> int:
    """Epochs that the one run of a folder has written down."""
    return max((len(path.read_text().splitlines()) - 1 for path in runs.glob("*/history.csv")), default=0)


def says_one_line(stderr: str) -> bool:
    """Whether an error is told as it should be: one line, no traceback."""
    return stderr.startswith("error: ") and stderr.count("\n") == 1 and stderr.endswith("\n")
