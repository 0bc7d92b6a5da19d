"""Commands about single scans of a finished run: maps and predictions; and what its figures rest on."""

import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.commands.datasets import Facts
from core.data.frames import file_and_frame
from core.errors import RequestError
from core.runs import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.evaluation.decision.operating_point import OperatingPoint
    from core.models.build import LoadedModel
    from core.results import SplitResults
    from core.training.signs import Told


PREDICTED = "predicted"
"""The target that is each scan's own prediction at the operating point; a class that is called so comes first."""


def explain(
    run: Run,
    scans: list[str],
    *,
    method: str,
    out: Path,
    told: "Told",
    target: str | None = None,
    layer: str = "",
    show: str = "heat",
) -> Facts:
    """Maps of scans, each as a picture (PNG) and as its values (npy).

    Args:
        run: a finished one.
        scans: files, or paths in the run's index.
        method, layer: as for `core.explanation.maps.explain`.
        out: folder for pictures and values; made where there is none.
        told: hears how far a slow method is.
        target: as for `core.explanation.maps.explain`, or `PREDICTED`.
        show: one of `core.explanation.overlay.SHOWN`.
    """
    from PIL import Image

    from core.calibration import temperature_in_force
    from core.data.images import read_scan
    from core.explanation.maps import BACKGROUND_METHODS
    from core.explanation.maps import explain as explain_scan
    from core.explanation.overlay import SHOWN, drawn
    from core.files import make_folder, write_array, write_whole
    from core.models.weights import load_run_model

    if show not in SHOWN:
        raise RequestError(f"expected --show to be one of {', '.join(SHOWN)}, found {show!r}")
    model, temperature = load_run_model(run), temperature_in_force(run)
    make_folder(out)
    rows = []
    for number, name in enumerate(scans, start=1):
        scan = read_scan(scan_path(run, name), window=model.window)
        asked = _predicted(run, model, scan) if target == PREDICTED and PREDICTED not in model.classes else target

        def at(done: int, of: int, number: int = number) -> None:
            told(f"map {number} of {len(scans)}", done / of, f"{done} of {of} passes")

        progress = at if method in BACKGROUND_METHODS else None
        found = explain_scan(
            model, scan, target=asked, method=method, layer=layer, temperature=temperature, progress=progress
        )
        stem = out / "-".join([f"{number:03d}", Path(name).stem, method, *([layer] if layer else [])])
        picture = Image.fromarray(drawn(scan, found, show=show, opacity=0.6))
        write_whole(stem.with_name(stem.name + ".png"), partial(picture.save, format="PNG"))

        write_array(stem.with_name(stem.name + ".npy"), found.heat)
        rows.append(
            {
                "scan": name,
                "class": found.target_words,
                "score": found.target_score,
                "maximum": found.maximum,
                "method": method,
                "layer": found.layer,
                "cells": list(found.side),
                "picture": str(stem) + ".png",
                "says": found.says,
            }
        )
    return {"run": run.id, "scores": scores_words(temperature), "maps": rows}


def predict(run: Run, scans: list[str], *, out: Path | None) -> Facts:
    """Score and decision for scans that need not be the run's own; one that is nowhere has a problem, as in a file.

    Where two thresholds are in force each scan has its zone too, beside both. The status is `failed` where no scan
    could be scored.
    """
    import pandas as pd

    from core.calibration import temperature_in_force
    from core.decided import point_in_force
    from core.evaluation.decision.zones import MEANING
    from core.files import write_whole
    from core.models.weights import load_run_model
    from core.prediction import predict_files

    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise RequestError(f"expected --out to end in .csv or .parquet, found {out.name!r}")
    point, temperature = point_in_force(run), temperature_in_force(run)
    paths, problems = {}, dict.fromkeys(range(len(scans)), "")
    for row, name in enumerate(scans):
        try:
            paths[row] = scan_path(run, name)
        except RequestError as error:
            problems[row] = str(error)
    found = predict_files(
        load_run_model(run),
        list(paths.values()),
        threshold=point.threshold,
        upper=point.upper,
        temperature=temperature,
    )
    table = found.set_axis(list(paths)).reindex(range(len(scans)))
    table["scan"], table["problem"] = scans, table["problem"].fillna(pd.Series(problems))
    table = table.fillna({"decision": "", "zone": "", "threshold": point.threshold, "upper": point.upper})
    if out is not None:
        save = table.to_csv if out.suffix == ".csv" else table.to_parquet
        write_whole(out, lambda path: save(path, index=False))
    return {
        "run": run.id,
        "threshold": point.threshold,
        **({} if point.upper is None else {"upper": point.upper, "means": MEANING}),
        "rule": point.rule,
        "says": point.says,
        "scores": scores_words(temperature),
        "status": "failed" if (table["problem"] != "").all() else "finished",
        "predictions": json.loads(table.to_json(orient="records")),
    }


def what_was_used(run: Run) -> Facts:
    """What the figures of a run's own splits rest on."""
    from core.sweeps.opening import sweep_words

    record = run.record
    return {
        "sweep": sweep_words(run),
        "group_source": record.group_source,
        "group_by": record.group_by,
        "split_how": record.split_how,
        "decisions": list(record.decisions),
        "corrected": record.corrected,
    }


def figures_at(results: "SplitResults", threshold: float, upper: float | None) -> Facts:
    """Every figure of some scans at a threshold; those of the zones too where there is an upper one."""
    from core.evaluation.decision.zones import zone_figures

    facts: Facts = results.evaluated(threshold).to_json()
    if upper is not None:
        facts["zones"] = zone_figures(results.scored, threshold, upper).to_json()
    return facts


def chosen_facts(point: "OperatingPoint") -> Facts:
    """How, where and when a threshold was chosen."""
    return {
        "rule": point.rule,
        "split": point.split,
        "says": point.says,
        "chosen_at": point.chosen_at,
        "upper": point.upper,
    }


def with_caution_lines(facts: Facts) -> Facts:
    """The same with each caution as a line of its own, for people."""
    return facts | {"cautions": [{"says": caution} for caution in facts["cautions"]]}


def scores_words(temperature: object | None) -> str:
    """What kind of scores is meant, in every answer that holds some: "calibrated" or "raw"."""
    return "raw" if temperature is None else "calibrated"


def scan_path(run: Run, name: str) -> Path:
    """A scan given as a file, or as a path in the run's index.

    Raises:
        RequestError: it is neither.
    """
    for path in (Path(name), Path(run.record.data) / name):
        with suppress(OSError, ValueError):  # a name too long for the file system, or with a NUL
            if file_and_frame(path)[0].is_file():
                return path
    raise RequestError(f"expected a file, or a path in the run's index, found neither at {name!r}")


def _predicted(run: Run, model: "LoadedModel", scan: "NDArray[np.uint8]") -> str:
    """The class of a scan at the run's operating point."""
    from core.calibration import temperature_in_force
    from core.data.images import resize_scan
    from core.decided import point_in_force
    from core.prediction import calibrated, decided, predict_pixels

    square = resize_scan(scan, model.image_size)
    probabilities = calibrated(model, predict_pixels(model, square[None])[0], temperature_in_force(run))[0]
    return str(decided(model, probabilities, threshold=point_in_force(run).threshold)["decision"])
