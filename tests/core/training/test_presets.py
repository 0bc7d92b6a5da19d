import pytest

from core.errors import ConfigError
from core.models.build import build_network, frozen_modules
from core.training.config import config_from_json
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
    network = build_network(config.backbone, classes=2, dropout=config.dropout)
    frozen = {id(p) for module in frozen_modules(network, config.freeze) for p in module.parameters()}
    assert len(frozen) < len(list(network.parameters()))
    assert bool(frozen) == (config.freeze != "none")


def test_only_the_preset_that_says_so_needs_the_hub():
    assert [name for name, preset in PRESETS.items() if preset.config.init == "hub"] == ["transfer"]


def test_an_unknown_preset_is_told_with_those_there_are():
    with pytest.raises(ConfigError) as caught:
        preset_named("best")
    assert str(caught.value) == f"expected a preset among {', '.join(PRESETS)}, found 'best'"
