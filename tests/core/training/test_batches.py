import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core.models.inputs import InputForm
from core.training.batches import ScanLessons, ScanSplit
from core.training.config import TrainingConfig

CPU = torch.device("cpu")
STILL = {"rotation_degrees": 0.0, "zoom": 0.0, "shift": 0.0, "flip": False}
STRONG = {"rotation_degrees": 30.0, "zoom": 0.3, "shift": 0.2, "flip": True, "noise": 0.2, "erase": 0.5, "mixup": 0.4}


def scans(count: int) -> ScanSplit:
    """Noise whose first pixel and target are the scan's own number."""
    pixels = torch.randint(0, 256, (count, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    pixels[:, 0, 0] = torch.arange(count, dtype=torch.uint8)
    return ScanSplit(pixels, torch.arange(count))


def lessons(count: int = 20, *, batch_size: int = 4, **settings) -> ScanLessons:
    config = TrainingConfig(batch_size=batch_size, **settings)
    return ScanLessons(scans(count), scans(5), classes=count, form=InputForm(0.5, 0.25), config=config, device=CPU)


def epoch(of: ScanLessons, number: int) -> tuple[Tensor, Tensor]:
    parts = list(of.pictures(number))
    return torch.cat([pictures for pictures, _ in parts]), torch.cat([targets for _, targets in parts])


def test_an_epoch_does_not_depend_on_what_ran_before():
    used, fresh = lessons(**STRONG), lessons(**STRONG)
    for number in (1, 2, 3):
        epoch(used, number)
    torch.rand(17)
    for found, expected in zip(epoch(used, 5), epoch(fresh, 5), strict=True):
        assert torch.equal(found, expected)


def test_an_epoch_that_was_left_in_the_middle_can_be_taken_again():
    several = lessons(**STRONG)
    expected = epoch(lessons(**STRONG), 2)[0]
    broken_off = several.pictures(2)
    next(broken_off)
    broken_off.close()
    assert torch.equal(epoch(several, 2)[0], expected)


def test_batches_leave_the_chances_of_dropout_alone():
    several = lessons(**STRONG)
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    epoch(several, 1)
    assert torch.equal(torch.rand(4), expected)


def test_epochs_differ_in_order_and_augmentation():
    several = lessons(rotation_degrees=20.0)
    (first, first_targets), (second, second_targets) = epoch(several, 1), epoch(several, 2)
    first_order, second_order = first_targets.argmax(1), second_targets.argmax(1)
    assert not torch.equal(first_order, second_order)
    assert not torch.equal(first[first_order.argsort()], second[second_order.argsort()])


def test_seeds_differ():
    assert not torch.equal(epoch(lessons(seed=0), 1)[1], epoch(lessons(seed=1), 1)[1])


@given(count=st.integers(1, 40), batch_size=st.integers(2, 12), seed=st.integers(0, 2**31 - 1))
def test_no_scan_is_seen_twice_and_only_a_last_short_batch_is_left_out(count, batch_size, seed):
    several = lessons(count, batch_size=batch_size, seed=seed, **STILL)
    parts = [targets.argmax(1) for _, targets in several.pictures(1)]
    seen = torch.cat(parts).tolist()
    assert len(set(seen)) == len(seen)
    assert len(several) == len(parts)
    if count > batch_size:
        assert [len(part) for part in parts] == [batch_size] * (count // batch_size)
    else:
        assert sorted(seen) == list(range(count))


def test_every_scan_has_its_turn_over_the_epochs_though_each_leaves_some_out():
    several = lessons(10, batch_size=4)
    seen = {int(t) for number in range(1, 30) for t in epoch(several, number)[1].argmax(1)}
    assert seen == set(range(10))


def test_without_augmentation_the_network_is_fed_the_scans_themselves():
    several = lessons(**STILL)
    inputs = torch.cat([inputs for inputs, _ in several.epoch(1)])
    order = torch.cat([targets for _, targets in several.epoch(1)]).argmax(1)
    expected = (scans(20).pixels[order].float() / 255 - 0.5) / 0.25
    torch.testing.assert_close(inputs[:, 0], expected)


@pytest.mark.parametrize("flip", [False, True])
def test_validation_scans_come_plain_in_order_and_mirrored_if_so_set(flip):
    several = lessons(test_flip=flip, **STRONG)
    views = list(several.val_views(2))
    plain = torch.cat([view[0] for view in views])[:, 0]
    torch.testing.assert_close(plain, (scans(5).pixels.float() / 255 - 0.5) / 0.25)
    assert all(len(view) == 1 + flip for view in views)
    if flip:
        torch.testing.assert_close(torch.cat([view[1] for view in views])[:, 0], plain.flip(2))
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3))
    assert torch.cat(list(several.val_logits(network, 2))).shape == (5, 1 + flip, 3)


def test_copies_of_the_training_scans_are_all_of_them_in_order_plain_or_augmented():
    several = lessons(10, rotation_degrees=20.0)
    plain, first, again, second = (torch.cat(list(several.train_inputs(copy, 4))) for copy in (0, 1, 1, 2))
    torch.testing.assert_close(plain[:, 0], (scans(10).pixels.float() / 255 - 0.5) / 0.25)
    assert torch.equal(first, again)
    assert not torch.equal(first, plain)
    assert not torch.equal(first, second)
