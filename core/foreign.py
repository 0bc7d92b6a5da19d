"""A run taken to another dataset, which it never saw: the question most published models fail."""

import re
from collections.abc import Callable, Mapping

import pandas as pd

from core.data.brightness import BRIGHTNESS, mean_brightness
from core.data.dataset import Dataset
from core.data.pixels import decoded
from core.errors import DatasetError
from core.evaluation.temperature import Temperature
from core.models.build import LoadedModel
from core.prediction import predict_pixels
from core.results import SplitResults, group_word


def foreign_results(
    model: LoadedModel,
    dataset: Dataset,
    *,
    joined: Mapping[str, str] | None = None,
    temperature: Temperature | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SplitResults:
    """Score every usable scan of another dataset, as one split named "all".

    Class names are matched without regard to case and punctuation (non-COVID is NonCOVID). `joined` gives the run's
    class of each class that its training joined with others. With a temperature the scores are calibrated, as the
    run's own are.

    Raises:
        DatasetError: a label has no counterpart among the run's classes, or there are no usable scans.
    """
    table = dataset.usable.reset_index(drop=True)
    if table.empty:
        raise DatasetError(f"expected scans in {dataset.root}, found none that can be used; look at its problems")
    names = {name: name for name in model.classes} | dict(joined or {})
    counterparts = {label: _counterpart(label, names) for label in sorted(set(table["label"]))}
    strange = [label for label, own in counterparts.items() if own is None]
    if strange:
        raise DatasetError(
            f"expected labels among the run's classes ({', '.join(model.classes)}), found {', '.join(strange)} "
            f"in {dataset.root}; rename them"
        )
    pixels = decoded(dataset.root, table, model.image_size, window=model.window, progress=progress)
    probabilities, _ = predict_pixels(model, pixels)
    scored = pd.DataFrame(
        {"path": table["path"], "label": table["label"].map(counterparts)},
    )
    scored["split"], scored["group"] = "all", table["group"]
    scored[BRIGHTNESS] = mean_brightness(pixels)
    for column, name in enumerate(model.classes):
        scored[name] = probabilities[:, column]
    called = group_word(dataset.group_source)
    return SplitResults("all", scored, model.classes, model.positive, group_word=called).calibrated(temperature)


def _counterpart(label: str, names: Mapping[str, str]) -> str | None:
    """What that very name stands for, else the only one like it: COVID+ is never taken for COVID-."""
    like = [label] if label in names else [name for name in names if _bare(name) == _bare(label)]
    return names[like[0]] if len(like) == 1 else None


def _bare(label: str) -> str:
    return re.sub(r"[\W_]+", "", label.casefold())
