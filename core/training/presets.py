"""Presets: complete training configs, by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import ConfigError
from core.training.config import TrainingConfig


@dataclass(frozen=True)
class Preset:
    """A named config and one sentence on what it is for."""

    name: str
    says: str
    config: TrainingConfig


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "quick",
            "A good model from scratch in minutes on two cores: ResNet-18 at 128 px, light augmentation.",
            TrainingConfig(backbone="resnet18", image_size=128, epochs=18, learning_rate=2e-3, patience=10),
        ),
        Preset(
            "demo",
            "The start page's short training on phantoms: a ten-layer ResNet at 96 px, under a minute.",
            TrainingConfig(
                backbone="resnet10t", image_size=96, epochs=14, batch_size=16, learning_rate=3e-3, patience=14
            ),
        ),
        Preset(
            "transfer",
            "ResNet-50 with the hub's weights, early stages frozen, new last layer, 224 px.",
            TrainingConfig(
                backbone="resnet50",
                init="hub",
                image_size=224,
                epochs=30,
                learning_rate=3e-4,
                freeze="early",
                dropout=0.2,
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
