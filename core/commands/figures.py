"""Commands about what a finished run says: its figures, threshold, maps and predictions."""

import json
from contextlib import suppress
from functools import partial
from pathlib import Path

from core.commands.datasets import Facts
from core.data.frames import file_and_frame
from core.errors import ConfigError, RequestError
from core.runs import Run
from core.training.signs import Told


def evaluate(run: Run, *, data: Path | None, split: str, threshold: float | None, told: Told) -> Facts:
    """A run's figures on a split of its own, or on another dataset at its frozen threshold."""
    from core.results import point_in_force, split_results, torn_groups

    threshold = point_in_force(run).threshold if threshold is None else threshold
    if not 0 <= threshold <= 1:
        raise ConfigError(f"expected a threshold between 0 and 1, found {threshold}")
    if data is None:
        figures = split_results(run, split).evaluated(threshold).to_json()
        return {"run": run.id, **figures, "torn_groups": torn_groups(run), **_what_was_used(run)}
    from core.data.index import index_dataset
    from core.data.joined import joined_classes
    from core.foreign import foreign_results
    from core.models.weights import load_run_model

    dataset = index_dataset(
        data, progress=lambda done, total: told("checking scans", done / total, f"{done} of {total}")
    )
    joined = joined_classes(str(run.record.config.get("join", "")))
    results = foreign_results(load_run_model(run), dataset, joined=joined)
    figures = results.evaluated(threshold).to_json()
    return {"run": run.id, "data": str(data), **figures, "torn_groups": 0, "group_source": dataset.group_source}


def threshold(run: Run, *, max_fnr: float, confidence: float | None, save: bool) -> Facts:
    """Choose a threshold on validation, and report it on test."""
    from core.evaluation.thresholds import operating_point
    from core.results import save_point, split_results, splits_of, torn_groups

    val = split_results(run, "val")
    try:
        point = operating_point(val.scored, max_fnr=max_fnr, confidence=confidence)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if save:
        save_point(run, point)
    test = split_results(run, "test").evaluated(point.threshold).to_json() if "test" in splits_of(run) else None
    return {
        "run": run.id,
        "threshold": point.threshold,
        "rule": point.rule,
        "promise": point.promise,
        "saved": save,
        "torn_groups": torn_groups(run),
        **_what_was_used(run),
        "val": val.evaluated(point.threshold).to_json(),
        "test": test,
    }


def explain(run: Run, scans: list[str], *, method: str, out: Path, target: str | None = None) -> Facts:
    """Maps of scans, each as an overlay (PNG) and as its values (npy)."""
    from PIL import Image

    from core.data.images import read_scan
    from core.explanation.maps import explain as explain_scan
    from core.explanation.overlay import overlaid
    from core.files import make_folder, write_array, write_whole
    from core.models.weights import load_run_model

    model = load_run_model(run)
    make_folder(out)
    rows = []
    for number, name in enumerate(scans, start=1):
        scan = read_scan(scan_path(run, name), window=model.window)
        found = explain_scan(model, scan, target=target, method=method)
        stem = out / f"{number:03d}-{Path(name).stem}-{method}"
        picture = Image.fromarray(overlaid(scan, found, opacity=0.6))
        write_whole(stem.with_name(stem.name + ".png"), partial(picture.save, format="PNG"))

        write_array(stem.with_name(stem.name + ".npy"), found.heat)
        rows.append(
            {
                "scan": name,
                "class": found.target,
                "score": found.target_score,
                "maximum": found.maximum,
                "method": method,
                "picture": str(stem) + ".png",
                "says": found.says,
            }
        )
    return {"run": run.id, "maps": rows}


def predict(run: Run, scans: list[str], *, out: Path | None) -> Facts:
    """Score and decision for scans that need not be the run's own; one that is nowhere has a problem, as in a file."""
    import pandas as pd

    from core.files import write_whole
    from core.models.weights import load_run_model
    from core.prediction import predict_files
    from core.results import point_in_force

    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise RequestError(f"expected --out to end in .csv or .parquet, found {out.name!r}")
    point = point_in_force(run)
    paths, problems = {}, dict.fromkeys(range(len(scans)), "")
    for row, name in enumerate(scans):
        try:
            paths[row] = scan_path(run, name)
        except RequestError as error:
            problems[row] = str(error)
    found = predict_files(load_run_model(run), list(paths.values()), threshold=point.threshold)
    table = found.set_axis(list(paths)).reindex(range(len(scans)))
    table["scan"], table["decision"] = scans, table["decision"].fillna("")
    table["problem"] = table["problem"].fillna(pd.Series(problems))
    if out is not None:
        save = table.to_csv if out.suffix == ".csv" else table.to_parquet
        write_whole(out, lambda path: save(path, index=False))
    return {
        "run": run.id,
        "threshold": point.threshold,
        "rule": point.rule,
        "predictions": json.loads(table.to_json(orient="records")),
    }


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


def _what_was_used(run: Run) -> Facts:
    """What the figures of a run's own splits rest on."""
    from core.sweeps.opening import sweep_words

    record = run.record
    return {
        "sweep": sweep_words(run),
        "group_source": record.group_source,
        "group_by": record.group_by,
        "split_how": record.split_how,
        "decisions": list(record.decisions),
    }
