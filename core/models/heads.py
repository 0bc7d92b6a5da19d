"""Heads: what stands on a network's features and gives a logit a class.

A head takes the place of timm's own classifier, so the network keeps its names, `forward_features` and
`forward_head`; `forward_head(maps, pre_logits=True)` gives what the head takes.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from core.errors import ConfigError

DENSE_WIDTH = 1024


def classifier_names(network: nn.Module) -> tuple[str, ...]:
    """The dotted names of the modules that classify: usually one; distilled transformers have two."""
    named = getattr(network, "pretrained_cfg", {}).get("classifier") or ()
    return (named,) if isinstance(named, str) else tuple(str(name) for name in named)


def attach_head(network: nn.Module, head: str, *, classes: int, dropout: float, scans: Tensor) -> None:
    """Put a head in the place of the network's classifier.

    Args:
        network: a timm classifier in evaluation mode; changed in place.
        head: `dense1024` (pooled features, dense 1024, ReLU, dropout, linear) or `flatten` (the last maps flattened,
            dropout, linear).
        classes: number of outputs.
        dropout: share of what the last layer takes that is dropped in training, in [0, 1).
        scans: some of the shape the network will see, (n, channels, s, s): they tell how much the head takes.

    Raises:
        ConfigError: the network has not one classifier that could be replaced.
    """
    try:
        (name,) = classifier_names(network)
        network.reset_classifier(0, *([""] if head == "flatten" else []))  # type: ignore[operator]
        with torch.no_grad():
            width = head_inputs(network, scans).flatten(1).shape[1]
            network.set_submodule(name, _built(head, width, classes, dropout), strict=True)
            network(scans)
    except (AssertionError, AttributeError, RuntimeError, TypeError, ValueError) as error:
        raise ConfigError(f"head {head!r} cannot stand on this backbone; use head 'linear'") from error
    network.num_classes = classes  # type: ignore[assignment]


def head_inputs(network: nn.Module, scans: Tensor) -> Tensor:
    """What the head takes of scans (n, channels, s, s): pooled features (n, d), or for `flatten` maps (n, d, h, w).

    In evaluation mode nothing is dropped of them. While the backbone is frozen, a scan's are always the same.
    """
    maps = network.forward_features(scans)  # type: ignore[operator]
    taken: Tensor = network.forward_head(maps, pre_logits=True)  # type: ignore[operator]
    return taken


def features_of(network: nn.Module, taken: Tensor) -> Tensor:
    """One figure a feature, (n, d), of what the head takes: of maps or tokens their mean over the places."""
    if taken.ndim == 4:
        return taken.mean((1, 2) if has_channels_last(network) else (2, 3))
    return taken.mean(1) if taken.ndim == 3 else taken


def has_channels_last(network: nn.Module) -> bool:
    """Whether the network's maps are (n, h, w, d), as a Swin transformer's, and not (n, d, h, w)."""
    return bool(getattr(network, "output_fmt", "NCHW") == "NHWC")


def head_on_inputs(network: nn.Module, *, dropout: float) -> nn.Module | None:
    """The head by itself, its weights shared with the network: `head_inputs` -> logits (n, classes), with dropout.

    None where the network does not end in one such module.
    """
    names = classifier_names(network)
    if len(names) != 1:
        return None
    head = network.get_submodule(names[0])
    if isinstance(head, nn.Linear):
        return nn.Sequential(nn.Dropout(dropout), head)
    return head if isinstance(head, nn.Sequential) and hasattr(head, "scores") else None


def _built(head: str, width: int, classes: int, dropout: float) -> nn.Module:
    layers: OrderedDict[str, nn.Module] = OrderedDict(flat=nn.Flatten(1))
    if head == "dense1024":
        layers |= {"dense": nn.Linear(width, DENSE_WIDTH), "relu": nn.ReLU()}
        width = DENSE_WIDTH
    layers |= {"drop": nn.Dropout(dropout), "scores": nn.Linear(width, classes)}
    return nn.Sequential(layers)
