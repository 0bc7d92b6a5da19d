"""The command that tells which training scans a network takes for like a scan."""

from typing import TYPE_CHECKING, Any

from core.commands.datasets import Facts
from core.commands.figures import scan_path
from core.errors import RequestError
from core.runs import Run

if TYPE_CHECKING:
    from core.explanation.look_alikes import LookAlikes, Neighbour, TrainingScans


def similar(run: Run, scans: list[str], *, count: int) -> Facts:
    """The nearest training scans of each class for some scans, with what marks a leak.

    Args:
        run: a finished one.
        scans: paths in the run's index, else files, which are shown to the network now.
        count: how many of each class, 1 to 50.

    Raises:
        RequestError: a scan is neither, or `count` is out of range.
        RunDamagedError: the run's features cannot be read.
    """
    from core.evaluation.intervals import none_if_nan
    from core.explanation.features import read_features
    from core.explanation.look_alikes import TrainingScans, shown_classes
    from core.explanation.near_copies import contents_of, copies_among

    if not 1 <= count <= 50:
        raise RequestError(f"expected --count from 1 to 50, found {count}")
    training = TrainingScans(read_features(run), shown_classes(run.record.classes, run.record.positive))
    contents = contents_of(run)
    found: list[dict[str, Any]] = []
    for name in scans:
        path = name if training.knows(name) else ""
        file = None if path else scan_path(run, name)
        near = training.like(path, count=count) if path else _like_file(run, training, name, count)
        others = [neighbour.path for row in near.by_class.values() for neighbour in row]
        copies = copies_among(run, contents, name, others, file=file)
        found.append(
            {
                "scan": name,
                "split": near.split or None,
                "nearest": none_if_nan(near.distance),
                "farther_than": none_if_nan(near.beyond),
                "unlike": near.is_unlike,
                "like": {
                    label: [_facts(near, neighbour, copies.of.get(neighbour.path, "")) for neighbour in row]
                    for label, row in near.by_class.items()
                },
                "not_compared": dict(copies.unread),
            }
        )
    return {"run": run.id, "training_scans": len(training), "scans": found}


def for_people(facts: Facts) -> Facts:
    """The same, a line a neighbour."""
    return {
        "run": facts["run"],
        "training_scans": facts["training_scans"],
        **{one["scan"]: {label: _lines(row) for label, row in one["like"].items()} for one in facts["scans"]},
    }


def _like_file(run: Run, training: "TrainingScans", name: str, count: int) -> "LookAlikes":
    import numpy as np

    from core.data.images import read_scan, resize_scan
    from core.explanation.features import directions_of
    from core.models.weights import load_run_model
    from core.prediction import predict_pixels

    model = load_run_model(run)
    square = resize_scan(read_scan(scan_path(run, name), window=model.window), model.image_size)
    _, features = predict_pixels(model, np.asarray(square)[None])
    return training.like_direction(directions_of(features)[0], count=count)


def _facts(near: "LookAlikes", neighbour: "Neighbour", copy: str) -> dict[str, Any]:
    from core.explanation.look_alikes import leak_words

    return {
        "path": neighbour.path,
        "label": neighbour.label,
        "group": neighbour.group,
        "distance": neighbour.distance,
        "same_group": neighbour.same_group,
        "copy": copy,
        "leak": leak_words(near, neighbour, copy),
    }


def _lines(row: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: one[name] for name in ("distance", "path", "group", "leak")} for one in row]
