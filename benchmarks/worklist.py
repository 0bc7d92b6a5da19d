"""Worklists over many scans: over comparing, sorting and copying the same table once, and over what people wait."""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.measured import Measured, in_turns
from core.evaluation.decision.operating_point import fixed_point
from core.results import SplitResults
from core.review.worklists.case_table import slice_places, table_of
from core.review.worklists.filters import ORDERS, Filters
from core.review.worklists.worklist import AREA_X, AREA_Y, PART, counts, position_of, worklist

SCANS, ROUNDS, LONGEST_MS = 100_000, 9, 100
_AREA = "pca:-0.9,-0.9;0.9,-0.9;0.9,0.9;0,0.2;-0.9,0.9"
_ASKED = {
    "errors of all splits": Filters(cells=("missed", "false alarm")),
    "everything": Filters(),
    **{f"everything, order {order}": Filters(order=order) for order in ORDERS if order != "error"},
    "all filters": Filters(
        cells=("missed", "found"),
        truth="sick",
        split="test",
        subgroups=(("site", "a"), ("site", "b")),
        score_low=0.05,
        score_high=0.95,
        unread=True,
        outside_lungs=True,
        area=_AREA,
    ),
}


def run() -> list[Measured]:
    """The slowest of several lists, each with the counts of its chips and the place of a case in it."""
    table = _table()
    costs = {name: _seconds(lambda asked=asked: _made(table, asked)) for name, asked in _ASKED.items()}
    slowest = max(costs, key=costs.__getitem__)
    asked = _ASKED[slowest]
    seconds = in_turns(
        rounds=ROUNDS, once=lambda: _seconds(lambda: _once(table)), ours=lambda: _seconds(lambda: _made(table, asked))
    )
    ours_ms, once_ms = seconds["ours"] * 1000, seconds["once"] * 1000
    what = f"a worklist over {SCANS:,} scans ({slowest}), its counts and a case's place in it"
    return [
        Measured(f"{what}: over comparing, sorting and copying once", ours_ms, once_ms, "ms", 4, goal_is_least=False),
        Measured(f"the same: over {LONGEST_MS} ms", ours_ms, LONGEST_MS, "ms", 1, goal_is_least=False),
    ]


def _made(table: pd.DataFrame, asked: Filters) -> None:
    counts(table, asked)
    cases = worklist(table, asked)
    position_of(cases, str(cases["path"].iloc[-1]))


def _once(table: pd.DataFrame) -> None:
    """What any list must do at the least: one comparison, one sort and one copy of the rows."""
    kept = np.flatnonzero(table["score"].to_numpy() >= 0)
    table.take(kept[np.argsort(table["score"].to_numpy()[kept], kind="stable")])


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _table() -> pd.DataFrame:
    """Scans of three splits in groups of ten, with all that a worklist may ask for."""
    rng = np.random.default_rng(0)
    sick = rng.random(SCANS) < 0.4
    scans = pd.DataFrame(
        {
            "path": [f"patient-{number // 10:05d}/slice-{number % 10}.dcm" for number in range(SCANS)],
            "label": np.where(sick, "sick", "well"),
            "split": rng.choice(["train", "val", "test"], SCANS, p=[0.6, 0.2, 0.2]),
            "group": [f"patient-{number // 10:05d}" for number in range(SCANS)],
            "sick": 1 / (1 + np.exp(-rng.normal(sick * 2.0 - 1, 1.2))),
        }
    )
    scans["well"] = 1 - scans["sick"]
    index = scans[["path"]].assign(sha256=[f"{number:064x}" for number in range(SCANS)])
    results = [
        SplitResults(split, scans[scans["split"] == split].reset_index(drop=True), ("sick", "well"), "sick")
        for split in ("train", "val", "test")
    ]
    table = table_of(results, index, fixed_point(results[1].scored))
    return table.assign(
        **slice_places(table),
        **{PART + "site": pd.Categorical(rng.choice(list("abcd"), SCANS))},
        in_lungs=rng.random(SCANS),
        doubt=rng.random(SCANS),
        suspected=rng.random(SCANS) < 0.05,
        read=rng.random(SCANS) < 0.1,
        disagreement=rng.random(SCANS).round(1),
        spread=rng.random(SCANS),
        **{name: rng.uniform(-1, 1, SCANS) for name in (AREA_X, AREA_Y)},
    )
