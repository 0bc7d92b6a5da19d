from dataclasses import replace

import numpy as np
import pytest
from tiny_trainings import write_scans

from core.data.index import index_dataset
from core.errors import DatasetError
from core.foreign import foreign_results
from core.models.weights import load_run_model
from core.runs import read_predictions


@pytest.fixture(scope="module")
def model(trained):
    return load_run_model(trained.run)


def test_a_runs_own_scans_get_elsewhere_what_they_got_at_home(trained, model):
    results = foreign_results(model, index_dataset(trained.data))
    assert (results.split, results.positive, results.classes) == ("all", "covid", ("covid", "normal"))
    at_home = read_predictions(trained.run).set_index("path")["covid"]
    np.testing.assert_allclose(results.table.set_index("path")["covid"], at_home[results.table["path"]], atol=1e-6)
    assert results.evaluated(0.5).n == 48


def test_class_names_are_matched_without_regard_to_case_and_punctuation(model, tmp_path):
    folder = write_scans(tmp_path / "other", per_class=6, classes=("CO-VID", "Normal_"))
    results = foreign_results(model, index_dataset(folder))
    assert results.table.groupby("label").size().to_dict() == {"covid": 6, "normal": 6}


def test_one_class_alone_is_enough_and_leaves_the_auc_undefined(model, tmp_path):
    folder = write_scans(tmp_path / "other", per_class=6, classes=("normal",))
    figures = foreign_results(model, index_dataset(folder)).evaluated(0.5).to_json()
    assert figures["fnr"]["value"] is None
    assert figures["auc"]["value"] is None
    assert figures["fpr"]["value"] is not None


def test_a_label_without_counterpart_is_told_with_the_classes_there_are(model, tmp_path):
    folder = write_scans(tmp_path / "other", per_class=6, classes=("covid", "flu"))
    with pytest.raises(DatasetError, match=r"among the run's classes \(covid, normal\), found flu in .*; rename them"):
        foreign_results(model, index_dataset(folder))


def test_names_that_differ_in_punctuation_alone_are_kept_apart(model, tmp_path):
    signed = replace(model, classes=("covid+", "covid-"), positive="covid+")
    folder = write_scans(tmp_path / "same", per_class=6, classes=("covid+", "covid-"))
    labels = foreign_results(signed, index_dataset(folder)).table["label"]
    assert labels.value_counts().to_dict() == {"covid+": 6, "covid-": 6}
    ambiguous = write_scans(tmp_path / "bare", per_class=6, classes=("covid",))
    with pytest.raises(DatasetError, match="found covid in"):
        foreign_results(signed, index_dataset(ambiguous))


def test_scans_that_cannot_be_read_are_left_out(model, tmp_path):
    folder = write_scans(tmp_path / "other", per_class=6)
    (folder / "covid" / "00.png").write_bytes(b"no image")
    assert foreign_results(model, index_dataset(folder)).evaluated(0.5).n == 11


def test_a_dataset_without_a_readable_scan_is_refused(model, tmp_path):
    folder = write_scans(tmp_path / "other", per_class=2)
    for path in folder.glob("*/*.png"):
        path.write_bytes(b"no image")
    with pytest.raises(DatasetError, match="found none that can be used; look at its problems"):
        foreign_results(model, index_dataset(folder))


def test_progress_is_told_to_the_end(model, tmp_path):
    seen = []
    dataset = index_dataset(write_scans(tmp_path / "other", per_class=6))
    foreign_results(model, dataset, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (12, 12)
