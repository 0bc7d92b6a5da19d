"""Sweeps on the training page: begun from the form, watched, stopped, and test opened once."""

import pytest
from conftest import plain

from core.sweeps.opening import opened_test
from core.sweeps.rule import Rule, standing
from core.sweeps.space import parse_space
from core.sweeps.sweep import list_sweeps, new_sweep
from core.sweeps.trials import ask, asking, name_run, tell_failed, tell_finished
from core.training.presets import PRESETS
from pages.shared import cached, state
from pages.training.fields import key_of


@pytest.fixture
def begun(monkeypatch):
    sweeps = []
    monkeypatch.setattr("core.sweeps.status.start_in_background", sweeps.append)
    return sweeps


@pytest.fixture
def form(app, tiny_dataset):
    at = app("training/page.py", query={"data": str(tiny_dataset)})
    _button(at, "Check this folder").click().run()
    at.selectbox(key=state.PRESET).select("fnr-first").run()
    at.session_state[state.SWEEP_FORM_OPEN + "fnr-first"] = True
    at.run()
    assert not at.exception
    return at


@pytest.fixture
def sweep(tiny_run, tmp_path):
    """A sweep over two learning rates: one trial finished, as the tiny run, and one failed."""
    data = tmp_path / "data"
    data.mkdir()
    rule = Rule(max_fpr=0.5)
    made = new_sweep(
        cached.DEFAULT_RUNS, data=data, preset="quick", space=parse_space(["learning_rate=1e-4,1e-3"]), rule=rule
    )
    for number in range(2):
        with asking(made):
            trial = ask(made)
        name_run(made, trial, tiny_run.id)
        if number == 0:
            tell_finished(made, trial, standing(tiny_run, rule))
        else:
            tell_failed(made, trial, "the loss became nan")
    return made


def _button(at, label):
    return next(button for button in at.button if button.label == label)


def _opened(app):
    at = app("training/page.py")
    at.session_state[state.TRAINING_TAB] = "Sweeps"
    at.run()
    assert not at.exception
    return at


def _said(at):
    return [plain(item.value) for kind in (at.caption, at.markdown, at.error) for item in kind]


def test_the_form_of_a_preset_with_a_grid_varies_that(form, begun):
    assert form.multiselect(key=state.SWEEP_FIELDS + "fnr-first").value == list(PRESETS["fnr-first"].grid)
    form.number_input(key=key_of("fnr-first", "dropout")).set_value(0.3)
    form.number_input(key=key_of("fnr-first", "batch_size")).set_value(8)  # varied, so what stands here gives way
    form.run()
    assert "16 combinations in all." in _said(form)
    _button(form, "Start the sweep").click().run()
    assert not form.exception
    [made] = begun
    assert made.trials == 16
    assert made.config.dropout == 0.3
    assert made.rule == Rule(max_fpr=0.1)
    assert set(made.space) == set(PRESETS["fnr-first"].grid)
    assert list_sweeps(cached.DEFAULT_RUNS)[0][0].id == made.id


def test_ranges_and_a_rule_of_ones_own(form, begun):
    form.multiselect(key=state.SWEEP_FIELDS + "fnr-first").set_value(["learning_rate"]).run()
    form.text_input(key=f"{state.SWEEP_VALUES}fnr-first-learning_rate").set_value("1e-4..1e-2").run()
    form.radio(key=state.SWEEP_RULE).set_value("one threshold for all").run()
    next(box for box in form.number_input if box.label == "Trials").set_value(7).run()
    _button(form, "Start the sweep").click().run()
    assert not form.exception
    [made] = begun
    assert (made.trials, made.sampler, made.rule) == (7, "tpe", Rule(threshold=0.5))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ("1e-2..1e-4", "from low to high"),
        ("quick", "to be a number"),
        ("0.001", "Only one value of each"),
    ],
)
def test_values_that_cannot_be_are_told_in_a_line(form, values, says):
    form.multiselect(key=state.SWEEP_FIELDS + "fnr-first").set_value(["learning_rate"]).run()
    form.text_input(key=f"{state.SWEEP_VALUES}fnr-first-learning_rate").set_value(values).run()
    assert not form.exception
    assert any(says in line for line in _said(form))
    assert not any(button.label == "Start the sweep" for button in form.button)


def test_trials_stand_in_a_table_and_a_chart_with_how_many_were_looked_at(app, sweep):
    at = _opened(app)
    [table] = [frame.value for frame in at.dataframe if "val_fnr" in frame.value]
    assert table["status"].tolist() == ["finished", "failed"]
    assert table["error"].tolist()[1] == "the loss became nan"
    assert len(at.get("plotly_chart")) == 1
    assert any("Trials looked at on validation: 1 of 2; failed: 1." in line for line in _said(at))


def test_test_figures_are_opened_once_and_kept(app, sweep):
    at = _opened(app)
    assert not any("Test: missed" in metric.label for metric in at.main.metric)
    _button(at, "Open the winner's test figures (once)").click().run()
    assert not at.exception
    opened = opened_test(sweep)
    assert opened is not None
    assert any(opened.says in line for line in _said(at))
    shown = {metric.label: metric.value for metric in at.main.metric}
    assert shown["Test: missed (FNR)"] == f"{opened.test['fnr']['value']:.1%}"
    assert not any("once" in button.label for button in at.button)


def test_test_stays_shut_while_trials_are_left(app, tiny_run, sweep, begun):
    bigger = new_sweep(
        cached.DEFAULT_RUNS, data=sweep.data, preset="quick", space=parse_space(["epochs=1,2,3"]), rule=sweep.rule
    )
    with asking(bigger):
        trial = ask(bigger)
    name_run(bigger, trial, tiny_run.id)
    tell_finished(bigger, trial, standing(tiny_run, bigger.rule))
    at = _opened(app)
    box = next(box for box in at.selectbox if box.label == "Sweep to watch")
    box.select(bigger.id).run()
    assert _button(at, "Open the winner's test figures (once)").disabled


def test_without_a_sweep_the_page_says_how_to_begin_one(app):
    at = _opened(app)
    assert any("No sweep yet" in info.value for info in at.info)
