"""The t-SNE map: made once, in the background, kept with the run."""

import numpy as np
import pytest
from made_runs import made_features, made_run, made_table

from core.analyses import tsne
from core.analyses.working import carry_out
from core.errors import RequestError, RunDamagedError
from core.explanation.features import read_features
from core.explanation.projection import TSNE
from core.review.worklists.places import scan_places
from core.runs import read_predictions


def _run(runs, n=60):
    table = made_table(n)
    run = made_run(runs, table, made_features(table))
    (run.folder / "best.safetensors").write_bytes(b"weights")
    return run


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    run = _run(tmp_path_factory.mktemp("runs"))
    told = []
    carry_out(run, "tsne", told=lambda done, of: told.append((done, of)))
    return run, told


def test_every_scan_gets_a_place_and_progress_is_told(mapped):
    run, told = mapped
    found = tsne.read_tsne(run, read_predictions(run)["path"])
    assert found.points.shape == (60, 2)
    assert found.points.dtype == np.float32
    assert np.abs(found.points).max() == 1
    assert told[-1] == (1000, 1000)


def test_the_same_run_gets_the_same_map(mapped, tmp_path):
    run, _ = mapped
    again = _run(tmp_path)
    carry_out(again, "tsne")
    paths = read_predictions(run)["path"]
    assert tsne.read_tsne(again, paths).points == pytest.approx(tsne.read_tsne(run, paths).points)


def test_neighbours_in_the_features_are_neighbours_on_the_map(mapped):
    run, _ = mapped
    table = read_predictions(run)
    points = tsne.read_tsne(run, table["path"]).points
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    labels = table["label"].to_numpy()
    assert (labels[apart.argmin(axis=1)] == labels).mean() > 0.9


def test_it_is_there_only_once_it_was_made_and_while_the_predictions_are_the_same(tmp_path):
    run = _run(tmp_path)
    paths = read_predictions(run)["path"]
    assert tsne.read_tsne(run, paths) is None
    assert scan_places(run, TSNE) is None
    carry_out(run, "tsne")
    assert scan_places(run, TSNE) is not None
    (run.folder / "best.safetensors").write_bytes(b"others")
    assert tsne.read_tsne(run, paths) is None


def test_paths_that_are_not_on_the_map_have_no_place(mapped):
    run, _ = mapped
    paths = read_predictions(run)["path"].iloc[:3].replace({read_predictions(run)["path"][1]: "gone.png"})
    found = tsne.read_tsne(run, paths).points
    assert np.isnan(found).all(axis=1).tolist() == [False, True, False]


def test_asked_to_stop_it_ends_in_the_middle(tmp_path):
    def stop(done, of):
        if done >= 100:
            raise InterruptedError(done)

    with pytest.raises(InterruptedError):
        tsne.work(_run(tmp_path), tmp_path, {}, stop)
    assert not (tmp_path / "tsne.parquet").exists()


def test_few_scans_options_and_damage_are_said(tmp_path):
    with pytest.raises(RequestError, match="at least 5 scans"):
        tsne.work(_run(tmp_path / "few", 4), tmp_path, {}, lambda done, of: None)
    with pytest.raises(RequestError, match="no options"):
        tsne.work(_run(tmp_path / "asked"), tmp_path, {"perplexity": "5"}, lambda done, of: None)
    run = _run(tmp_path / "damaged")
    folder = carry_out(run, "tsne").folder
    (folder / "tsne.parquet").write_bytes(b"nonsense")
    with pytest.raises(RunDamagedError, match=r"tsne\.parquet"):
        tsne.read_tsne(run, read_predictions(run)["path"])


@pytest.mark.parametrize("values", [np.ones((6, 8)), np.zeros((6, 8))])
def test_scans_all_alike_lie_on_one_point(tmp_path, values):
    run = made_run(tmp_path / "runs", made_table(6), values)
    tsne.work(run, tmp_path, {}, lambda done, of: None)
    assert tsne.pd.read_parquet(tmp_path / "tsne.parquet")[["x", "y"]].to_numpy().tolist() == [[0, 0]] * 6


def test_a_sample_has_of_each_split_and_class_its_share():
    table = made_table(3000)
    rows = tsne.sampled_rows(table, 600)
    assert len(rows) == len(np.unique(rows)) == 600
    assert (np.diff(rows) > 0).all()
    shares = table.groupby(["split", "label"]).size() / 5
    assert (table.iloc[rows].groupby(["split", "label"]).size() - shares).abs().max() <= 1
    assert tsne.sampled_rows(table, 3000).tolist() == list(range(3000))


def test_principal_components_come_at_once_for_whichever_scans(tmp_path):
    run = _run(tmp_path)
    paths = read_predictions(run)["path"]
    whole, some = scan_places(run, "pca"), scan_places(run, "pca", paths.iloc[[5, 2]])
    assert some.points.tolist() == whole.points[[5, 2]].tolist()
    assert len(read_features(run)) == 60
    with pytest.raises(RequestError, match="expected a map among"):
        scan_places(run, "umap")
