"""Weights in and out: the hub, a local file, another run, or none; nothing is unpickled."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load_file, save
from torch import nn

from core.data.windows import LUNG, window_named
from core.errors import ExplorerError, RunDamagedError, RunNotFoundError, WeightsError
from core.files import write_whole
from core.models.build import (
    SCRATCH_MEAN,
    SCRATCH_STD,
    LoadedModel,
    build_network,
    input_statistics,
    placed,
)
from core.models.hub import hub_is_reachable
from core.models.inputs import InputForm, channel_count
from core.models.matching import FOLDED, load_matching
from core.runs import Run, find_run

_OTHER_WAYS = "instead of hub, init can be scratch, a FILE (safetensors or torch weights) or a RUN (its weights)"
_WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model")
_DEEPEST = 4  # wrappers within wrappers

_Value = TypeVar("_Value", str, int, bool)


@dataclass(frozen=True)
class Initialised:
    """A network with its first weights; `weights_from` says in one line where they came from and what fitted."""

    network: nn.Module
    mean: float
    std: float
    channels: int
    weights_from: str


def initialise(
    backbone: str,
    *,
    classes: int,
    init: str,
    runs_folder: Path,
    head: str = "linear",
    channels: str = "auto",
    dropout: float = 0.0,
    drop_path: float = 0.0,
    image_size: int | None = None,
    class_names: Sequence[str] = (),
) -> Initialised:
    """Build a network and give it its first weights.

    Args:
        backbone: a timm name.
        classes: number of outputs.
        init: `hub`, `scratch`, a weights file, or a run (folder or id).
        runs_folder: where a run's id is looked up.
        head, dropout, drop_path: as `build_network` takes them.
        channels: `1`, `3`, or `auto`: 1, RGB filters folded into it, which answers grey scans as three would.
        image_size: side of what the network is fed, px; networks made for one size are made for this one.
        class_names: what the outputs stand for. The head of a run with other classes is not taken over.

    Raises:
        ConfigError: no such backbone, or not with these settings.
        WeightsError: the hub cannot be reached, or the weights do not fit.
    """
    count = channel_count(channels)

    def network(*, pretrained: bool = False) -> nn.Module:
        return build_network(
            backbone,
            classes=classes,
            head=head,
            channels=count,
            dropout=dropout,
            drop_path=drop_path,
            pretrained=pretrained,
            image_size=image_size,
        )

    if init == "hub":
        hubs = _from_hub(backbone, network)
        mean, std = input_statistics(hubs, pretrained=True)
        folded = f"; {FOLDED}" if count == 1 else ""
        return Initialised(hubs, mean, std, count, f"the hub's weights for {backbone}{folded}; head new")
    first = Initialised(network(), SCRATCH_MEAN, SCRATCH_STD, count, "from scratch")
    if init == "scratch":
        return first
    path = Path(init)
    if path.is_file():
        report = load_matching(first.network, read_weights(path), name=path.name)
        mean, std = input_statistics(first.network, pretrained=True)
        return replace(first, mean=mean, std=std, weights_from=report)
    try:
        run = find_run(init, runs_folder)
    except RunNotFoundError as error:
        raise WeightsError(
            f"expected --init to be hub, scratch, a weights file or a run, found {init!r}, which is none of them"
        ) from error
    same_classes = not class_names or tuple(class_names) == run.record.classes
    weights = read_weights(run.weights_path)
    report = load_matching(first.network, weights, name=f"run {run.id}", with_head=same_classes)
    return replace(first, mean=run.record.input_mean, std=run.record.input_std, weights_from=report)


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a safetensors or torch file by name, on the CPU.

    torch files are read with `weights_only=True`; wrappers such as `state_dict` and `model` are taken off.

    Raises:
        WeightsError: the file is not one of the two, or holds anything but weights.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # safetensors and torch raise many kinds on damaged bytes
        reason = "it is missing" if not path.exists() else "it cannot be read as weights alone"
        raise WeightsError(
            f"expected weights in {path}, but {reason}; give a .safetensors file or a torch file of tensors"
        ) from error
    for _ in range(_DEEPEST):
        inner = [content[name] for name in _WRAPPERS if isinstance(content, dict) and name in content]
        content = next((value for value in inner if isinstance(value, dict)), content)
    if not isinstance(content, dict):
        raise WeightsError(f"expected named tensors in {path}, found {type(content).__name__}; save a state_dict")
    return {str(name): tensor for name, tensor in content.items() if isinstance(tensor, torch.Tensor)}


def save_weights(tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """Write a network's named tensors as safetensors, whole."""
    on_cpu = {name: tensor.detach().to("cpu").contiguous() for name, tensor in tensors.items()}
    content = save(on_cpu)  # `save_file` has an error of its own for a full disk
    write_whole(path, lambda temporary: temporary.write_bytes(content))


def load_run_model(run: Run, *, device: torch.device | None = None) -> LoadedModel:
    """The trained network of a run, in evaluation mode, its weights held still.

    Settings that a run's record does not have are those of the time before they could be set.

    Raises:
        RunDamagedError: the weights are missing, damaged, or of another network; or a setting is of another kind.
    """
    record = run.record
    image_size, feed_size = _setting(run, "image_size", 0), _setting(run, "feed_size", 0)
    channels = channel_count(_setting(run, "channels", "auto"))
    network = build_network(
        _setting(run, "backbone", ""),
        classes=len(record.classes),
        head=_setting(run, "head", "linear"),
        channels=channels,
        image_size=feed_size or image_size,
    )
    try:
        network.load_state_dict(load_file(run.weights_path))
    except Exception as error:  # safetensors and torch raise many kinds on damaged bytes
        reason = "are missing" if not run.weights_path.exists() else "are damaged or of another network"
        raise RunDamagedError(
            f"expected the weights of run {run.id} in {run.weights_path.name}, but they {reason}; "
            "restore the file or train again"
        ) from error
    device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
    placed(network.eval().requires_grad_(False), device)
    return LoadedModel(
        network=network,
        classes=record.classes,
        positive=record.positive,
        image_size=image_size,
        input=InputForm(record.input_mean, record.input_std, channels=channels, feed_size=feed_size),
        device=device,
        lock=threading.Lock(),
        window=window_named(_setting(run, "window", LUNG.name)),
        loss=_setting(run, "loss", "cross-entropy"),
        test_flip=_setting(run, "test_flip", False),
    )


def _setting(run: Run, name: str, default: _Value) -> _Value:
    value = run.record.config.get(name, default)
    if type(value) is not type(default):
        raise RunDamagedError(
            f"expected {name} of run {run.id} to be {type(default).__name__}, found {value!r}; restore its run.json"
        )
    return value


def _from_hub(backbone: str, network: Callable[..., nn.Module]) -> nn.Module:
    if not hub_is_reachable():  # else the hub's client retries for most of a minute; what is cached still loads
        import huggingface_hub.constants

        huggingface_hub.constants.HF_HUB_OFFLINE = True
    try:
        return network(pretrained=True)
    except ExplorerError:
        raise
    except RuntimeError as error:
        if "pretrained" in str(error).lower():
            raise WeightsError(f"the hub has no weights for {backbone!r}; {_OTHER_WAYS}") from error
        raise WeightsError(f"the hub's weights for {backbone!r} do not fit; {_OTHER_WAYS}") from error
    except Exception as error:  # httpx, OSError, huggingface_hub's own: all mean the same to a reader
        raise WeightsError(f"the model hub cannot be reached for {backbone!r}; {_OTHER_WAYS}") from error
