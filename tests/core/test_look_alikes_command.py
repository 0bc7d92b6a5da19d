"""`similar`: which training scans the network takes for like a scan."""

import json

import pytest
from PIL import Image
from tiny_trainings import call

from core.runs import read_predictions


def _outside(run):
    table = read_predictions(run)
    return table.loc[table["split"] == "test", "path"].iloc[0]


def test_it_tells_the_nearest_of_each_class_with_their_distances(trained, capsys):
    path = _outside(trained.run)
    facts = call(["similar", trained.run.folder, path, "--count", 3, "--json"], capsys).facts
    (one,) = facts["scans"]
    assert (one["scan"], one["split"]) == (path, "test")
    assert list(one["like"]) == ["covid", "normal"]
    splits = read_predictions(trained.run).set_index("path")["split"]
    for label, row in one["like"].items():
        assert len(row) == 3
        assert {neighbour["label"] for neighbour in row} == {label}
        assert {splits[neighbour["path"]] for neighbour in row} == {"train"}
        distances = [neighbour["distance"] for neighbour in row]
        assert distances == sorted(distances)
    assert facts["training_scans"] == int((splits == "train").sum())


def test_a_file_from_elsewhere_is_shown_to_the_network(trained, capsys, tmp_path):
    path = _outside(trained.run)
    copy = tmp_path / "copy.png"
    copy.write_bytes((trained.data / path).read_bytes())
    known, foreign = call(["similar", trained.run.folder, path, copy, "--json"], capsys).facts["scans"]
    assert foreign["split"] is None
    nearest = [[row[0]["path"] for row in one["like"].values()] for one in (known, foreign)]
    assert nearest[0] == nearest[1]
    assert foreign["nearest"] == pytest.approx(known["nearest"], abs=1e-3)


def test_a_copy_of_a_training_scan_is_a_leak(trained, capsys, tmp_path):
    table = read_predictions(trained.run)
    learnt = table.loc[table["split"] == "train", "path"].iloc[0]
    copy = tmp_path / "resaved.png"
    Image.open(trained.data / learnt).save(copy, compress_level=1)
    (one,) = call(["similar", trained.run.folder, copy, "--json"], capsys).facts["scans"]
    found = {row["path"]: row["leak"] for some in one["like"].values() for row in some}
    assert found[learnt] == "leak: nearly the same picture"
    printed = call(["similar", trained.run.folder, copy], capsys).stdout
    assert "leak: nearly the same picture" in printed


def test_what_cannot_be_answered_is_said_in_one_line(trained, capsys, own_run):
    assert call(["similar", trained.run.folder, "nowhere.png"], capsys).status == 2
    assert call(["similar", trained.run.folder, _outside(trained.run), "--count", 0], capsys).status == 2
    (own_run.folder / "embeddings.npy").unlink()
    failed = call(["similar", own_run.folder, _outside(trained.run)], capsys)
    assert failed.status == 1
    assert "embeddings.npy" in failed.stderr
    assert len(failed.stderr.strip().splitlines()) == 1


def test_json_holds_numbers_alone_also_where_nothing_can_be_measured(trained, capsys, own_run):
    """One group of all: there is no nearest scan of another group."""
    table = read_predictions(own_run).assign(group="one")
    table.to_parquet(own_run.folder / "predictions.parquet", index=False)
    stdout = call(["similar", own_run.folder, _outside(own_run), "--json"], capsys).stdout
    one = json.loads(stdout.strip().splitlines()[-1], parse_constant=pytest.fail)["scans"][0]
    assert (one["nearest"], one["farther_than"]) == (None, None)
