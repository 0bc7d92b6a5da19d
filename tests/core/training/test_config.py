import math
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.training.config import TrainingConfig, config_from_json, parse_settings, with_settings

SPECS = {spec.name: spec for spec in fields(TrainingConfig)}
RANGED = [name for name, spec in SPECS.items() if spec.metadata["low"] is not None]
WRITTEN = {
    "group_by": ("", "patient", "near-duplicates", "blocks:40", "scan", r"pattern:P(\d+)=_"),
    "split_by": ("", "given", "group", "slice", "column:site=Rom", "fold:2/5"),
    "join": ("", "sick=COVID+Viral Pneumonia; well=Normal", "a=b"),
    "window": ("lung", "mediastinum", "stored", "-600/1500"),
}
CHOSEN = [name for name, spec in SPECS.items() if spec.metadata["choices"]]


def valid_values(name: str) -> st.SearchStrategy:
    spec = SPECS[name]
    low, high = spec.metadata["low"], spec.metadata["high"]
    if name in WRITTEN:
        return st.sampled_from(WRITTEN[name])
    if spec.metadata["choices"]:
        return st.sampled_from(spec.metadata["choices"])
    if type(spec.default) is bool:
        return st.booleans()
    if type(spec.default) is int:
        return st.integers(low, high)
    return st.floats(low, high) if type(spec.default) is float else st.text(max_size=10)


CONFIGS = st.fixed_dictionaries({name: valid_values(name) for name in SPECS}).map(lambda v: TrainingConfig(**v))


@given(config=CONFIGS)
def test_a_config_comes_back_from_json_as_it_was(config):
    assert config_from_json(config.to_json()) == config


@given(config=CONFIGS)
def test_the_command_line_can_say_every_config(config):
    pairs = [f"{name}={value}" for name, value in config.to_json().items()]
    assert with_settings(TrainingConfig(), parse_settings(pairs)) == config


@pytest.mark.parametrize("name", SPECS)
def test_every_setting_says_what_it_is(name):
    assert len(SPECS[name].metadata["says"]) > 5


@pytest.mark.parametrize("name", RANGED)
def test_every_range_holds_its_ends_and_nothing_beyond(name):
    spec = SPECS[name]
    low, high = spec.metadata["low"], spec.metadata["high"]
    step = 1 if type(spec.default) is int else 1e-6 * max(1.0, high)
    for value in (low, high):
        assert getattr(TrainingConfig(**{name: value}), name) == value
    for value in (low - step, high + step):
        with pytest.raises(ConfigError, match=f"^expected {name} between {low} and {high}, found"):
            TrainingConfig(**{name: value})


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"image_size": 16}, "expected image_size between 32 and 1024, found 16"),
        ({"epochs": 0}, "expected epochs between 1 and 1000, found 0"),
        ({"batch_size": 1}, "expected batch_size between 2 and 4096, found 1"),
        ({"dropout": 1.0}, "expected dropout between 0.0 and 0.95, found 1.0"),
        ({"learning_rate": -0.1}, "expected learning_rate between 1e-12 and 1000000.0, found -0.1"),
        ({"learning_rate": 0.0}, "expected learning_rate between 1e-12 and 1000000.0, found 0.0"),
        ({"freeze": "all"}, "expected freeze to be one of none, stage1, stage2, stage3, stage4, backbone, found 'all'"),
        ({"precision": "fp16"}, "expected precision to be one of auto, fp32, bf16, found 'fp16'"),
        ({"schedule": "wild"}, "expected schedule to be one of cosine, linear, step, constant, found 'wild'"),
        ({"epochs": 2.0}, "expected epochs to be int, found 2.0"),
        ({"epochs": True}, "expected epochs to be int, found True"),
        ({"flip": 1}, "expected flip to be bool, found 1"),
        ({"zoom": True}, "expected zoom to be float, found True"),
        ({"zoom": None}, "expected zoom to be float, found None"),
        ({"backbone": 18}, "expected backbone to be str, found 18"),
    ],
)
def test_a_wrong_value_is_told_with_what_was_expected(settings, text):
    with pytest.raises(ConfigError) as caught:
        TrainingConfig(**settings)
    assert str(caught.value) == text


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if type(spec.default) is float])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_setting_is_nan_or_infinite(name, value):
    with pytest.raises(ConfigError, match=f"expected {name} to be a finite number, found"):
        TrainingConfig(**{name: value})


@pytest.mark.parametrize("value", [10**400, -(10**400)], ids=["huge", "hugely negative"])
def test_a_number_no_float_can_hold_is_out_of_range(value):
    with pytest.raises(ConfigError, match="expected learning_rate"):
        TrainingConfig(learning_rate=value)


def test_a_whole_number_will_do_for_a_share():
    assert with_settings(TrainingConfig(), {"zoom": 0}).zoom == 0


@pytest.mark.parametrize(
    ("pair", "text"),
    [
        ("epochs", "expected key=value, found 'epochs'; for instance epochs=20"),
        ("epochs=", "expected epochs to be a whole number, found ''"),
        ("epochs=1.5", "expected epochs to be a whole number, found '1.5'"),
        ("epochs=many", "expected epochs to be a whole number, found 'many'"),
        ("zoom=much", "expected zoom to be a number, found 'much'"),
        ("flip=perhaps", "expected flip to be true or false, found 'perhaps'"),
    ],
)
def test_a_pair_that_cannot_be_read_is_told(pair, text):
    with pytest.raises(ConfigError) as caught:
        parse_settings([pair])
    assert str(caught.value) == text


@pytest.mark.parametrize("pair", ["=1", "speed=1", "EPOCHS=3", "__class__=1"])
def test_an_unknown_setting_is_told_with_those_there_are(pair):
    with pytest.raises(ConfigError, match=r"expected the name of a setting, found '.*'; (did you mean|there are) "):
        parse_settings([pair])
    with pytest.raises(ConfigError, match="expected the name of a setting"):
        with_settings(TrainingConfig(), {pair.partition("=")[0]: 1})


@pytest.mark.parametrize("text", ["true", "True", "YES", "1", "on"])
def test_yes_can_be_said_in_several_ways(text):
    assert parse_settings([f"flip={text}"]) == {"flip": True}


def test_the_last_word_on_a_setting_counts_and_values_may_hold_equals_signs():
    assert parse_settings(["epochs=3", "epochs=4", "init=a=b"]) == {"epochs": 4, "init": "a=b"}


def test_changing_settings_leaves_the_config_as_it_was():
    config = TrainingConfig()
    assert with_settings(config, {"epochs": 3}).epochs == 3
    assert config.epochs == 20


def test_a_config_on_disk_with_an_unknown_setting_is_refused():
    with pytest.raises(ConfigError, match="found 'mood'"):
        config_from_json({"mood": "good"})


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_way_that_is_none_is_refused_before_anything_is_read(name):
    with pytest.raises(ConfigError, match=f"expected {name} to be .* found 'magic'"):
        TrainingConfig(**{name: "magic"})
