"""Outputs are probabilities, whatever the network learnt with."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.models.outputs import class_scores

LOGITS = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(2, 5)), elements=st.floats(-15, 15))


@given(LOGITS)
def test_binary_scores_are_the_sigmoids_over_their_sum(logits):
    sigmoids = 1 / (1 + np.exp(-logits))
    found = class_scores(torch.from_numpy(logits), "binary").numpy()
    np.testing.assert_allclose(found, sigmoids / sigmoids.sum(1, keepdims=True), rtol=1e-4)


@given(LOGITS, st.sampled_from(["cross-entropy", "focal"]))
def test_other_scores_are_the_softmax(logits, loss):
    powers = np.exp(logits)
    found = class_scores(torch.from_numpy(logits), loss).numpy()
    np.testing.assert_allclose(found, powers / powers.sum(1, keepdims=True), rtol=1e-4)


@given(
    logits=st.lists(st.floats(-1e30, 1e30), min_size=2, max_size=6),
    loss=st.sampled_from(["cross-entropy", "binary", "focal"]),
)
def test_scores_lie_between_0_and_1_and_sum_to_1_however_large_the_logits(logits, loss):
    found = class_scores(torch.tensor([logits]), loss)
    assert found.dtype == torch.float32
    assert bool(((found >= 0) & (found <= 1)).all())
    assert float(found.sum()) == pytest.approx(1, abs=1e-5)
    assert float(found[0, int(torch.tensor(logits).argmax())]) == float(found.max())


def test_where_every_sigmoid_is_0_to_the_last_bit_the_likeliest_class_still_wins():
    logits = torch.tensor([[-200.0, -203.0]])
    assert logits.sigmoid().tolist() == [[0.0, 0.0]]
    expected = 1 / (1 + np.exp(-3.0))
    np.testing.assert_allclose(class_scores(logits, "binary"), [[expected, 1 - expected]], rtol=1e-5)


def test_half_precision_logits_are_taken_to_single_precision_first():
    logits = torch.tensor([[1.0, 2.0]], dtype=torch.bfloat16)
    assert torch.equal(class_scores(logits, "binary"), class_scores(logits.float(), "binary"))
