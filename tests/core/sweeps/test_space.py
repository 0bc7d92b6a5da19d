import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.sweeps.space import (
    KEPT,
    Choices,
    Range,
    check_space,
    is_grid,
    parse_space,
    space_from_json,
    space_of_preset,
    space_to_json,
    space_words,
    trials_in,
)
from core.training.config import TrainingConfig


def test_values_with_commas_are_choices_of_the_fields_type():
    space = parse_space(["backbone=resnet18, resnet34", "batch_size=16,32,16", "flip=true,false"])
    assert space["backbone"] == Choices(("resnet18", "resnet34"))
    assert space["batch_size"] == Choices((16, 32))
    assert space["flip"] == Choices((True, False))
    assert is_grid(space)
    assert trials_in(space) == 8


def test_a_range_ten_times_wide_is_logarithmic():
    space = parse_space(["learning_rate=1e-4..1e-2", "dropout=0..0.5", "epochs=5..20", "batch_size=4..40"])
    assert space["learning_rate"] == Range(1e-4, 1e-2, log=True)
    assert space["dropout"] == Range(0.0, 0.5, log=False)
    assert space["epochs"] == Range(5, 20, log=False)
    assert space["batch_size"] == Range(4, 40, log=True)
    assert trials_in(space) is None
    assert "learning_rate: 0.0001 to 0.01, logarithmic; dropout: 0 to 0.5" in space_words(space)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (["epochs"], "expected a field and its values, found 'epochs'"),
        (["epochs="], "expected a field and its values"),
        (["epoch=1,2"], "found 'epoch'"),
        (["epoch=1..2"], "found 'epoch'"),
        (["epochs=few,many"], "expected epochs to be a whole number, found 'few'"),
        (["epochs=5.."], "expected epochs to be a whole number, found ''"),
        (["epochs=20..5"], "expected the range of epochs from low to high, found 20..5"),
        (["dropout=nan..0.5"], "from low to high"),
        (["backbone=a..b"], "only numbers have one"),
        (["flip=0..1"], "only numbers have one"),
        (["epochs=1,2", "epochs=3"], "expected epochs to be varied once"),
    ],
)
def test_what_is_no_space_is_refused_in_words(pairs, words):
    with pytest.raises(ConfigError, match=words):
        parse_space(pairs)


@pytest.mark.parametrize("pair", ["dropout=0,0.99", "dropout=0..1", "loss=focal,none", "epochs=0..5", "window=lung,no"])
def test_values_are_tried_in_the_config_before_anything_is_trained(pair):
    with pytest.raises(ConfigError, match="expected"):
        check_space(parse_space([pair]), TrainingConfig())


@pytest.mark.parametrize("name", KEPT)
def test_what_changes_the_scans_that_trials_are_judged_on_is_not_varied(name):
    with pytest.raises(ConfigError, match=f"leaves the scans as they are, found {name}"):
        check_space({name: Choices((0, 1))}, TrainingConfig())


def test_a_sweep_that_varies_nothing_is_refused():
    with pytest.raises(ConfigError, match="at least one field to vary"):
        check_space({}, TrainingConfig())


def test_a_preset_varies_its_grid_less_what_is_fixed():
    assert space_of_preset("fnr-first", {})["batch_size"] == Choices((16, 32))
    assert set(space_of_preset("fnr-first", {"backbone": "resnet18", "flip": False})) == {"batch_size", "epochs"}


def test_a_preset_without_a_grid_says_what_to_do():
    with pytest.raises(ConfigError, match=r"found none; say it with --vary.*take one of .*fnr-first"):
        space_of_preset("quick", {})
    with pytest.raises(ConfigError, match="all of its fields fixed"):
        space_of_preset("light", {"backbone": "mobilenetv3_large_100"})


def test_the_grids_of_all_presets_can_be_trained():
    from core.training.presets import PRESETS

    for preset in PRESETS.values():
        if preset.grid:
            check_space(space_of_preset(preset.name, {}), preset.config)


numbers = st.floats(1e-6, 1e6)
spaces = st.dictionaries(
    st.sampled_from(["dropout", "learning_rate", "epochs"]),
    st.one_of(
        st.lists(st.one_of(numbers, st.booleans(), st.text(max_size=5)), min_size=1).map(lambda v: Choices(tuple(v))),
        st.builds(Range, numbers, numbers, st.booleans()),
    ),
)


@given(spaces)
def test_a_space_survives_the_way_through_json(space):
    assert space_from_json(space_to_json(space)) == space
