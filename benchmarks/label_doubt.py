"""Planted wrong labels among the first that `doubts` names, over their share among all.

Phantoms with a tenth of the patients labelled wrongly, the demo's network, and two ways to have scores from outside the
training: the validation and test scans of one run, and every scan by the run of a 3-fold split in which it was test.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.browser import ROOT
from benchmarks.measured import Measured
from core.evaluation.intervals import Estimate, group_bootstrap
from core.review.label_doubt import label_doubts, ranked
from core.runs import Run, list_runs

COUNT, SEED, NOISE, FOLDS, FIRST = 1000, 5, 0.1, 3, 0.05


def run() -> list[Measured]:
    """One training, then the others of its split: about six minutes on two quiet cores."""
    with tempfile.TemporaryDirectory() as folder:
        data, runs = Path(folder) / "phantoms", Path(folder) / "runs"
        _command("phantoms", data, "--count", COUNT, "--seed", SEED, "--label-noise", NOISE)
        figures = []
        for fold in range(1, FOLDS + 1):
            settings = ("--set", f"split_by=fold:{fold}/{FOLDS}")
            _command("train", data, "--preset", "demo", "--init", "scratch", *settings, "--runs", runs)
            if fold in (1, FOLDS):
                figures.append(_figure(list_runs(runs)[0][-1], data, folds=fold))
        return figures


def precision_first(doubts: pd.DataFrame, is_wrong: np.ndarray, groups: np.ndarray) -> Estimate:
    """Share of wrong labels among the first 5 %, in [0, 1], its interval from drawing whole patients.

    Args:
        doubts: as `ranked` gives it.
        is_wrong: whether each label is, shape (n,).
        groups: of each scan, shape (n,).
    """

    def statistic(weights: np.ndarray) -> np.ndarray:
        wanted = FIRST * weights.sum(axis=1, keepdims=True)
        before = np.cumsum(weights, axis=1) - weights
        taken = np.clip(wanted - before, 0, weights)
        return (taken * is_wrong).sum(axis=1) / taken.sum(axis=1)

    assert len(doubts) == len(is_wrong)
    return group_bootstrap(statistic, groups)


def _figure(judged: Run, data: Path, *, folds: int) -> Measured:
    table = ranked(label_doubts(judged))
    truth = pd.read_csv(data / "index.csv", dtype=str).set_index("path").loc[table["path"]]
    is_wrong = (truth["true_label"] != truth["label"]).to_numpy()
    found = precision_first(table, is_wrong, truth["patient_id"].to_numpy())
    suspected = is_wrong[table["suspected"].to_numpy()]
    print(
        f"  {len(table)} labels judged, {is_wrong.sum()} wrong; first 5 %: {found.value:.3f} "
        f"({found.low:.3f} to {found.high:.3f}) wrong; {len(suspected)} suspected, {suspected.mean():.3f} of them "
        f"wrong, which is {suspected.sum() / is_wrong.sum():.3f} of all that are wrong",
        file=sys.stderr,
    )
    by = f"{folds} folds" if folds > 1 else "one run's validation and test scans"
    name = f"wrong labels among the first 5 % of {len(table)}, by {by}: over their share among all"
    return Measured(name, 100 * found.value, 100 * float(is_wrong.mean()), "%", 2, goal_is_least=True)


def _command(*arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
