import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from core.training.augmentation import augmented, mixed
from core.training.config import TrainingConfig

STILL = {"rotation_degrees": 0.0, "zoom": 0.0, "shift": 0.0, "flip": False}
STRONG = {
    **{"rotation_degrees": 30.0, "zoom": 0.3, "stretch": 0.3, "shift": 0.2, "flip": True},
    **{"contrast": 0.3, "gamma": 0.5, "noise": 0.2, "erase": 0.9},
}


def noise(count: int = 6, side: int = 24, seed: int = 0) -> Tensor:
    return torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(seed))


def changed(scans: Tensor, seed: int = 0, **settings) -> Tensor:
    torch.manual_seed(seed)
    return augmented(scans, TrainingConfig(**(STILL | settings)))


def test_without_augmentation_scans_come_through_untouched():
    assert torch.equal(changed(noise()), noise())


@pytest.mark.parametrize("name", STRONG)
def test_each_augmentation_changes_scans_and_the_scans_differ(name):
    same = noise(1).expand(8, -1, -1, -1)
    found = changed(same, **{name: STRONG[name]})
    assert not torch.allclose(found, same, atol=1e-3)
    assert len({tuple(np.round(scan.flatten().tolist(), 3)) for scan in found}) > 1


@given(seed=st.integers(0, 10_000), height=st.integers(8, 40), width=st.integers(8, 40))
def test_augmented_scans_stay_grey_values_of_the_same_shape(seed, height, width):
    scans = torch.rand(5, 1, height, width, generator=torch.Generator().manual_seed(seed))
    found = changed(scans, seed, **STRONG)
    assert found.shape == scans.shape
    assert 0 <= float(found.min()) <= float(found.max()) <= 1


def test_the_same_random_state_gives_the_same_scans():
    assert torch.equal(changed(noise(), 3, **STRONG), changed(noise(), 3, **STRONG))
    assert not torch.equal(changed(noise(), 3, **STRONG), changed(noise(), 4, **STRONG))


def test_a_flip_is_left_to_right_and_happens_to_about_half():
    before = noise(200, 12)
    after = changed(before, flip=True)
    flipped = torch.isclose(after, before.flip(-1), atol=1e-4).flatten(1).all(1)
    kept = torch.isclose(after, before, atol=1e-4).flatten(1).all(1)
    assert bool((flipped ^ kept).all())
    assert 60 < int(flipped.sum()) < 140


def test_rotation_keeps_the_middle_and_turns_the_rest_by_at_most_the_angle():
    side = 65
    scans = torch.zeros(40, 1, side, side)
    scans[:, :, 30:35, 30:35] = 1.0  # the middle
    scans[:, :, 30:35, 50:55] = 1.0  # 20 px to the right of it
    for scan in changed(scans, rotation_degrees=20.0)[:, 0]:
        assert float(scan[32, 32]) > 0.9
        rest = scan.clone()
        rest[24:41, 24:41] = 0
        rows, columns = torch.meshgrid(torch.arange(side) - 32.0, torch.arange(side) - 32.0, indexing="ij")
        row, column = float((rest * rows).sum() / rest.sum()), float((rest * columns).sum() / rest.sum())
        assert math.hypot(row, column) == pytest.approx(20, abs=0.5)
        assert abs(math.degrees(math.atan2(row, column))) <= 20.5


def test_zoom_is_that_of_pillow():
    """A slow referee: what Pillow's affine resampling gives for the factors that were drawn."""
    pixels = np.kron(np.random.default_rng(0).integers(0, 255, (6, 6)), np.ones((8, 8))).astype(np.uint8)
    scan = torch.from_numpy(pixels).float().div(255).view(1, 1, 48, 48)
    torch.manual_seed(5)
    factor = 1 + 0.3 * (2 * float(torch.rand(1, 14)[0, 1]) - 1)
    found = changed(scan, 5, zoom=0.3)[0, 0].numpy() * 255
    offset = 24 - 24 / factor
    expected = Image.fromarray(pixels).transform(
        (48, 48), Image.Transform.AFFINE, (1 / factor, 0, offset, 0, 1 / factor, offset), Image.Resampling.BILINEAR
    )
    inner = (slice(8, -8), slice(8, -8))  # at the border Pillow rounds otherwise
    assert np.abs(found[inner] - np.asarray(expected, float)[inner]).mean() < 1.5


def test_gamma_leaves_black_black_and_white_white():
    scans = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).expand(50, 1, 2, 2)
    assert torch.equal(augmented(scans, TrainingConfig(**(STILL | {"gamma": 2.0}))), scans)


def test_an_erased_rectangle_is_the_mean_grey_and_of_a_bounded_share():
    scans = noise(200, 40)
    found = changed(scans, erase=0.5)
    erased = (found != scans).flatten(1)
    shares = erased.float().mean(1)
    assert 60 < int((shares > 0).sum()) < 140
    assert float(shares.max()) <= 0.3
    for scan, before, share in zip(found[:, 0], scans[:, 0], shares, strict=True):
        if share > 0:
            rows, columns = torch.nonzero(scan != before, as_tuple=True)
            inside = scan[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
            torch.testing.assert_close(inside, before.mean().expand_as(inside))


@pytest.mark.parametrize("way", ["mixup", "cutmix"])
def test_mixing_keeps_what_all_scans_and_targets_sum_to(way):
    scans, targets = noise(8), torch.eye(2)[torch.tensor([0, 1] * 4)]
    torch.manual_seed(0)
    mixed_scans, mixed_targets = mixed(scans, targets, TrainingConfig(**{way: 1.0}))
    assert not torch.equal(mixed_scans, scans)
    torch.testing.assert_close(mixed_targets.sum(1), torch.ones(8))
    torch.testing.assert_close(mixed_scans.sum(0), scans.sum(0))
    torch.testing.assert_close(mixed_targets.sum(0), targets.sum(0))


def test_without_mixing_nothing_is_mixed():
    scans, targets = noise(4), torch.eye(2)[torch.tensor([0, 1, 0, 1])]
    found, shares = mixed(scans, targets, TrainingConfig())
    assert found is scans
    assert shares is targets
