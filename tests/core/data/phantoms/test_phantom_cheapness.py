"""What gives a phantom's label away: nothing cheap in a plain set, and a planted shortcut at its stated rate."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.data.phantoms.options import PhantomOptions
from core.data.phantoms.writing import write_phantoms

SINGLE = ("mean", "spread", "border", "width", "height", "bytes")


def looked_at(folder: Path) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Cheap features by name (n, d), the labels (n,), the patients (n,)."""
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    features: dict[str, list[list[float]]] = {name: [] for name in (*SINGLE, "histogram", "corner", "noise")}
    for row in table:
        path = folder / row["path"]
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        corner = pixels[: pixels.shape[0] // 10, : pixels.shape[0] // 10]
        rest = np.abs(pixels - cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), 1))
        height, width = pixels.shape
        single = (pixels.mean(), pixels.std(), border.mean(), width, height, path.stat().st_size)
        for name, value in zip(SINGLE, single, strict=True):
            features[name].append([float(value)])
        features["histogram"].append(list(np.histogram(pixels, 16, (0, 256))[0] / pixels.size))
        features["corner"].append([float(corner.max()), float(corner.std()), float(corner.min())])
        features["noise"].append([float(np.log(np.median(rest) + 1)), float(np.log(np.percentile(rest, 20) + 1))])
    labels, patients = (np.array([row[name] for row in table]) for name in ("label", "patient_id"))
    return {name: np.array(values) for name, values in features.items()}, labels, patients


def by_patient_auc(values: np.ndarray, positive: np.ndarray, patients: np.ndarray) -> float:
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    scores = cross_val_predict(model, values, positive, groups=patients, cv=folds, method="predict_proba")
    return roc_auc_score(positive, scores[:, 1])


def require_nothing_cheap(folder: Path, classes: tuple[str, ...]) -> None:
    features, labels, patients = looked_at(folder)
    for label in classes:
        positive = labels == label
        single = {name: roc_auc_score(positive, features[name][:, 0]) for name in SINGLE}
        assert all(0.35 <= auc <= 0.65 for auc in single.values()), (label, single)
        found = {name: by_patient_auc(features[name], positive, patients) for name in ("histogram", "corner", "noise")}
        assert all(auc <= 0.65 for auc in found.values()), (label, found)


def test_nothing_cheap_gives_lesions_away(full_set):
    require_nothing_cheap(full_set, ("lesion",))


def test_nothing_cheap_gives_one_of_four_classes_away(tmp_path):
    options = PhantomOptions(classes=4, slices=1)
    require_nothing_cheap(write_phantoms(tmp_path / "set", count=64, options=options), options.labels)


@pytest.mark.parametrize(("shortcut", "name"), [("marker", "corner"), ("scanner", "noise")])
def test_a_planted_shortcut_gives_the_label_away_at_its_rate(tmp_path, shortcut, name):
    options = PhantomOptions(shortcut=shortcut, slices=1)
    folder = write_phantoms(tmp_path / "set", count=40, options=options)
    features, labels, patients = looked_at(folder)
    assert by_patient_auc(features[name], labels == "lesion", patients) > 0.8
