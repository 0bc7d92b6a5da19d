import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.transforms import v2

from core.training.batches import TrainingBatches, augmentation
from core.training.config import TrainingConfig

# Python from 3.12 on warns of any fork while threads are about; the workers here only read.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
STILL = {"rotation_degrees": 0.0, "zoom": 0.0, "shift": 0.0, "flip": False, "contrast": 0.0}
STRONG = {"rotation_degrees": 30.0, "zoom": 0.3, "shift": 0.2, "flip": True, "contrast": 0.3}


def scans(count: int) -> tuple[Tensor, Tensor]:
    """Noise whose first pixel and target are the scan's own number."""
    pixels = torch.randint(0, 256, (count, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    pixels[:, 0, 0] = torch.arange(count, dtype=torch.uint8)
    return pixels, torch.arange(count)


def batches(count: int = 20, *, workers: int = 0, batch_size: int = 4, **settings) -> TrainingBatches:
    config = TrainingConfig(batch_size=batch_size, **settings)
    return TrainingBatches(*scans(count), config=config, workers=workers)


def epoch(of: TrainingBatches, number: int) -> tuple[Tensor, Tensor]:
    parts = list(of.epoch(number))
    return torch.cat([pixels for pixels, _ in parts]), torch.cat([targets for _, targets in parts])


def test_an_epoch_is_the_same_whatever_the_number_of_workers():
    none, one, two = (batches(workers=workers, **STRONG) for workers in (0, 1, 2))
    for number in (1, 2):
        expected = epoch(none, number)
        for other in (one, two):
            for found, wanted in zip(epoch(other, number), expected, strict=True):
                assert torch.equal(found, wanted)


def test_an_epoch_does_not_depend_on_what_ran_before():
    used, fresh = batches(**STRONG), batches(**STRONG)
    for number in (1, 2, 3):
        epoch(used, number)
    torch.rand(17)
    assert torch.equal(epoch(used, 5)[0], epoch(fresh, 5)[0])


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_leave_the_chances_of_dropout_alone(workers):
    several = batches(workers=workers, **STRONG)
    torch.manual_seed(3)
    expected = torch.rand(4)
    for number in (1, 2):  # the first epoch starts the workers, the second finds them there
        torch.manual_seed(3)
        epoch(several, number)
        assert torch.equal(torch.rand(4), expected)


def test_epochs_differ_in_order_and_augmentation():
    several = batches(**STRONG)
    (first, first_order), (second, second_order) = epoch(several, 1), epoch(several, 2)
    assert not torch.equal(first_order, second_order)
    assert not torch.equal(first[first_order.argsort()], second[second_order.argsort()])


def test_seeds_differ():
    assert not torch.equal(epoch(batches(seed=0), 1)[1], epoch(batches(seed=1), 1)[1])


@given(count=st.integers(1, 40), batch_size=st.integers(2, 12), seed=st.integers(0, 2**31 - 1))
@settings(deadline=None)
def test_no_scan_is_seen_twice_and_only_a_last_short_batch_is_left_out(count, batch_size, seed):
    several = batches(count, batch_size=batch_size, seed=seed, **STILL)
    parts = [targets for _, targets in several.epoch(1)]
    seen = torch.cat(parts).tolist()
    assert len(set(seen)) == len(seen)
    assert len(several) == len(parts)
    if count > batch_size:
        assert [len(part) for part in parts] == [batch_size] * (count // batch_size)
    else:
        assert sorted(seen) == list(range(count))


def test_every_scan_has_its_turn_over_the_epochs_though_each_leaves_some_out():
    several = batches(10, batch_size=4)
    assert {int(t) for number in range(1, 30) for t in epoch(several, number)[1]} == set(range(10))


def test_without_augmentation_scans_come_through_untouched():
    pixels, targets = epoch(batches(**STILL), 1)
    assert torch.equal(pixels[:, 0], scans(20)[0][targets])
    assert isinstance(augmentation(TrainingConfig(**STILL)), v2.Identity)


@pytest.mark.parametrize("name", STRONG)
def test_each_augmentation_changes_scans_and_keeps_their_kind(name):
    pixels, targets = epoch(batches(**(STILL | {name: STRONG[name]})), 1)
    assert pixels.shape == (20, 1, 8, 8)
    assert pixels.dtype == torch.uint8
    assert not torch.equal(pixels[:, 0], scans(20)[0][targets])


def test_a_flip_is_left_to_right_and_happens_to_about_half():
    pixels, targets = epoch(batches(200, **(STILL | {"flip": True})), 1)
    before = scans(200)[0][targets].unsqueeze(1)
    flipped = (pixels == before.flip(-1)).flatten(1).all(1)
    kept = (pixels == before).flatten(1).all(1)
    assert bool((flipped ^ kept).all())
    assert 60 < int(flipped.sum()) < 140
