"""The nearest training scans: against a slow search, with what marks a leak and what is unusual."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import CLASSES, made_features, made_run, made_table
from PIL import Image

from core.errors import RequestError, RunDamagedError
from core.explanation.features import Features, directions_of, read_features
from core.explanation.look_alikes import TrainingScans, leak_words, shown_classes
from core.explanation.near_copies import NEARLY_SAME, SAME_FILE, SAME_PIXELS, copies_among


def _training(n=60, seed=0, **changes):
    table = made_table(n, seed=seed).assign(**changes)
    return TrainingScans(Features(table, made_features(table, seed=seed)), CLASSES)


def _slow(training, path, count):
    """One scan at a time, in float64."""
    table, values = training.features.table, training.features.values.astype(np.float64)
    own = values[table["path"].tolist().index(path)]
    found = {name: [] for name in CLASSES}
    for row, (other, label, split) in enumerate(zip(table["path"], table["label"], table["split"], strict=True)):
        if split == "train" and other != path:
            cosine = values[row] @ own / np.linalg.norm(values[row]) / np.linalg.norm(own)
            found[label].append((1 - cosine, other))
    return {name: sorted(some)[:count] for name, some in found.items()}


@given(st.integers(0, 200), st.integers(1, 6), st.integers(0, 59))
def test_the_search_finds_what_a_slow_one_finds(seed, count, row):
    training = _training(seed=seed)
    path = training.features.table["path"].iloc[row]
    found, expected = training.like(path, count=count), _slow(training, path, count)
    for name in CLASSES:
        assert [one.path for one in found.by_class[name]] == [other for _, other in expected[name]]
        distances = [one.distance for one in found.by_class[name]]
        assert distances == pytest.approx([distance for distance, _ in expected[name]], abs=1e-6)


@given(st.integers(0, 59))
def test_a_training_scan_is_none_of_its_own_look_alikes(row):
    training = _training()
    path = training.features.table["path"].iloc[row]
    assert all(one.path != path for some in training.like(path, count=99).by_class.values() for one in some)


def test_only_training_scans_are_found_and_the_positive_class_comes_first():
    training = _training()
    table = training.features.table.set_index("path")
    found = training.like(table.index[9], count=99)
    assert {table["split"][one.path] for some in found.by_class.values() for one in some} == {"train"}
    assert list(found.by_class) == list(CLASSES)
    assert shown_classes(("normal", "other", "covid"), "covid") == ("covid", "normal", "other")


def test_copies_are_at_no_distance_and_in_the_order_of_their_paths():
    table = made_table()
    values = np.tile(made_features(table)[:1], (len(table), 1))
    found = TrainingScans(Features(table, values), CLASSES).like(table["path"].iloc[-1])
    for some in found.by_class.values():
        assert [one.distance for one in some] == [0.0] * 4
        assert [one.path for one in some] == sorted(one.path for one in some)


def test_scans_without_features_are_as_far_as_what_has_nothing_in_common():
    table = made_table()
    values = made_features(table)
    values[0] = 0
    found = TrainingScans(Features(table, values), CLASSES).like(table["path"].iloc[0])
    assert {one.distance for some in found.by_class.values() for one in some} == {1.0}


def test_a_scan_of_the_same_group_is_a_leak_unless_the_scan_was_trained_on_itself():
    table = made_table()
    table.loc[table.index % 3 == 0, "split"] = "train"  # tears every group
    training = TrainingScans(Features(table, made_features(table)), CLASSES)
    outside = table.loc[table["split"] != "train", "path"].iloc[0]
    found = training.like(outside)
    nearest = found.by_class[table.set_index("path")["label"][outside]][0]
    assert nearest.same_group
    assert leak_words(found, nearest, "") == "leak: same group"
    assert leak_words(found, nearest, SAME_PIXELS) == f"leak: same group, {SAME_PIXELS}"
    inside = training.like(table["path"].iloc[0])
    assert all(leak_words(inside, one, SAME_PIXELS) == "" for some in inside.by_class.values() for one in some)


def test_a_scan_unlike_all_others_is_said_to_be():
    table = made_table()
    values = made_features(table)
    strange = table.index[table["split"] == "test"][0]
    values[strange] = -values[table["split"] == "train"].mean(axis=0) * 3
    training = TrainingScans(Features(table, values), CLASSES)
    found, usual = training.like(table["path"][strange]), training.like(table["path"][table["split"] == "val"].iloc[0])
    assert found.is_unlike
    assert found.beyond == 1
    assert not usual.is_unlike
    assert 0 <= usual.beyond < 1


def test_where_all_is_one_group_nothing_is_said_about_how_unusual_a_scan_is():
    found = _training(group="one").like("covid/000.png")
    assert np.isnan(found.distance)
    assert np.isnan(found.beyond)
    assert not found.is_unlike


def test_a_scan_from_elsewhere_finds_what_its_features_find():
    training = _training()
    path = training.features.table["path"].iloc[9]  # of validation
    direction = training.features.directions(np.array([9]))[0]
    one, two = training.like(path), training.like_direction(direction)
    assert [n.path for n in one.by_class["covid"]] == [n.path for n in two.by_class["covid"]]
    assert not any(n.same_group for some in two.by_class.values() for n in some)
    with pytest.raises(ValueError, match="shape"):
        training.like_direction(direction[:5])


def test_what_cannot_be_searched_is_said():
    training = _training()
    with pytest.raises(RequestError, match="expected a scan of the run"):
        training.like("nowhere.png")
    with pytest.raises(RequestError, match="expected training scans"):
        _training(split="val")


def test_a_class_without_training_scans_has_no_look_alikes():
    table = made_table()
    table = table[(table["label"] == "covid") | (table["split"] != "train")].reset_index(drop=True)
    found = TrainingScans(Features(table, made_features(table)), CLASSES).like(table["path"].iloc[0])
    assert found.by_class["normal"] == ()
    assert found.by_class["covid"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.ones((59, 4), np.float16), "expected features of 60 scans"),
        (np.ones(60, np.float16), "expected features of 60 scans"),
        (np.ones((60, 0), np.float16), "expected features of 60 scans"),
        (np.ones((60, 4), np.int32), "expected features of 60 scans"),
        (np.full((60, 4), np.nan, np.float16), "expected finite features"),
        (np.array([{"a": 1}] * 60, object), "it is damaged"),
    ],
)
def test_damaged_features_are_said_in_one_line(tmp_path, values, says):
    run = made_run(tmp_path, made_table())
    np.save(run.folder / "embeddings.npy", values)
    with pytest.raises(RunDamagedError, match=says):
        read_features(run)


def test_missing_features_and_unfinished_runs_are_said(tmp_path):
    run = made_run(tmp_path, made_table())
    with pytest.raises(RunDamagedError, match="it is missing"):
        read_features(run)
    with pytest.raises(RequestError, match="finished run"):
        read_features(run.updated(status="stopped"))


def test_directions_have_length_one_or_none():
    found = directions_of(np.array([[3, 4], [0, 0], [-2, 0]], np.float16))
    assert found.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0], [-1, 0]]


def _data(folder, **pictures):
    folder.mkdir()
    for name, picture in pictures.items():
        Image.fromarray(picture).save(folder / f"{name}.png")
    return folder


def test_copies_are_told_by_content_by_pixels_and_by_looks(tmp_path):
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(0, 255, (16, 16), dtype=np.uint8), np.ones((8, 8), np.uint8))
    other = np.kron(rng.integers(0, 255, (16, 16), dtype=np.uint8), np.ones((8, 8), np.uint8))
    brighter = (picture * 0.8 + 20).astype(np.uint8)
    data = _data(tmp_path / "data", scan=picture, brighter=brighter, other=other)
    run = made_run(tmp_path / "runs", made_table(), data=data)
    contents = {"scan.png": ("", "p1"), "same.png": ("", "p1"), "brighter.png": ("", "p2"), "other.png": ("", "p3")}
    found = copies_among(run, contents, "scan.png", ["same.png", "brighter.png", "other.png"])
    assert found.of == {"same.png": SAME_PIXELS, "brighter.png": NEARLY_SAME}
    assert found.unread == {}
    contents = {"scan.png": ("c", "p1"), "same.png": ("c", "p1")}
    assert copies_among(run, contents, "scan.png", ["same.png"]).of == {"same.png": SAME_FILE}
    elsewhere = copies_among(run, {}, str(data / "scan.png"), ["brighter.png"], file=data / "scan.png")
    assert elsewhere.of == {"brighter.png": NEARLY_SAME}


def test_scans_that_are_gone_or_lie_outside_are_not_compared_and_said(tmp_path):
    picture = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)
    data = _data(tmp_path / "data", scan=picture)
    Image.fromarray(picture).save(tmp_path / "outside.png")
    run = made_run(tmp_path / "runs", made_table(), data=data)
    found = copies_among(run, {}, "scan.png", ["gone.png", "../outside.png"])
    assert found.of == {}
    assert set(found.unread) == {"gone.png", "../outside.png"}
