from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.data.images import read_scan, resize_scan
from core.models.build import build_network
from core.models.kinds import HEADS
from core.models.weights import load_run_model
from core.prediction import decided, predict_files, predict_pixels
from core.runs import read_predictions


@pytest.fixture(scope="module")
def model(trained):
    return load_run_model(trained.run)


def pixels(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32), dtype=np.uint8)


def test_probabilities_sum_to_one_and_features_are_what_the_head_looks_at(model):
    probabilities, features = predict_pixels(model, pixels(5))
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    assert (probabilities.dtype, features.dtype) == (np.float32, np.float16)
    classifier = model.network.get_classifier()
    logits = features.astype(np.float32) @ classifier.weight.numpy().T + classifier.bias.numpy()
    softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(softmax, probabilities, atol=5e-3)


def test_a_network_of_sigmoids_gives_probabilities_that_sum_to_one(model):
    sigmoids = replace(model, loss="binary")
    probabilities, features = predict_pixels(sigmoids, pixels(5))
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    plain, same_features = predict_pixels(model, pixels(5))
    np.testing.assert_array_equal(features, same_features)
    np.testing.assert_array_equal(probabilities.argmax(1), plain.argmax(1))
    assert not np.allclose(probabilities, plain)


def test_with_a_test_flip_scores_are_the_mean_of_scan_and_mirror_image_and_features_are_the_scans(model):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = replace(model, network=build_network("test_resnet", classes=2).eval())  # not yet sure of anything
    scans = pixels(70)
    flipping = replace(model, test_flip=True)
    found, features = predict_pixels(flipping, scans)
    itself, own_features = predict_pixels(model, scans)
    mirrored, _ = predict_pixels(model, scans[:, :, ::-1])
    np.testing.assert_allclose(found, (itself + mirrored) / 2, atol=1e-6)
    np.testing.assert_array_equal(features, own_features)
    assert not np.allclose(itself, mirrored)
    np.testing.assert_allclose(predict_pixels(flipping, scans[:, :, ::-1])[0], found, atol=1e-6)


@pytest.mark.parametrize("head", HEADS)
def test_every_head_gives_scores_and_one_feature_a_channel(model, head):
    network = build_network("test_resnet", classes=2, head=head, channels=3, image_size=64).eval()
    other = replace(model, network=network, input=replace(model.input, channels=3, feed_size=64))
    probabilities, features = predict_pixels(other, pixels(3))
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    assert features.shape == (3, 96)


def test_a_scan_gets_the_same_figures_alone_and_among_many(model):
    many = pixels(70)  # more than a batch
    together, _ = predict_pixels(model, many)
    for row in (0, 63, 64, 69):
        np.testing.assert_allclose(predict_pixels(model, many[row : row + 1])[0][0], together[row], atol=1e-6)


def test_the_lock_is_free_again_afterwards(model):
    predict_pixels(model, pixels(1))
    assert not model.lock.locked()


def test_a_prediction_now_is_the_one_the_run_wrote_down(trained, model):
    written = read_predictions(trained.run)
    paths = [trained.data / path for path in written["path"]]
    found = predict_files(model, paths, threshold=0.5)
    np.testing.assert_allclose(found["covid"], written["covid"], atol=1e-6)
    np.testing.assert_allclose(found["score"], written["covid"], atol=1e-6)


def test_files_that_cannot_be_read_hold_up_no_others(trained, model, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    good = next(trained.data.glob("covid/*.png"))
    (tmp_path / "torn.png").write_bytes(good.read_bytes()[:-200])
    paths = [tmp_path / "text.png", good, tmp_path / "torn.png", tmp_path / "gone.png"]
    table = predict_files(model, paths, threshold=0.5)
    assert list(table.columns) == ["scan", "score", "decision", "covid", "normal", "problem"]
    assert table["scan"].tolist() == [str(path) for path in paths]
    assert (table["problem"] == "").tolist() == [False, True, False, False]
    assert table["score"].isna().tolist() == [True, False, True, True]
    assert table["decision"].tolist()[0] == ""
    assert not table["problem"].str.contains("\n").any()


def test_a_file_is_read_turned_grey_and_resized_as_in_training(model, tmp_path):
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 256, (90, 60, 3), dtype=np.uint8)).save(tmp_path / "colour.png")
    row = predict_files(model, [tmp_path / "colour.png"], threshold=0.5).iloc[0]
    square = resize_scan(read_scan(tmp_path / "colour.png"), 32)
    assert row["score"] == pytest.approx(float(predict_pixels(model, square[None])[0][0, 0]))


@given(
    weights=st.lists(st.floats(0.01, 1), min_size=3, max_size=3),
    threshold=st.floats(0, 1),
    positive=st.sampled_from(["a", "b", "c"]),
)
def test_the_threshold_decides_on_the_positive_class_and_the_likeliest_on_the_others(
    model, weights, threshold, positive
):
    three = replace(model, classes=("a", "b", "c"), positive=positive)
    probabilities = np.array(weights, np.float32) / np.float32(sum(weights))
    row = decided(three, probabilities, threshold=threshold)
    by_class = pd.Series({name: row[name] for name in "abc"})
    assert row["score"] == by_class[positive]
    if row["score"] >= threshold:
        assert row["decision"] == positive
    else:
        assert row["decision"] != positive
        assert by_class[row["decision"]] == by_class.drop(positive).max()


@pytest.mark.parametrize(
    ("score", "zone", "decision"),
    [
        (0.125, "ruled out", "normal"),
        (0.25, "referred", "covid"),
        (0.5, "referred", "covid"),
        (0.75, "ruled in", "covid"),
    ],
)
def test_of_two_thresholds_a_scan_has_its_zone_and_is_positive_where_it_is_not_ruled_out(model, score, zone, decision):
    row = decided(model, np.array([score, 1 - score], np.float32), threshold=0.25, upper=0.75)
    assert (row["zone"], row["decision"]) == (zone, decision)
    assert "zone" not in decided(model, np.array([score, 1 - score], np.float32), threshold=0.25)


def test_a_table_of_two_thresholds_holds_both_and_every_zone(trained, model, tmp_path):
    paths = [next(trained.data.glob("covid/*.png")), tmp_path / "gone.png"]
    table = predict_files(model, paths, threshold=0.0, upper=0.0)
    assert list(table.columns) == [
        *("scan", "score", "decision", "zone", "threshold", "upper", "covid", "normal", "problem"),
    ]
    assert table["zone"].tolist() == ["ruled in", ""]
    assert table[["threshold", "upper"]].to_numpy().tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_score_at_the_threshold_is_positive(model):
    assert decided(model, np.array([0.25, 0.75], np.float32), threshold=0.25)["decision"] == "covid"
