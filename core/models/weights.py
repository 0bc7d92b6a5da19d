"""Weights in and out: the hub, a local file, another run, or none; nothing is unpickled."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
from core.runs import Run, find_run

_OTHER_WAYS = "use --init scratch, --init FILE (safetensors or torch weights) or --init RUN (another run's weights)"


@dataclass(frozen=True)
class Initialised:
    """A network with its first weights, and one line on where they came from."""

    network: nn.Module
    mean: float
    std: float
    weights_from: str


def initialise(
    backbone: str, *, classes: int, dropout: float, init: str, runs_folder: Path, image_size: int | None = None
) -> Initialised:
    """Build a network and give it its first weights.

    Args:
        backbone: a timm name.
        classes: number of outputs.
        dropout: share of penultimate features dropped in training, in [0, 1).
        init: `hub`, `scratch`, a weights file, or a run (folder or id).
        runs_folder: where a run's id is looked up.
        image_size: side of the scans, px; networks made for one size are made for this one.

    Raises:
        ConfigError: no such backbone.
        WeightsError: the hub cannot be reached, or the weights do not fit.
    """
    if init == "scratch":
        network = build_network(backbone, classes=classes, dropout=dropout, image_size=image_size)
        return Initialised(network, SCRATCH_MEAN, SCRATCH_STD, "from scratch")
    if init == "hub":
        return _from_hub(backbone, classes=classes, dropout=dropout, image_size=image_size)
    path = Path(init)
    if path.is_file():
        network = build_network(backbone, classes=classes, dropout=dropout, image_size=image_size)
        report = load_matching(network, read_weights(path), name=path.name)
        mean, std = input_statistics(network, pretrained=True)
        return Initialised(network, mean, std, report)
    try:
        run = find_run(init, runs_folder)
    except RunNotFoundError as error:
        raise WeightsError(
            f"expected --init to be hub, scratch, a weights file or a run, found {init!r}, which is none of them"
        ) from error
    network = build_network(backbone, classes=classes, dropout=dropout, image_size=image_size)
    report = load_matching(network, read_weights(run.weights_path), name=f"run {run.id}")
    return Initialised(network, run.record.input_mean, run.record.input_std, report)


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a safetensors or torch file by name, on the CPU.

    torch files are read with `weights_only=True`; wrappers such as `state_dict`, `model` and `module.` are taken off.

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
    for wrapper in ("state_dict_ema", "state_dict", "model_state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict):
        raise WeightsError(f"expected named tensors in {path}, found {type(content).__name__}; save a state_dict")
    tensors = {str(k).removeprefix("module."): v for k, v in content.items() if isinstance(v, torch.Tensor)}
    return {k.removeprefix("backbone."): v for k, v in tensors.items()}


def load_matching(network: nn.Module, weights: dict[str, torch.Tensor], *, name: str) -> str:
    """Copy the tensors that fit by name and shape; RGB filters are folded into grey ones. Returns a report.

    Raises:
        WeightsError: fewer than half of the backbone's tensors fit.
    """
    own = network.state_dict()
    fitting: dict[str, torch.Tensor] = {}
    for key, tensor in weights.items():
        if key not in own:
            continue
        if tensor.ndim == own[key].ndim == 4 and tensor.shape[1] == 3 and own[key].shape[1] == 1:
            tensor = tensor.sum(dim=1, keepdim=True)
        if tensor.shape == own[key].shape:
            fitting[key] = tensor
    report = f"{name}: {len(fitting)} of {len(own)} tensors fit"
    if len(fitting) < len(own) / 2:
        raise WeightsError(
            f"{report}, too few to be weights of this backbone; choose the backbone they were trained with"
        )
    network.load_state_dict(fitting, strict=False)
    left = [key for key in own if key not in fitting]
    return report if not left else f"{report}; new: {', '.join(left[:4])}{' ...' if len(left) > 4 else ''}"


def save_weights(tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """Write a network's named tensors as safetensors, whole."""
    on_cpu = {name: tensor.detach().to("cpu").contiguous() for name, tensor in tensors.items()}
    content = save(on_cpu)  # `save_file` has an error of its own for a full disk
    write_whole(path, lambda temporary: temporary.write_bytes(content))


def load_run_model(run: Run, *, device: torch.device | None = None) -> LoadedModel:
    """The trained network of a run, in evaluation mode, its weights held still.

    Raises:
        RunDamagedError: the weights are missing, damaged, or of another network.
    """
    record = run.record
    image_size = int(record.config["image_size"])
    network = build_network(record.config["backbone"], classes=len(record.classes), image_size=image_size)
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
        mean=record.input_mean,
        std=record.input_std,
        device=device,
        lock=threading.Lock(),
        window=window_named(str(record.config.get("window", LUNG.name))),
    )


def _from_hub(backbone: str, *, classes: int, dropout: float, image_size: int | None) -> Initialised:
    if not hub_is_reachable():  # else the hub's client retries for most of a minute; what is cached still loads
        import huggingface_hub.constants

        huggingface_hub.constants.HF_HUB_OFFLINE = True
    try:
        network = build_network(backbone, classes=classes, dropout=dropout, pretrained=True, image_size=image_size)
    except ExplorerError:
        raise
    except RuntimeError as error:
        if "pretrained" in str(error).lower():
            raise WeightsError(f"the hub has no weights for {backbone!r}; {_OTHER_WAYS}") from error
        raise WeightsError(f"the hub's weights for {backbone!r} do not fit; {_OTHER_WAYS}") from error
    except Exception as error:  # httpx, OSError, huggingface_hub's own: all mean the same to a reader
        raise WeightsError(f"the model hub cannot be reached for {backbone!r}; {_OTHER_WAYS}") from error
    mean, std = input_statistics(network, pretrained=True)
    return Initialised(network, mean, std, f"the hub's weights for {backbone}")
