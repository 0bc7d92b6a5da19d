"""Which parts of a network keep their first weights."""

from collections.abc import Collection, Sequence

from torch import nn

from core.errors import ConfigError
from core.models.heads import classifier_names
from core.models.kinds import FREEZES, STAGES


def frozen_modules(network: nn.Module, freeze: str) -> Sequence[nn.Module]:
    """The modules whose weights and batch statistics stay as they are.

    Args:
        network: as `build_network` gives it.
        freeze: `none`; `stage1` to `stage4`: everything up to and with that one of the last four stages of feature
            maps (`layer1` to `layer4` of a ResNet), the stem included; `backbone`: everything but the head.

    A network's own parameters, such as a transformer's position embedding, come as a `ParameterList`.

    Raises:
        ConfigError: the network has no four stages.
    """
    if freeze == "none":
        return ()
    if freeze == "backbone":
        return _all_but(network, set(classifier_names(network)))
    if freeze in FREEZES:
        return _up_to(network, _stage_name(network, freeze))
    raise ConfigError(f"expected freeze to be one of {', '.join(FREEZES)}, found {freeze!r}")


def _stage_name(network: nn.Module, freeze: str) -> str:
    stages = list(getattr(network, "feature_info", None) or ())
    if len(stages) < STAGES:
        raise ConfigError(
            f"freeze {freeze!r} needs a backbone with {STAGES} stages, this one has {len(stages) or 'none'}; "
            "use 'none' or 'backbone'"
        )
    return str(stages[-STAGES:][int(freeze.removeprefix("stage")) - 1]["module"])


def _up_to(network: nn.Module, last: str) -> list[nn.Module]:
    frozen: list[nn.Module] = []
    for name, module in network.named_modules():  # in the order of the forward pass
        if name == last:
            return [*frozen, module]
        holds_last = not name or last.startswith(f"{name}.")
        frozen.append(nn.ParameterList(module.parameters(recurse=False)) if holds_last else module)
    raise ConfigError(f"this backbone says that it has a stage {last}, and has none; use freeze 'none' or 'backbone'")


def _all_but(network: nn.Module, kept: Collection[str], within: str = "") -> list[nn.Module]:
    frozen: list[nn.Module] = [nn.ParameterList(network.parameters(recurse=False))]
    for child_name, child in network.named_children():
        name = f"{within}{child_name}"
        if any(other.startswith(f"{name}.") for other in kept):
            frozen += _all_but(child, kept, f"{name}.")
        elif name not in kept and not isinstance(child, nn.Dropout):  # beside the classifier, dropout is the head's
            frozen.append(child)
    return frozen
