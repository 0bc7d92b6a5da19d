import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from core.training.config import LOSSES, TrainingConfig
from core.training.objective import ClassLoss, class_weights


def batch(count: int, classes: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, classes, generator=generator) * 3, torch.randint(classes, (count,), generator=generator)


def mean_loss(logits: Tensor, targets: Tensor, weights: Tensor | None = None, **settings) -> float:
    objective = ClassLoss(TrainingConfig(**settings), torch.ones(logits.shape[1]) if weights is None else weights)
    return float(objective(logits, targets) / objective.weight(targets))


@given(
    count=st.integers(1, 12),
    classes=st.integers(2, 5),
    seed=st.integers(0, 999),
    smoothing=st.sampled_from([0.0, 0.1, 0.5]),
    weighted=st.booleans(),
)
def test_cross_entropy_is_that_of_torch(count, classes, seed, smoothing, weighted):
    logits, numbers = batch(count, classes, seed)
    weights = torch.linspace(0.5, 2, classes) if weighted else torch.ones(classes)
    found = mean_loss(logits, functional.one_hot(numbers, classes).float(), weights, label_smoothing=smoothing)
    expected = functional.cross_entropy(logits, numbers, weight=weights, label_smoothing=smoothing)
    assert found == pytest.approx(float(expected), rel=1e-4)


def test_soft_targets_are_those_of_torch():
    logits, numbers = batch(6, 3, 0)
    soft = 0.7 * functional.one_hot(numbers, 3) + 0.3 * functional.one_hot(numbers.flip(0), 3)
    assert mean_loss(logits, soft) == pytest.approx(float(functional.cross_entropy(logits, soft)), rel=1e-5)


def test_binary_loss_is_the_mean_over_one_sigmoid_a_class():
    logits, numbers = batch(6, 3, 1)
    wanted = functional.one_hot(numbers, 3).float()
    slow = 0.0
    for row, truth in zip(logits.tolist(), wanted.tolist(), strict=True):
        for value, true in zip(row, truth, strict=True):
            p = 1 / (1 + math.exp(-value))
            slow -= math.log(p) if true else math.log(1 - p)
    assert mean_loss(logits, wanted, loss="binary") == pytest.approx(slow / 18, rel=1e-5)


def test_focal_loss_is_the_formula_of_its_paper():
    logits, numbers = batch(6, 3, 2)
    slow = 0.0
    for row, number in zip(logits.softmax(1).tolist(), numbers.tolist(), strict=True):
        slow -= (1 - row[number]) ** 2.5 * math.log(row[number])
    found = mean_loss(logits, functional.one_hot(numbers, 3).float(), loss="focal", focal_gamma=2.5)
    assert found == pytest.approx(slow / 6, rel=1e-5)


def test_focal_loss_without_gamma_is_cross_entropy():
    logits, numbers = batch(6, 3, 3)
    wanted = functional.one_hot(numbers, 3).float()
    assert mean_loss(logits, wanted, loss="focal", focal_gamma=0.0) == pytest.approx(mean_loss(logits, wanted))


@pytest.mark.parametrize("loss", LOSSES)
@given(parts=st.lists(st.integers(1, 5), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_a_batch_in_parts_has_the_loss_and_the_gradient_of_the_whole(loss, parts, seed):
    logits, numbers = batch(sum(parts), 3, seed)
    wanted = functional.one_hot(numbers, 3).float()
    objective = ClassLoss(TrainingConfig(loss=loss, label_smoothing=0.1), torch.tensor([0.5, 1.0, 3.0]))
    whole, split = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    (objective(whole, wanted) / objective.weight(wanted)).backward()
    for some, targets in zip(split.split(parts), wanted.split(parts), strict=True):
        (objective(some, targets) / objective.weight(wanted)).backward()
    torch.testing.assert_close(split.grad, whole.grad)


def test_rare_classes_count_more_if_so_set():
    targets = torch.tensor([0, 0, 0, 1])
    assert class_weights(targets, 2, TrainingConfig()).tolist() == [1, 1]
    torch.testing.assert_close(
        class_weights(targets, 2, TrainingConfig(class_weights=True)), torch.tensor([4 / 6, 4 / 2])
    )
    assert class_weights(targets, 3, TrainingConfig(class_weights=True)).isfinite().all()
