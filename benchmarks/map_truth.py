"""Which map is right? On phantoms the lesions' places are known: the share of heat inside them, and the pointing game.

`python -m benchmarks.map_truth` makes phantoms, trains the demo's network on them and prints a table in Markdown, by
method and stage; `--preset`, `--set` and `--count` make a better one, `--run` takes a finished one. Looked at are the
positive test scans that the network finds at its threshold, the positive class asked about; a map without evidence has
no heat inside and misses. Intervals are 95 %, from drawing patients. Chance is the share of the scan that is lesion:
what heat spread evenly, or a finger put down blindly, would get.

Source of the pointing game: Zhang et al., Top-down Neural Attention by Excitation Backprop, ECCV 2016. Here the hottest
cell's centre is the finger, and it has to be in the lesion itself, with no margin.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from core.commands.trainings import new_run, train
from core.data.images import read_scan
from core.data.phantoms.writing import write_phantoms
from core.data.pixels import decoded
from core.decided import point_in_force
from core.evaluation.intervals import Estimate, group_bootstrap
from core.explanation.batches import maps_of
from core.explanation.maps import BACKGROUND_METHODS, LIVE_METHODS, METHODS
from core.explanation.stages import stages
from core.models.build import LoadedModel, build_network
from core.models.weights import load_run_model
from core.results import split_results
from core.runs import Run, find_run, read_index
from core.training.config import parse_settings

Heats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Found:
    """How one method at one stage does, scan by scan: share of heat inside the lesions, and whether it points there."""

    method: str
    stage: str
    shares: NDArray[np.float64]
    hits: NDArray[np.float64]
    empty: int
    seconds: float


def main() -> None:
    """Make or take a network, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.map_truth", description=__doc__)
    parser.add_argument("--run", help="a finished run on phantoms, as a folder; else one is trained")
    parser.add_argument("--preset", default="demo", help="of the network to train (demo)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of it")
    parser.add_argument("--count", type=int, default=1000, help="phantoms to make (1000)")
    parser.add_argument("--seed", type=int, default=0, help="of the phantoms (0)")
    parser.add_argument("--most", type=int, default=80, help="scans looked at (80), whole patients in drawn order")
    parser.add_argument("--live-only", action="store_true", help="leave out the slow methods")
    options = parser.parse_args()
    methods = LIVE_METHODS if options.live_only else tuple(METHODS)
    torch.set_num_threads(1)
    if options.run:
        measure(find_run(options.run, Path(options.run).parent), methods, most=options.most)
        return
    with tempfile.TemporaryDirectory() as name:
        data = write_phantoms(Path(name) / "phantoms", count=options.count, seed=options.seed)
        settings = parse_settings(options.set)
        run = new_run(data, preset=options.preset, settings=settings, runs_folder=Path(name) / "runs")
        train(run, told=lambda *_: None)
        print(f"{options.count} phantoms, seed {options.seed}; preset {options.preset} {' '.join(options.set)}\n")
        measure(find_run(str(run.folder), run.folder.parent), methods, most=options.most)


def measure(run: Run, methods: Sequence[str], *, most: int) -> None:
    """Print the table of a run on phantoms."""
    model = load_run_model(run)
    cells = split_results(run, "test").with_cells(point_in_force(run).threshold)
    table = _some(cells[cells["cell"] == "found"].merge(read_index(run)[["path", "sha256", "mask"]], on="path"), most)
    squares = decoded(Path(run.record.data), table, model.image_size, window=model.window)[:]
    lesions = np.stack([_lesion(Path(run.record.data) / name, model.image_size) for name in table["mask"]])
    groups = table["group"].to_numpy()
    found = [_at(model, method, stage.layer, squares, lesions) for method in methods for stage in stages(model)]
    positives = cells[cells["label"] == run.record.positive]
    chance = lesions.mean(axis=(1, 2))
    print(
        f"{run.record.config['backbone']} at {model.image_size} px finds {(positives['cell'] == 'found').sum()} of "
        f"{len(positives)} test scans with a lesion; {len(table)} of them, of {table['group'].nunique()} patients. "
        f"Chance {_words(_mean(chance, groups))}.\n"
    )
    _print_table(found, groups, {stage.layer: stage.words.rsplit(", ", 1)[1] for stage in stages(model)})
    untrained = _untrained(run, model)
    _print_best(found, groups, lambda best: _at(untrained, best.method, best.stage, squares, lesions))


