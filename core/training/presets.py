"""Presets: complete trainings by name, published recipes among them, as they were published.

Where a recipe leaves a choice open, the one taken here is that of the framework it was written in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.training.config import TrainingConfig, with_settings

PLAIN: Mapping[str, Any] = {"rotation_degrees": 0.0, "zoom": 0.0, "shift": 0.0, "flip": False}
"""No augmentation."""


@dataclass(frozen=True)
class Preset:
    """A named config: what it is in one sentence, what its authors reported, and what a sweep over it varies."""

    name: str
    says: str
    config: TrainingConfig
    reported: str = ""
    grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "quick",
            "A good model from scratch in minutes on two cores: ResNet-18 at 128 px, light augmentation.",
            TrainingConfig(backbone="resnet18", image_size=128, epochs=18, learning_rate=2e-3, patience=10),
        ),
        Preset(
            "best",
            "The best we know how to train from scratch within 40 minutes on two cores; init=hub starts from weights.",
            TrainingConfig(
                backbone="resnet10t",
                image_size=96,
                epochs=30,
                learning_rate=3e-3,
                warmup_epochs=2,
                average=0.99,
                best_by="last",
                test_flip=True,
            ),
        ),
        Preset(
            "transfer",
            "ResNet-50 with the hub's weights, the first two stages frozen, a new last layer: 224 px.",
            TrainingConfig(
                backbone="resnet50",
                init="hub",
                freeze="stage2",
                image_size=224,
                epochs=30,
                learning_rate=3e-4,
                rotation_degrees=15.0,
                dropout=0.2,
            ),
            grid={"backbone": ("resnet50", "resnet101")},
        ),
        Preset(
            "keras-notebook",
            "A much copied notebook: ResNet-50 at 80 px as a frozen extractor, sigmoid outputs on its flattened maps.",
            TrainingConfig(
                backbone="resnet50",
                init="hub",
                freeze="backbone",
                head="flatten",
                dropout=0.3,
                loss="binary",
                image_size=80,
                epochs=100,
                batch_size=32,
                optimizer="adamax",
                learning_rate=1e-3,
                weight_decay=0.0,
                schedule="constant",
                warmup_epochs=0,
                patience=5,
                **PLAIN,
            ),
            reported="accuracy 74.0 %, loss 0.530 on 497 test slices; recall 0.76 COVID, 0.72 non-COVID",
        ),
        Preset(
            "radiography-paper",
            "A paper on COVID-19 Radiography: ResNet-50 fed at 128 px, a dense layer of 1,024, all of it trained.",
            TrainingConfig(
                backbone="resnet50",
                init="hub",
                head="dense1024",
                dropout=0.5,
                image_size=224,
                feed_size=128,
                epochs=100,
                batch_size=32,
                optimizer="adam",
                learning_rate=1e-5,
                weight_decay=0.0,
                schedule="constant",
                warmup_epochs=0,
                patience=10,
                **PLAIN,
            ),
            reported="accuracy 82.3 % on COVID-19 Radiography, 4 classes, 80:20 (splits drawn here are 64:16:20)",
        ),
        Preset(
            "fnr-first",
            "Several ResNets, batch sizes and lengths, to keep the one that misses fewest on validation: for a sweep.",
            TrainingConfig(
                backbone="resnet50",
                init="hub",
                image_size=224,
                epochs=20,
                learning_rate=3e-4,
                best_by="val_fnr",
                patience=20,
            ),
            reported="accuracy 97 %, 4 missed",
            grid={
                "backbone": ("resnet18", "resnet34", "resnet50", "resnet101"),
                "batch_size": (16, 32),
                "epochs": (10, 20),
            },
        ),
        Preset(
            "light",
            "For small machines: MobileNetV3 at 160 px with the hub's weights; EfficientNet-B0 in a sweep.",
            TrainingConfig(
                backbone="mobilenetv3_large_100",
                init="hub",
                image_size=160,
                epochs=20,
                learning_rate=1e-3,
                dropout=0.2,
            ),
            grid={"backbone": ("mobilenetv3_large_100", "efficientnet_b0")},
        ),
        Preset(
            "demo",
            "The start page's short training on phantoms: a ten-layer ResNet at 96 px, under a minute.",
            TrainingConfig(
                backbone="resnet10t", image_size=96, epochs=14, batch_size=16, learning_rate=3e-3, patience=14
            ),
        ),
    )
}


def preset_named(name: str) -> Preset:
    """The preset of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in PRESETS:
        raise ConfigError(f"expected a preset among {', '.join(PRESETS)}, found {name!r}")
    return PRESETS[name]


def configured(preset: str, settings: Mapping[str, Any]) -> TrainingConfig:
    """A preset's config with some settings changed; a weights file by its whole path, wherever a run goes on from.

    Raises:
        ConfigError: no such preset, an unknown setting, or a value out of range.
    """
    config = with_settings(preset_named(preset).config, settings)
    if config.init not in ("hub", "scratch") and Path(config.init).exists():
        return with_settings(config, {"init": str(Path(config.init).resolve())})
    return config
