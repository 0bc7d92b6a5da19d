"""The nearest among 100,000 training scans: over a bare product with their features, and over 50 ms."""

import numpy as np
import pandas as pd

from benchmarks.measured import Measured, in_turns, timed
from core.explanation.features import Features
from core.explanation.look_alikes import TrainingScans

SCANS, DIMENSIONS, QUERIES, ROUNDS = 100_000, 512, 10, 7
LIMIT_MS = 50


def run() -> list[Measured]:
    """Features of a ResNet-18's width, four scans a patient; scans from outside the training, one at a time."""
    rng = np.random.default_rng(0)
    numbers = np.arange(SCANS + QUERIES)
    table = pd.DataFrame(
        {
            "path": [f"scans/{number:06d}.png" for number in numbers],
            "label": np.where(numbers % 3 == 0, "COVID", "non-COVID"),
            "split": np.where(numbers < SCANS, "train", "test"),
            "group": [f"patient:{number // 4}" for number in numbers],
        }
    )
    values = np.abs(rng.standard_normal((len(table), DIMENSIONS), np.float32)).astype(np.float16)
    features = Features(table, values)
    training = TrainingScans(features, ("COVID", "non-COVID"))
    queries = table["path"].iloc[SCANS:].tolist()
    matrix = features.directions(slice(0, SCANS))
    vectors = features.directions(np.arange(SCANS, SCANS + QUERIES))
    training.like(queries[0])  # how near is usual, once a run
    seconds = in_turns(
        rounds=ROUNDS,
        bare=lambda: timed(lambda: [matrix @ vector for vector in vectors]) / QUERIES,
        ours=lambda: timed(lambda: [training.like(path) for path in queries]) / QUERIES,
    )
    ours, bare = seconds["ours"] * 1000, seconds["bare"] * 1000
    name = f"look-alikes among {SCANS:,} scans, {DIMENSIONS} features: over one bare product with all of them"
    return [
        Measured(name, ours, bare, "ms", 2.5, goal_is_least=False),
        Measured("the same: over 50 ms", ours, LIMIT_MS, "ms", 1, goal_is_least=False),
    ]