def inside(heats: Heats, lesions: Heats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of each map's heat inside its lesions, and 1 where its hottest cell's centre is in one, else 0: (n,) both.

    Args:
        heats: float32 (n, h, w), at least 0.
        lesions: share of each pixel that is lesion, float32 (n, s, s).
    """
    shares, hits = np.zeros(len(heats)), np.zeros(len(heats))
    for row, (heat, lesion) in enumerate(zip(heats, lesions, strict=True)):
        if not heat.any():
            continue
        large = cv2.resize(heat, lesion.shape[::-1], interpolation=cv2.INTER_LINEAR)
        shares[row] = float((large * lesion).sum() / large.sum())
        y, x = (np.array(np.unravel_index(heat.argmax(), heat.shape)) + 0.5) / heat.shape * lesion.shape
        hits[row] = lesion[int(y), int(x)] >= 0.5
    return shares, hits


def _at(model: LoadedModel, method: str, layer: str, squares: NDArray[np.uint8], lesions: Heats) -> Found:
    started = time.perf_counter()
    heats = np.concatenate([batch.heats for batch in maps_of(model, squares, method=method, layer=layer)])
    seconds = (time.perf_counter() - started) / len(heats)
    shares, hits = inside(heats, lesions)
    return Found(method, layer, shares, hits, int((~heats.any(axis=(1, 2))).sum()), seconds)


def _untrained(run: Run, model: LoadedModel) -> LoadedModel:
    """The same network with random weights: what its layout and the scans alone do for a map."""
    torch.manual_seed(0)
    config = run.record.config
    network = build_network(
        config["backbone"], classes=len(model.classes), head=config["head"], image_size=model.image_size
    )
    return replace(model, network=network.eval().requires_grad_(False))


def _some(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many scans, by whole patients, drawn with a seed."""
    drawn = np.random.default_rng(0).permutation(sorted(table["group"].unique()))
    order = table["group"].map({group: number for number, group in enumerate(drawn)})
    table = table.assign(order=order).sort_values(["order", "path"])
    return table[table["order"] <= table["order"].iloc[min(most, len(table)) - 1]].reset_index(drop=True)


def _lesion(path: Path, side: int) -> Heats:
    mask = (read_scan(path) > 127).astype(np.float32)
    return np.asarray(cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def _mean(values: NDArray[np.float64], groups: NDArray[np.object_]) -> Estimate:
    return group_bootstrap(lambda weights: weights @ values / weights.sum(axis=1), groups)


def _words(estimate: Estimate) -> str:
    return f"{estimate.value * 100:.1f} % ({estimate.low * 100:.1f} to {estimate.high * 100:.1f})"


def _print_table(found: list[Found], groups: NDArray[np.object_], cells: dict[str, str]) -> None:
    for what, title in (("shares", "Share of heat inside the lesions"), ("hits", "Pointing game: share of hits")):
        print(f"| {title} | " + " | ".join(f"{layer}, {words}" for layer, words in cells.items()) + " |")
        print("| --- " * (len(cells) + 1) + "|")
        for method in dict.fromkeys(one.method for one in found):
            slow = ", slow" if method in BACKGROUND_METHODS else ""
            figures = [_words(_mean(getattr(one, what), groups)) for one in found if one.method == method]
            print(f"| {METHODS[method]}{slow} | " + " | ".join(figures) + " |")
        print()
    print("Maps without evidence: " + (", ".join(_empty(found)) or "none") + ".")
    seconds: dict[str, float] = {}
    for one in found:
        seconds[METHODS[one.method]] = seconds.get(METHODS[one.method], 0.0) + one.seconds
    print("Seconds a scan, all stages: " + ", ".join(f"{name} {value:.3g}" for name, value in seconds.items()) + ".\n")


def _empty(found: list[Found]) -> list[str]:
    return [f"{METHODS[one.method]} at {one.stage} {one.empty} of {len(one.hits)}" for one in found if one.empty]


def _print_best(found: list[Found], groups: NDArray[np.object_], untrained: Callable[[Found], Found]) -> None:
    for what, words in (("shares", "share of heat inside"), ("hits", "pointing game")):
        ranked = sorted(found, key=lambda one, what=what: -float(_mean(getattr(one, what), groups).value))  # type: ignore[misc]
        best, next_best = ranked[0], next(one for one in ranked if one.method != ranked[0].method)
        lead = _mean(getattr(best, what) - getattr(next_best, what), groups)
        print(
            f"Best by {words}: {METHODS[best.method]} at {best.stage}, {_words(_mean(getattr(best, what), groups))}; "
            f"{_words(lead)} more than the best of another method, {METHODS[next_best.method]} at {next_best.stage}. "
            f"Of the same network with random weights: {_words(_mean(getattr(untrained(best), what), groups))}."
        )


if __name__ == "__main__":
    main()
