"""A network for scans: any timm image classifier, for grey squares, with a head."""

import threading
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from core.data.windows import LUNG, Window
from core.errors import ConfigError
from core.models.heads import attach_head
from core.models.inputs import InputForm
from core.models.kinds import HEADS

SCRATCH_MEAN, SCRATCH_STD = 0.5, 0.25
_USUAL_SIDE = 224


@dataclass(frozen=True)
class LoadedModel:
    """A trained network, ready for questions, and the lock that keeps them apart.

    pytorch-grad-cam hooks the network itself, so whoever asks it anything holds `lock` meanwhile.

    Attributes:
        image_size: side of the squares that scans are decoded to, px; `input` may resize them further.
        input: how these squares become what the network takes.
        loss: what the network learnt with, which says what its outputs mean.
        test_flip: whether a scan's scores are the mean of those of the scan and of its mirror image.
    """

    network: nn.Module
    classes: tuple[str, ...]
    positive: str
    image_size: int
    input: InputForm
    device: torch.device
    lock: threading.Lock
    window: Window = LUNG
    loss: str = "cross-entropy"
    test_flip: bool = False


def build_network(
    backbone: str,
    *,
    classes: int,
    head: str = "linear",
    channels: int = 1,
    dropout: float = 0.0,
    drop_path: float = 0.0,
    pretrained: bool = False,
    image_size: int | None = None,
) -> nn.Module:
    """A timm classifier for scans, (n, channels, s, s) -> (n, classes), with a head of `heads.HEADS`.

    timm folds pretrained RGB filters into one grey channel, which is what three equal channels would give.

    Args:
        backbone: a timm name.
        classes: number of outputs.
        head: `linear` is timm's own; see `attach_head` for the others.
        channels: 1, or 3 equal ones.
        dropout: share of what the last layer takes that is dropped in training, in [0, 1).
        drop_path: share of residual branches dropped in training at the last one, rising from 0 at the first.
        pretrained: with the hub's weights.
        image_size: side s of what the network is fed, px. Networks made for one size, such as vision transformers,
            are made for this one, and so is the `flatten` head.

    Raises:
        ConfigError: timm knows no such backbone, or it cannot be had with this head, these settings or this size.
    """
    if head not in HEADS:
        raise ConfigError(f"expected a head among {', '.join(HEADS)}, found {head!r}")
    if head == "flatten" and not image_size:
        raise ConfigError("head 'flatten' needs to know the side of the scans, found none; give image_size")
    network = _timm_network(
        backbone,
        drop_path=drop_path,
        pretrained=pretrained,
        num_classes=classes,
        in_chans=channels,
        drop_rate=dropout if head == "linear" else 0.0,
    )
    was_training = network.training
    scans = torch.zeros(1, channels, image_size or _usual_side(network), image_size or _usual_side(network))
    network.eval()
    if image_size:
        _fit_to_size(network, backbone, scans)
    if head != "linear":
        attach_head(network, head, classes=classes, dropout=dropout, scans=scans)
    return network.train(was_training)


def input_statistics(network: nn.Module, *, pretrained: bool) -> tuple[float, float]:
    """Mean and standard deviation (of pixels in [0, 1]) that the weights expect, as one grey value each."""
    if not pretrained:
        return SCRATCH_MEAN, SCRATCH_STD
    settings: Any = getattr(network, "pretrained_cfg", {})
    mean, std = settings.get("mean", (SCRATCH_MEAN,)), settings.get("std", (SCRATCH_STD,))
    return sum(mean) / len(mean), sum(std) / len(std)


def placed(network: nn.Module, device: torch.device) -> nn.Module:
    """The network on a device, in the memory order its convolutions like best; changed in place."""
    return network.to(device).to(memory_format=torch.channels_last)


def _timm_network(backbone: str, *, drop_path: float, **settings: Any) -> nn.Module:
    import timm

    if not timm.is_model(backbone):
        near = timm.list_models(f"*{backbone.split('.')[0][:6]}*")[:3]
        hint = f"did you mean {', '.join(near)}?" if near else "see timm.list_models()"
        raise ConfigError(f"expected a timm image classifier as backbone, found {backbone!r}; {hint}")
    if drop_path:  # said only where it is wanted, for many networks do not know it
        settings["drop_path_rate"] = drop_path
    try:
        return timm.create_model(backbone, **settings)
    except TypeError as error:
        if "drop_path_rate" in str(error):
            raise ConfigError(
                f"backbone {backbone!r} has no residual branches that can be dropped; set drop_path=0"
            ) from error
        raise ConfigError(f"backbone {backbone!r} cannot be built for grey scans: {error}") from error
    except RuntimeError as error:
        if "Invalid pretrained tag" not in str(error):
            raise
        raise ConfigError(
            f"expected weights that timm knows after the dot of {backbone!r}; leave them out, or see "
            f"timm.list_pretrained({backbone.split('.')[0]!r})"
        ) from error


def _usual_side(network: nn.Module) -> int:
    settings: Any = getattr(network, "pretrained_cfg", {})
    return int(settings.get("input_size", (_USUAL_SIDE,))[-1])


def _fit_to_size(network: nn.Module, backbone: str, scans: torch.Tensor) -> None:
    side = scans.shape[-1]
    try:
        if hasattr(network, "set_input_size"):
            network.set_input_size(img_size=side)  # type: ignore[operator]
        with torch.inference_mode():
            network(scans)
    except (AssertionError, RuntimeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConfigError(
            f"backbone {backbone!r} cannot take scans of {side} px ({reason}); choose another image_size, "
            "for instance 224"
        ) from error
