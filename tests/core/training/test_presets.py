import pytest

from core.errors import ConfigError
from core.models.build import build_network
from core.models.freezing import frozen_modules
from core.training.config import config_from_json, with_settings
from core.training.presets import PRESETS, preset_named


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_whole_config_in_range(name):
    preset = preset_named(name)
    assert preset.name == name
    assert config_from_json(preset.config.to_json()) == preset.config
    assert preset.says.endswith(".")


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_network_can_be_built_and_frozen_as_it_asks(name):
    config = preset_named(name).config
    network = build_network(
        config.backbone,
        classes=2,
        head=config.head,
        dropout=config.dropout,
        drop_path=config.drop_path,
        image_size=config.feed_size or config.image_size,
    )
    frozen = {id(p) for module in frozen_modules(network, config.freeze) for p in module.parameters()}
    assert len(frozen) < len(list(network.parameters()))
    assert bool(frozen) == (config.freeze != "none")


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_sweep_over_a_preset_varies_can_be_set(name):
    preset = preset_named(name)
    for field, values in preset.grid.items():
        assert len(set(values)) == len(values) > 1
        for value in values:
            assert getattr(with_settings(preset.config, {field: value}), field) == value


def test_the_published_recipes_are_there_and_say_what_they_reported():
    names = {"keras-notebook", "radiography-paper", "transfer", "fnr-first", "light", "quick", "best", "demo"}
    assert set(PRESETS) == names
    reported = {name for name, preset in PRESETS.items() if preset.reported}
    assert reported == {"keras-notebook", "radiography-paper", "fnr-first"}


def test_the_keras_notebook_is_as_it_was_published():
    config = preset_named("keras-notebook").config
    assert (config.backbone, config.image_size, config.freeze, config.head) == ("resnet50", 80, "backbone", "flatten")
    assert (config.dropout, config.loss, config.optimizer, config.learning_rate) == (0.3, "binary", "adamax", 1e-3)
    assert (config.patience, config.best_by, config.augments) == (5, "val_loss", False)


def test_the_radiography_paper_is_as_it_was_published():
    config = preset_named("radiography-paper").config
    assert (config.backbone, config.image_size, config.feed_size, config.head) == ("resnet50", 224, 128, "dense1024")
    assert (config.dropout, config.loss, config.optimizer, config.learning_rate) == (0.5, "cross-entropy", "adam", 1e-5)
    assert config.epochs == 100


def test_an_unknown_preset_is_told_with_those_there_are():
    with pytest.raises(ConfigError) as caught:
        preset_named("better")
    assert str(caught.value) == f"expected a preset among {', '.join(PRESETS)}, found 'better'"
