"""A network for scans: any timm image classifier, with one grey input channel."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from core.data.windows import LUNG, Window
from core.errors import ConfigError

SCRATCH_MEAN, SCRATCH_STD = 0.5, 0.25


@dataclass(frozen=True)
class LoadedModel:
    """A trained network, ready for questions, and the lock that keeps them apart.

    pytorch-grad-cam hooks the network itself, so whoever asks it anything holds `lock` meanwhile.
    """

    network: nn.Module
    classes: tuple[str, ...]
    positive: str
    image_size: int
    mean: float
    std: float
    device: torch.device
    lock: threading.Lock
    window: Window = LUNG


def build_network(
    backbone: str, *, classes: int, dropout: float = 0.0, pretrained: bool = False, image_size: int | None = None
) -> nn.Module:
    """A timm classifier for grey scans, (n, 1, h, w) -> (n, classes).

    Networks that are made for one size of scan, such as vision transformers, are made for `image_size` (px) if given.

    timm folds pretrained RGB filters into one grey channel, which is what three equal channels would give.

    Raises:
        ConfigError: timm knows no such backbone, or it cannot take scans of that size.
    """
    import timm

    if not timm.is_model(backbone):
        near = timm.list_models(f"*{backbone.split('.')[0][:6]}*")[:3]
        hint = f"did you mean {', '.join(near)}?" if near else "see timm.list_models()"
        raise ConfigError(f"expected a timm image classifier as backbone, found {backbone!r}; {hint}")
    try:
        network = timm.create_model(backbone, pretrained=pretrained, num_classes=classes, in_chans=1, drop_rate=dropout)
    except TypeError as error:
        raise ConfigError(f"backbone {backbone!r} cannot be built with one grey channel: {error}") from error
    except RuntimeError as error:
        if "Invalid pretrained tag" not in str(error):
            raise
        raise ConfigError(
            f"expected weights that timm knows after the dot of {backbone!r}; leave them out, or see "
            f"timm.list_pretrained({backbone.split('.')[0]!r})"
        ) from error
    if image_size:
        _fit_to_size(network, backbone, image_size)
    return network


def input_statistics(network: nn.Module, *, pretrained: bool) -> tuple[float, float]:
    """Mean and standard deviation (of pixels in [0, 1]) that the weights expect, as one grey value each."""
    if not pretrained:
        return SCRATCH_MEAN, SCRATCH_STD
    settings: Any = getattr(network, "pretrained_cfg", {})
    mean, std = settings.get("mean", (SCRATCH_MEAN,)), settings.get("std", (SCRATCH_STD,))
    return sum(mean) / len(mean), sum(std) / len(std)


def to_input(pixels: torch.Tensor, *, mean: float, std: float, device: torch.device) -> torch.Tensor:
    """Grey bytes (n, h, w) or (n, 1, h, w) to what the network takes: float32 (n, 1, h, w), normalised."""
    if pixels.ndim == 3:
        pixels = pixels.unsqueeze(1)
    scaled = pixels.to(device, non_blocking=True).to(torch.float32)
    scaled = scaled.sub_(255.0 * mean).div_(255.0 * std)
    return scaled.contiguous(memory_format=torch.channels_last)


def placed(network: nn.Module, device: torch.device) -> nn.Module:
    """The network on a device, in the memory order its convolutions like best; changed in place."""
    return network.to(device).to(memory_format=torch.channels_last)


def frozen_modules(network: nn.Module, freeze: str) -> Sequence[nn.Module]:
    """The modules whose weights and batch statistics stay as they are.

    `backbone`: everything but the classifier (or classifiers: distilled transformers have two), with the
    network's own parameters, such as a transformer's position embedding. `early`: everything before the last two
    stages.
    """
    if freeze == "none":
        return ()
    if freeze == "backbone":
        heads = _classifier_names(network)
        frozen = [module for name, module in network.named_children() if name not in heads]
        return [*frozen, nn.ParameterList(network.parameters(recurse=False))]
    if freeze == "early":
        return _before_last_two_stages(network)
    raise ValueError(f"freeze {freeze!r}")


def _fit_to_size(network: nn.Module, backbone: str, image_size: int) -> None:
    was_training = network.training
    try:
        if hasattr(network, "set_input_size"):
            network.set_input_size(img_size=image_size)  # type: ignore[operator]
        with torch.inference_mode():
            network.eval()(torch.zeros(1, 1, image_size, image_size))
    except (AssertionError, RuntimeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConfigError(
            f"backbone {backbone!r} cannot take scans of {image_size} px ({reason}); choose another image_size, "
            "for instance 224"
        ) from error
    finally:
        network.train(was_training)


def _classifier_names(network: nn.Module) -> set[str]:
    """The network's children that classify; timm names one, several, or none."""
    named = getattr(network, "pretrained_cfg", {}).get("classifier") or ()
    return {str(name).split(".")[0] for name in ((named,) if isinstance(named, str) else named)}


def _before_last_two_stages(network: nn.Module) -> list[nn.Module]:
    stages = getattr(network, "feature_info", None)
    if not stages or len(stages) < 3:
        raise ConfigError("freeze 'early' needs a backbone with stages, this one has none; use 'none' or 'backbone'")
    names = [str(stage["module"]) for stage in list(stages)]
    first_free = names[-2]
    frozen: list[nn.Module] = []
    for name, module in network.named_modules():  # in the order of the forward pass
        if name == first_free:
            break
        if name and not first_free.startswith(f"{name}."):
            frozen.append(module)
    return frozen
