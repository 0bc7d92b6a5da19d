"""The statistics, over sorting the scores they are made from, and over calling scikit-learn for every resample."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.measured import Measured, in_turns
from core.evaluation.curves import threshold_curve
from core.evaluation.delong import auc_delong
from core.evaluation.resampled import auc_estimate
from core.evaluation.scored import Scored

RATES_SCANS, DELONG_SCANS, BOOTSTRAP_SCANS, DRAWS, DRAWN_BY_OTHERS = 1_000_000, 100_000, 10_000, 2000, 40
ROUNDS = 15


def run() -> list[Measured]:
    """Scores of both classes that overlap, hardly any twice, every scan its own group."""
    return [_rates(), _delong(), _bootstrap()]


def _rates() -> Measured:
    scored = _scored(RATES_SCANS)
    name = f"all rates at all thresholds, {RATES_SCANS:,} scans: over sorting the scores"
    return _over_sorting(name, scored, lambda: threshold_curve(scored), goal=3)


def _delong() -> Measured:
    scored = _scored(DELONG_SCANS)
    _ = scored.independent  # known since the split was read, as for every statistic
    name = f"DeLong's interval of the AUC, {DELONG_SCANS:,} scans: over sorting the scores"
    return _over_sorting(name, scored, lambda: auc_delong(scored), goal=10)


def _over_sorting(name: str, scored: Scored, work: Callable[[], object], *, goal: float) -> Measured:
    work()
    seconds = in_turns(
        rounds=ROUNDS,
        sort=lambda: _processor_seconds(lambda: np.sort(scored.scores)),
        ours=lambda: _processor_seconds(work),
    )
    return Measured(name, seconds["ours"] * 1000, seconds["sort"] * 1000, "ms", goal, goal_is_least=False)


def _bootstrap() -> Measured:
    """Of scikit-learn fewer resamples are timed: each costs as much."""
    from sklearn.metrics import roc_auc_score

    scored = _scored(BOOTSTRAP_SCANS)
    rng = np.random.default_rng(1)

    def theirs() -> float:
        def loop() -> None:
            for _ in range(DRAWN_BY_OTHERS):
                rows = rng.integers(scored.n, size=scored.n)
                roc_auc_score(scored.labels[rows], scored.scores[rows])

        return _processor_seconds(loop) * DRAWS / DRAWN_BY_OTHERS

    def ours() -> float:
        return _processor_seconds(lambda: auc_estimate(scored, draws=DRAWS))

    ours(), theirs()
    seconds = in_turns(rounds=5, theirs=theirs, ours=ours)
    name = f"group bootstrap of the AUC, {BOOTSTRAP_SCANS:,} scans, resamples a second: over scikit-learn in a loop"
    return Measured(name, DRAWS / seconds["ours"], DRAWS / seconds["theirs"], "/s", 30, goal_is_least=True)


def _processor_seconds(work: Callable[[], object]) -> float:
    """Of this process: other programs on the machine weigh more on what takes longer, and all here is one thread."""
    started = time.process_time()
    work()
    return time.process_time() - started


def _scored(scans: int) -> Scored:
    rng = np.random.default_rng(0)
    labels = rng.random(scans) < 0.4
    return Scored.of(1 / (1 + np.exp(-rng.normal(labels * 2.0 - 1, 1.2))), labels)
