"""What the browser gets of a run holds every score exactly, however it is packed."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.charts.thinning import POINTS_DRAWN
from core.evaluation.confusion import counts_at
from core.evaluation.scored import Scored
from pages.threshold.finger import component
from pages.threshold.finger.payload import content_key, packed, payload

WORDS = {"positive": "COVID", "others": "non-COVID"}


def sent(**splits: Scored) -> bytes:
    return payload("key", splits, words=WORDS, notes=dict.fromkeys(splits, "a note"))


def unpacked(content: bytes) -> tuple[dict, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """As held.js reads it."""
    length = int.from_bytes(content[:4], "little")
    header = json.loads(content[4 : 4 + length])
    kind = {4: "<f4", 8: "<f8"}[header["bytes_per_score"]]
    scores = np.frombuffer(content[4 + length :], kind).astype(np.float64)
    sizes = [split[side] for split in header["splits"] for side in ("positives", "others")]
    assert scores.size == sum(sizes)
    sides = iter(np.split(scores, np.cumsum(sizes)[:-1]))
    return header, {split["name"]: (next(sides), next(sides)) for split in header["splits"]}


@given(
    arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 1)),
    st.booleans(),
    st.floats(0, 1),
    st.randoms(use_true_random=False),
)
def test_counts_of_packed_scores_are_those_of_core(scores, as_stored, threshold, random):
    values = scores.astype(np.float32).astype(np.float64) if as_stored else scores
    scored = Scored.of(values, [random.random() < 0.4 for _ in values])
    bytes_per_score, content = packed({"val": scored})
    assert bytes_per_score == 4 or not as_stored
    unpacked_scores = np.frombuffer(content, {4: "<f4", 8: "<f8"}[bytes_per_score]).astype(np.float64)
    positives, others = np.split(unpacked_scores, [scored.positives])
    for at in (threshold, *values[:5]):
        counts = counts_at(scored, at)
        assert np.searchsorted(positives, at, side="left") == counts.fn
        assert np.searchsorted(others, at, side="left") == counts.tn


def test_both_splits_travel_with_their_words():
    val, test = Scored.of([0.2, 0.7, 0.9], [0, 1, 1]), Scored.of([0.1, 0.3], [1, 0])
    header, sides = unpacked(sent(val=val, test=test))
    assert [split["title"] for split in header["splits"]] == ["Validation", "Test"]
    assert header["words"] == WORDS
    np.testing.assert_allclose(sides["test"][0], [0.1])
    assert header["z"] == pytest.approx(1.959963984540054, abs=0)
    assert header["roc"]["threshold"][0] is None  # above every score


@pytest.mark.parametrize("labels", [[1, 1, 1], [0, 0, 0]])
def test_a_missing_class_is_said_by_the_roc_and_counted_all_the_same(labels):
    header, sides = unpacked(sent(val=Scored.of([0.5, 0.5, 0.5], labels)))
    assert header["roc"]["threshold"] == []
    assert "needs positive scans and others" in json.dumps(header["figures"]["roc"])
    assert sum(side.size for side in sides["val"]) == 3


def test_many_scans_take_four_bytes_each_and_charts_of_a_fixed_size():
    rng = np.random.default_rng(0)
    scores = rng.random(100_000).astype(np.float32)
    content = sent(val=Scored(scores, rng.random(100_000) < 0.3, np.arange(100_000).astype(str)))
    header, _ = unpacked(content)
    assert len(header["roc"]["fpr"]) <= POINTS_DRAWN
    assert len(content) < 4 * 100_000 + 600_000


def test_a_key_tells_scores_labels_and_words_apart():
    one = {"val": Scored.of([0.2, 0.7], [0, 1])}
    assert content_key(one, WORDS) == content_key({"val": Scored.of([0.2, 0.7], [0, 1])}, WORDS)
    others = (
        content_key({"val": Scored.of([0.2, 0.8], [0, 1])}, WORDS),
        content_key({"val": Scored.of([0.2, 0.7], [1, 0])}, WORDS),
        content_key(one | {"test": Scored.of([0.5], [1])}, WORDS),
        content_key(one, WORDS | {"positive": "flu"}),
    )
    assert len({content_key(one, WORDS), *others}) == 5


@pytest.mark.parametrize(
    "content",
    [
        None,
        7,
        {},
        {"threshold": "much", "upper": None, "turn": 1},
        {"threshold": 1.5, "upper": None, "turn": 1},
        {"threshold": float("nan"), "upper": None, "turn": 1},
        {"threshold": 0.5, "upper": 0.4, "turn": 1},
        {"threshold": 0.5, "upper": float("inf"), "turn": 1},
        {"threshold": 0.5, "upper": None, "turn": None},
    ],
)
def test_what_no_dials_could_say_is_not_taken(monkeypatch, content):
    monkeypatch.setattr(component.st, "session_state", {"dials": {"released": content}})
    assert component.released("dials") is None


def test_a_release_is_taken_to_the_last_bit(monkeypatch):
    said = {"threshold": 0.1 + 0.2, "upper": 1, "turn": 3}
    monkeypatch.setattr(component.st, "session_state", {"dials": {"released": said}})
    assert component.released("dials") == component.Released(0.1 + 0.2, 1.0, 3)
