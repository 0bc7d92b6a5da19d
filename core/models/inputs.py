"""What a network is fed: grey squares to normalised tensors of its channels and size."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from core.errors import ConfigError


@dataclass(frozen=True)
class InputForm:
    """The form in which a network takes scans.

    Attributes:
        mean, std: of pixels in [0, 1], taken off and divided by.
        channels: 1, or 3 equal ones.
        feed_size: side that scans are resized to, px; 0 leaves them as they are.
    """

    mean: float
    std: float
    channels: int = 1
    feed_size: int = 0

    def of(self, pixels: Tensor, device: torch.device) -> Tensor:
        """Grey squares as the network takes them; `pixels` are left as they were.

        Args:
            pixels: bytes, or floats in [0, 1]; shape (n, h, w) or (n, 1, h, w).
            device: where the network is.

        Returns:
            float32 (n, channels, s, s), channels last in memory; s is the feed size, or that of the pixels.
        """
        white = 1.0 if pixels.is_floating_point() else 255.0
        grey = pixels if pixels.ndim == 4 else pixels.unsqueeze(1)
        scaled = grey.to(device, non_blocking=True).to(torch.float32)  # (n, 1, h, w)
        side = (self.feed_size, self.feed_size)
        if self.feed_size and scaled.shape[-2:] != side:
            scaled = functional.interpolate(scaled, size=side, mode="bilinear", antialias=True)
        scaled = scaled.sub(white * self.mean).div_(white * self.std)
        return scaled.expand(-1, self.channels, -1, -1).contiguous(memory_format=torch.channels_last)


def channel_count(channels: str) -> int:
    """Channels of a network by the word of a config: `auto` is 1, for RGB filters fold into it.

    Raises:
        ConfigError: another word.
    """
    counts = {"auto": 1, "1": 1, "3": 3}
    if channels not in counts:
        raise ConfigError(f"expected channels to be one of {', '.join(counts)}, found {channels!r}")
    return counts[channels]
