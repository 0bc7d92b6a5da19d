"""A training, said completely: every choice that changes its outcome, checked once, here."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any

from core.data.group_ways import EXPECTED as GROUP_EXPECTED
from core.data.group_ways import group_way
from core.data.joined import joined_classes
from core.data.split_ways import EXPECTED as SPLIT_EXPECTED
from core.data.split_ways import split_way
from core.data.windows import window_named
from core.errors import ConfigError
from core.models.kinds import CHANNELS, FREEZES, HEADS

LOSSES = ("cross-entropy", "binary", "focal")
BEST_BY = ("val_loss", "val_auc", "val_fnr", "last")
MIXES = ("mixup", "cutmix")
PRECISIONS = ("auto", "fp32", "bf16")
SCHEDULES = ("cosine", "linear", "step", "constant")


def _setting(
    default: Any,
    says: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    return field(default=default, metadata={"says": says, "low": low, "high": high, "choices": choices})


@dataclass(frozen=True)
class TrainingConfig:
    """All settings of a training. Each field's metadata says what it is and its range.

    Raises:
        ConfigError: a value is of the wrong type or out of range.
    """

    # The network
    backbone: str = _setting("resnet18", "timm image classifier")
    init: str = _setting("scratch", "first weights: hub, scratch, a weights file, or a run")
    channels: str = _setting("auto", "input channels: auto takes 1 and folds RGB filters into it", choices=CHANNELS)
    head: str = _setting("linear", "what stands on the features", choices=HEADS)
    dropout: float = _setting(0.0, "share of the features before the last layer dropped", low=0.0, high=0.95)
    drop_path: float = _setting(0.0, "share of residual branches dropped at the last one", low=0.0, high=0.9)
    freeze: str = _setting("none", "what keeps its first weights, up to and with it", choices=FREEZES)
    unfreeze_epoch: int = _setting(0, "epoch from which nothing is frozen; 0: never", low=0, high=1000)
    image_size: int = _setting(128, "side of the square that scans are squashed to, pixels", low=32, high=1024)
    feed_size: int = _setting(0, "side that this square is resized to for the network; 0: as it is", low=0, high=1024)
    # What is learnt
    loss: str = _setting("cross-entropy", "binary: one sigmoid output a class", choices=LOSSES)
    focal_gamma: float = _setting(2.0, "how much the focal loss turns from easy scans", low=0.0, high=10.0)
    label_smoothing: float = _setting(0.0, "share of the target given to the other classes", low=0.0, high=0.9)
    class_weights: bool = _setting(False, "weigh classes by inverse frequency in the loss")
    # How
    epochs: int = _setting(20, "passes over the training split at most", low=1, high=1000)
    batch_size: int = _setting(32, "scans a step", low=2, high=4096)
    optimizer: str = _setting("adamw", "timm optimizer")
    learning_rate: float = _setting(1e-3, "peak learning rate, above 0", low=1e-12, high=1e6)
    weight_decay: float = _setting(0.05, "weight decay, of all but biases and norms", low=0.0, high=10.0)
    schedule: str = _setting("cosine", "learning rate over epochs", choices=SCHEDULES)
    warmup_epochs: int = _setting(1, "epochs of linear warm-up", low=0, high=100)
    clip_norm: float = _setting(0.0, "largest norm of all gradients together; 0: no limit", low=0.0, high=1e6)
    average: float = _setting(
        0.0, "decay of the moving average of weights (EMA) that is kept; 0: none", low=0.0, high=0.99999
    )
    best_by: str = _setting(
        "val_loss", "what makes an epoch the one that is kept; last: it is the last", choices=BEST_BY
    )
    patience: int = _setting(8, "epochs without a better one before stopping", low=1, high=1000)
    precision: str = _setting("auto", "arithmetic: auto measures which is faster", choices=PRECISIONS)
    # Augmentation
    rotation_degrees: float = _setting(10.0, "random rotation, plus or minus", low=0.0, high=180.0)
    zoom: float = _setting(0.1, "random scale, plus or minus this share", low=0.0, high=0.9)
    stretch: float = _setting(0.0, "random change of the aspect, up to this share", low=0.0, high=0.9)
    shift: float = _setting(0.05, "random translation, share of the side", low=0.0, high=0.5)
    flip: bool = _setting(True, "random left-right flip")
    contrast: float = _setting(0.0, "random brightness and contrast, plus or minus this share", low=0.0, high=0.9)
    gamma: float = _setting(0.0, "random gamma, between exp(-x) and exp(x)", low=0.0, high=2.0)
    noise: float = _setting(0.0, "random noise, standard deviation up to this share of white", low=0.0, high=0.5)
    erase: float = _setting(0.0, "probability of a rectangle painted over", low=0.0, high=1.0)
    mixup: float = _setting(0.0, "MixUp's alpha; 0: none", low=0.0, high=10.0)
    cutmix: float = _setting(0.0, "CutMix's alpha; 0: none", low=0.0, high=10.0)
    feature_copies: int = _setting(
        0, "augmented copies of each scan whose features are kept, with a frozen backbone; 0: none", low=0, high=100
    )
    test_flip: bool = _setting(False, "score a scan as the mean of itself and its mirror image")
    # On which scans
    seed: int = _setting(0, "for splits, first weights, order and augmentation", low=0, high=2**31 - 1)
    positive: str = _setting("", "the class whose miss hurts; empty: guessed from the names")
    join: str = _setting("", "classes taken as one: NAME=CLASS+CLASS; NAME=...; empty: none")
    group_by: str = _setting("", f"what a split keeps together: {GROUP_EXPECTED}; empty: as the dataset says")
    split_by: str = _setting("", f"how to split: {SPLIT_EXPECTED}; empty: as given, else by group")
    window: str = _setting("lung", "of scans in Hounsfield units: lung, mediastinum, stored or CENTRE/WIDTH")

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            _check(spec.name, value, type(spec.default), spec.metadata)
        group_way(self.group_by)
        split_way(self.split_by)
        window_named(self.window)
        joined_classes(self.join)

    @property
    def augments(self) -> bool:
        """Whether a scan looks different from epoch to epoch."""
        names = ("rotation_degrees", "zoom", "stretch", "shift", "contrast", "gamma", "noise", "erase", *MIXES)
        return self.flip or any(getattr(self, name) for name in names)

    def to_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self)


def config_from_json(content: Mapping[str, Any]) -> TrainingConfig:
    """Settings as `to_json` gave them; unknown names are refused."""
    return with_settings(TrainingConfig(), dict(content))


def with_settings(config: TrainingConfig, settings: Mapping[str, Any]) -> TrainingConfig:
    """The config with some fields changed.

    Raises:
        ConfigError: an unknown field, or a value out of range.
    """
    known = {spec.name for spec in fields(TrainingConfig)}
    for name in settings:
        if name not in known:
            raise ConfigError(_unknown(name))
    return replace(config, **settings)


def parse_settings(pairs: Iterable[str]) -> dict[str, Any]:
    """`key=value` texts of the command line to typed values.

    Raises:
        ConfigError: no `=`, an unknown key, or a value that is not of the key's type.
    """
    types = {spec.name: type(spec.default) for spec in fields(TrainingConfig)}
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator:
            raise ConfigError(f"expected key=value, found {pair!r}; for instance epochs=20")
        if name not in types:
            raise ConfigError(_unknown(name))
        settings[name] = _parse(name, text, types[name])
    return settings


def _unknown(name: str) -> str:
    known = [spec.name for spec in fields(TrainingConfig)]
    near = get_close_matches(name.lower(), known, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    return f"expected the name of a setting, found {name!r}; {hint}"


def _parse(name: str, text: str, kind: type) -> Any:
    if kind is bool:
        words = {
            "true": True,
            "yes": True,
            "1": True,
            "on": True,
            "false": False,
            "no": False,
            "0": False,
            "off": False,
        }
        if text.lower() in words:
            return words[text.lower()]
        raise ConfigError(f"expected {name} to be true or false, found {text!r}")
    try:
        return kind(text)
    except ValueError as error:
        what = "a whole number" if kind is int else "a number"
        raise ConfigError(f"expected {name} to be {what}, found {text!r}") from error


def _check(name: str, value: Any, kind: type, limits: Mapping[str, Any]) -> None:
    if type(value) not in ((float, int) if kind is float else (kind,)):
        raise ConfigError(f"expected {name} to be {kind.__name__}, found {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"expected {name} to be a finite number, found {value}")
    low, high, choices = limits["low"], limits["high"], limits["choices"]
    if low is not None and not low <= value <= high:
        raise ConfigError(f"expected {name} between {low} and {high}, found {value}")
    if choices and value not in choices:
        raise ConfigError(f"expected {name} to be one of {', '.join(choices)}, found {value!r}")
