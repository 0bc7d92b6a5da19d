"""Named tensors into a network: which fit, which do not and why, said in one line."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from core.errors import WeightsError
from core.models.heads import classifier_names

FOLDED = "RGB filters folded into one channel"
SPREAD = "grey filters spread over three channels"
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.", "backbone.", "encoder.")
_NAMED = 4  # tensors of a kind that a report names
_LONGEST_NAME = 80


@dataclass(frozen=True)
class _Match:
    """What of a file goes where; names are the network's own but for `unknown`, which are the file's."""

    fitting: Mapping[str, Tensor]
    other_shape: Mapping[str, tuple[int, ...]]  # what the file has
    unknown: Sequence[str]
    converted: str  # what was done to the first filters, as words


def load_matching(network: nn.Module, weights: Mapping[str, Tensor], *, name: str, with_head: bool = True) -> str:
    """Copy the tensors that fit by name and shape into the network, and report on all others.

    Prefixes that wrappers leave before names (`module.`, `backbone.` ...) are passed over. RGB filters are summed for
    a network of one channel; grey ones are spread evenly over three: both answer grey scans as before.

    Args:
        network: as `build_network` gives it; changed in place.
        weights: tensors by name.
        name: what the report calls them.
        with_head: whether the head may be taken over too, where it fits.

    Returns:
        One line: how many of the backbone's tensors fit and their share of its parameters, what became of the head,
        which tensors are new, of another shape or unknown.

    Raises:
        WeightsError: fewer than half of the backbone's tensors fit, or they cannot be copied.
    """
    own = network.state_dict()
    head = {key for key in own if key.startswith(tuple(f"{part}." for part in classifier_names(network)))}
    match = _matched(own, weights, without=set() if with_head else head)
    backbone = own.keys() - head
    fitting = backbone & match.fitting.keys()
    share = sum(own[key].numel() for key in fitting) / max(1, sum(own[key].numel() for key in backbone))
    report = (
        f"{name}: {len(fitting)} of {len(backbone)} tensors of the backbone fit, "
        f"{math.floor(1000 * share) / 10:.1f} % of its parameters"
    )
    if len(fitting) < len(backbone) / 2:
        raise WeightsError(
            f"{report}, too few to be weights of this backbone; choose the backbone they were trained with"
        )
    try:
        network.load_state_dict(dict(match.fitting), strict=False)
    except RuntimeError as error:  # of a kind that has no place in a network: sparse, quantised
        raise WeightsError(f"{name}: its tensors cannot be copied into a network; save a plain state_dict") from error
    new = [key for key in own if key in backbone and key not in match.fitting and key not in match.other_shape]
    shapes = [
        f"{key} ({_sides(match.other_shape[key])}, here {_sides(own[key].shape)})"
        for key in own
        if key in match.other_shape
    ]
    said = [
        report,
        match.converted,
        _head_report(head, head & match.fitting.keys()),
        _listed("new", new),
        _listed("of another shape", shapes),
        _listed("unknown here", [_short(key) for key in sorted(match.unknown)]),
    ]
    return "; ".join(part for part in said if part)


def _matched(own: Mapping[str, Tensor], weights: Mapping[str, Tensor], *, without: Collection[str]) -> _Match:
    fitting: dict[str, Tensor] = {}
    other_shape: dict[str, tuple[int, ...]] = {}
    unknown, converted = [], ""
    for key, tensor in weights.items():
        target = _own_name(key, own)
        if target is None:
            unknown.append(key)
        elif target not in without:
            wanted = own[target].shape
            if tensor.ndim == 4 and tensor.shape[1] == 3 and wanted[1:2] == (1,):
                tensor, converted = tensor.sum(dim=1, keepdim=True), FOLDED
            elif tensor.ndim == 4 and tensor.shape[1] == 1 and wanted[1:2] == (3,):
                tensor, converted = tensor.expand(-1, 3, -1, -1) / 3, SPREAD
            if tensor.shape == wanted:
                fitting[target] = tensor
            else:
                other_shape[target] = tuple(tensor.shape)
    return _Match(fitting, other_shape, unknown, converted)


def _own_name(key: str, own: Collection[str]) -> str | None:
    while key not in own:
        prefix = next((prefix for prefix in _PREFIXES if key.startswith(prefix)), None)
        if prefix is None:
            return None
        key = key.removeprefix(prefix)
    return key


def _head_report(head: Collection[str], fitting: Collection[str]) -> str:
    if not head:
        return ""
    if len(fitting) in (0, len(head)):
        return "head taken over" if fitting else "head new"
    return f"{len(fitting)} of {len(head)} tensors of the head fit"


def _listed(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{what}: {', '.join(names[:_NAMED])}{more}"


def _sides(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "one value"


def _short(name: str) -> str:
    """A name of a file, which may be anything, as words of one line."""
    return " ".join(name.split())[:_LONGEST_NAME]
