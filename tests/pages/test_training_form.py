"""The form of a training: every setting, what differs from the preset, and the way back."""

from dataclasses import fields

import pytest
from conftest import plain

from core.training.config import TrainingConfig
from core.training.presets import PRESETS
from pages.shared import cached, state
from pages.training.difference import difference_line, difference_table, differences
from pages.training.fields import grouped_settings, key_of

ELSEWHERE = {"split_by", "window", "positive", "init"}  # beside what they do, or by a choice of ways


@pytest.fixture
def started(monkeypatch):
    runs = []
    monkeypatch.setattr("core.training.jobs.start_in_background", lambda run, command=None: runs.append(run))
    return runs


@pytest.fixture
def form(app, tiny_dataset):
    at = app("training/page.py", query={"data": str(tiny_dataset)})
    _button(at, "Check this folder").click().run()
    assert not at.exception
    return at


def _button(at, label):
    return next(button for button in at.button if button.label == label)


def _keys(at):
    kinds = (at.number_input, at.selectbox, at.text_input, at.toggle)
    return {widget.key for kind in kinds for widget in kind if widget.key}


def _said(at):
    kinds = (at.caption, at.warning, at.error, at.markdown)
    return [plain(item.value) for kind in kinds for item in kind]


def test_every_setting_of_the_config_can_be_edited(form):
    there = _keys(form)
    missing = [
        spec.name
        for spec in fields(TrainingConfig)
        if spec.name not in ELSEWHERE and key_of("quick", spec.name) not in there
    ]
    assert missing == []


def test_settings_are_grouped_as_in_the_config_and_each_stands_once():
    groups = grouped_settings()
    assert list(groups) == ["The network", "What is learnt", "How", "Augmentation", "On which scans"]
    assert [name for names in groups.values() for name in names] == [spec.name for spec in fields(TrainingConfig)]


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "demo"])
def test_each_preset_says_what_it_is_and_what_was_reported(form, name):
    form.selectbox(key=state.PRESET).select(name).run()
    assert not form.exception
    said = " ".join(_said(form))
    assert PRESETS[name].says in said
    assert PRESETS[name].reported in said
    changed = {"init"} if PRESETS[name].config.init == "hub" else set()  # no hub is in reach here
    [table] = [frame.value for frame in form.dataframe if "Preset" in frame.value] or [difference_table([])]
    assert set(table["Field"]) == changed
    assert _button(form, "Start training").disabled is False


def test_what_differs_stands_in_a_table_and_can_be_taken_back(form):
    form.number_input(key=key_of("quick", "epochs")).set_value(7)
    form.number_input(key=key_of("quick", "mixup")).set_value(0.2)
    form.run()
    [table] = [frame.value for frame in form.dataframe if "Preset" in frame.value]
    assert table.to_dict("records") == [
        {"Field": "epochs", "Preset": "18", "Here": "7"},
        {"Field": "mixup", "Preset": "0", "Here": "0.2"},
    ]
    _button(form, "Back to the preset").click().run()
    assert not form.exception
    assert form.number_input(key=key_of("quick", "epochs")).value == 18
    assert "Exactly the preset quick." in _said(form)


def test_what_was_changed_in_a_preset_is_still_there_after_a_look_at_another(form):
    form.number_input(key=key_of("quick", "epochs")).set_value(7).run()
    form.selectbox(key=state.PRESET).select("best").run()
    assert form.number_input(key=key_of("best", "epochs")).value == PRESETS["best"].config.epochs
    form.selectbox(key=state.PRESET).select("quick").run()
    assert form.number_input(key=key_of("quick", "epochs")).value == 7
    form.switch_page("home/page.py").run()
    form.switch_page("training/page.py").run()
    assert form.number_input(key=key_of("quick", "epochs")).value == 7


def test_a_run_is_made_of_settings_from_anywhere_on_the_form(form, started):
    form.number_input(key=key_of("quick", "batch_size")).set_value(8)
    form.number_input(key=key_of("quick", "erase")).set_value(0.25)
    form.selectbox(key=key_of("quick", "loss")).select("focal")
    form.toggle(key=key_of("quick", "class_weights")).set_value(True)
    form.run()
    _button(form, "Start training").click().run()
    assert not form.exception
    [run] = started
    base = PRESETS["quick"].config.to_json()
    changed = {name: value for name, value in run.record.config.items() if value != base[name]}
    assert changed.pop("positive") == "COVID"
    assert changed == {"batch_size": 8, "erase": 0.25, "loss": "focal", "class_weights": True}


def test_a_value_that_cannot_be_is_told_once_in_a_line_and_nothing_starts(form):
    form.text_input(key=key_of("quick", "join")).set_value("sick").run()
    [line] = [plain(error.value) for error in form.error]
    assert line.startswith("expected join to be NAME=CLASS+CLASS")
    assert _button(form, "Start training").disabled


def test_joined_classes_are_those_that_one_of_can_be_positive(form):
    form.text_input(key=key_of("quick", "join")).set_value("sick=COVID; well=non-COVID").run()
    assert not form.exception
    assert next(box for box in form.selectbox if box.label == "Positive class").options == ["sick", "well"]


def test_a_published_recipe_without_its_weights_is_called_another_recipe(form):
    form.selectbox(key=state.PRESET).select("keras-notebook").run()
    [warning] = [plain(item.value) for item in form.warning]
    assert warning == (
        "keras-notebook without pretrained weights is another recipe: what its authors reported does not speak of it."
    )
    form.selectbox(key=state.FIRST_WEIGHTS + "keras-notebook").select("hub").run()
    assert not form.warning
    assert "Exactly the preset keras-notebook." in _said(form)


def test_with_the_hub_in_reach_a_preset_begins_as_it_says(app, tiny_dataset, monkeypatch):
    monkeypatch.setattr(cached, "hub_is_reachable", lambda: True)
    at = app("training/page.py", query={"data": str(tiny_dataset)})
    _button(at, "Check this folder").click().run()
    assert next(box for box in at.selectbox if box.label == "First weights").value == "scratch"  # quick
    at.selectbox(key=state.PRESET).select("transfer").run()
    assert next(box for box in at.selectbox if box.label == "First weights").value == "hub"
    assert "Exactly the preset transfer." in _said(at)


def test_settings_that_only_one_side_has_differ():
    assert differences({"a": 1, "gone": 2}, {"a": 1, "new": True}) == [("new", None, True), ("gone", 2, None)]
    assert difference_table([("new", None, True), ("lr", 1e-5, ""), ("gone", 2, None)]).to_numpy().tolist() == [
        ["new", "not there", "yes"],
        ["lr", "1e-05", "empty"],
        ["gone", "2", "not there"],
    ]


def test_a_line_of_what_differs_names_six_settings_at_most():
    changed = [(f"field{number}", 0, number) for number in range(8)]
    assert difference_line(changed[:2]) == "field0 0, field1 1"
    assert difference_line(changed) == f"{difference_line(changed[:6])} and 2 more"
    assert difference_line([]) == ""
