"""What a network is fed is the grey square, normalised, in the network's channels and size."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.models.inputs import InputForm, channel_count

CPU = torch.device("cpu")


@given(
    value=st.integers(0, 255),
    mean=st.floats(0, 1),
    std=st.floats(0.05, 1),
    stacked=st.booleans(),
    as_floats=st.booleans(),
    channels=st.sampled_from([1, 3]),
)
def test_grey_is_scaled_to_one_then_normalised(value, mean, std, stacked, as_floats, channels):
    pixels = torch.full((2, 1, 3, 4) if stacked else (2, 3, 4), value, dtype=torch.uint8)
    found = InputForm(mean, std, channels=channels).of(pixels / 255 if as_floats else pixels, CPU)
    assert found.shape == (2, channels, 3, 4)
    assert found.dtype == torch.float32
    assert found.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(found.numpy(), (value / 255 - mean) / std, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [torch.uint8, torch.float32, torch.float64])
@pytest.mark.parametrize("form", [InputForm(0.5, 0.25), InputForm(0.5, 0.25, channels=3, feed_size=2)])
def test_normalising_leaves_the_pixels_alone(kind, form):
    pixels = torch.ones(1, 3, 3, dtype=kind)
    form.of(pixels, CPU)
    assert pixels.dtype == kind
    assert pixels.unique().tolist() == [1]


@pytest.mark.parametrize("feed_size", [0, 16])
def test_a_feed_size_of_zero_or_that_of_the_scan_changes_no_pixel(feed_size):
    pixels = torch.randint(0, 256, (2, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = InputForm(0.0, 1.0, feed_size=feed_size).of(pixels, CPU)
    assert torch.equal(found[:, 0], pixels / 255)


def test_a_smaller_feed_size_averages_what_it_leaves_out():
    """A board of single black and white pixels turns grey; without antialiasing it would stay black and white."""
    board = torch.tensor(np.indices((32, 32)).sum(0) % 2 * 255, dtype=torch.uint8)
    found = InputForm(0.0, 1.0, channels=3, feed_size=8).of(board[None], CPU)
    assert found.shape == (1, 3, 8, 8)
    assert float((found[..., 1:-1, 1:-1] - 0.5).abs().max()) < 0.01
    assert torch.equal(found[:, 0], found[:, 2])


def test_a_smooth_scan_is_resized_as_opencv_would():
    ramp = np.add.outer(np.arange(64), 2 * np.arange(64)).astype(np.uint8)
    found = InputForm(0.0, 1.0, feed_size=128).of(torch.from_numpy(ramp)[None], CPU)[0, 0].numpy()
    expected = cv2.resize(ramp.astype(np.float32) / 255, (128, 128), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_auto_is_one_channel():
    assert [channel_count(word) for word in ("auto", "1", "3")] == [1, 1, 3]
    with pytest.raises(ConfigError, match=r"^expected channels to be one of auto, 1, 3, found '2'$"):
        channel_count("2")
