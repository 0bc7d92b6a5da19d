import json

import pytest
from tiny_sweeps import short_sweep, told_of

from core.errors import ConfigError, RequestError, RunDamagedError, RunNotFoundError
from core.runs import list_runs
from core.sweeps.opening import open_test
from core.sweeps.rule import Rule
from core.sweeps.space import parse_space
from core.sweeps.sweep import find_sweep, list_sweeps, new_sweep, read_sweep

SCORES = {"val covid": [0.9, 0.8], "val normal": [0.2, 0.1], "test covid": [0.9, 0.4], "test normal": [0.1, 0.5]}


def test_what_was_asked_for_is_read_back_as_it_was(tmp_path):
    sweep = short_sweep(
        tmp_path, tmp_path / "runs", "learning_rate=1e-4..1e-2", "flip=true,false", trials=7, rule=Rule(max_fpr=0.2)
    )
    assert read_sweep(sweep.folder) == sweep
    assert sweep.sampler == "tpe"
    assert sweep.trials == 7
    assert sweep.ranges == {"learning_rate": True}
    assert json.loads((sweep.folder / "sweep.json").read_text())["id"] == sweep.id


def test_choices_alone_make_a_grid_and_trials_limit_it(tmp_path):
    vary = ("batch_size=4,8,12", "flip=true,false")
    assert short_sweep(tmp_path, tmp_path / "runs", *vary).trials == 6
    assert short_sweep(tmp_path, tmp_path / "runs", *vary, trials=4).trials == 4
    assert short_sweep(tmp_path, tmp_path / "runs", *vary, trials=99).trials == 6
    assert short_sweep(tmp_path, tmp_path / "runs", *vary).sampler == "grid"
    assert short_sweep(tmp_path, tmp_path / "runs", "dropout=0..0.5").trials == 20


def test_without_a_rule_a_tenth_of_false_alarms_is_tolerated(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    assert sweep.rule.says == "validation FNR at the threshold that gives at most 10 % false alarms on validation"


def test_sweeps_are_no_runs_and_found_by_themselves(tmp_path):
    sweeps = [short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2") for _ in range(2)]
    told_of(sweeps[0], SCORES)
    (broken := sweeps[0].folder.parent / "broken").mkdir()
    (broken / "sweep.json").write_text("{")
    runs, problems = list_runs(tmp_path / "runs")
    assert [run.record.sweep for run in runs] == [sweeps[0].id]
    assert problems == []
    found, problems = list_sweeps(tmp_path / "runs")
    assert sorted(found, key=lambda s: s.id) == sorted(sweeps, key=lambda s: s.id)
    assert len(problems) == 1
    assert "begin a new sweep" in problems[0]
    assert list_sweeps(tmp_path / "nowhere") == ([], [])


def test_a_sweep_is_found_by_its_folder_its_id_and_its_beginning(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    for name in (str(sweep.folder), sweep.id, sweep.id[:-1]):
        assert find_sweep(name, tmp_path / "runs") == sweep
    short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    for name in ("", "../runs", "*", "x" * 300, "2"):
        with pytest.raises(RunNotFoundError, match="expected a sweep's folder or its id"):
            find_sweep(name, tmp_path / "runs")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"data": "nowhere"}, RequestError),
        ({"preset": "quickest"}, ConfigError),
        ({"settings": {"epochs": 3}}, ConfigError),
        ({"settings": {"dropout": 3.0}}, ConfigError),
        ({"trials": 0}, ConfigError),
        ({"space": {}}, ConfigError),
    ],
)
def test_what_cannot_be_trained_leaves_no_sweep_behind(tmp_path, changes, error):
    asked = {"data": tmp_path, "preset": "quick", "space": parse_space(["epochs=1,2"])} | changes
    asked["data"] = tmp_path / asked["data"]
    with pytest.raises(error, match="expected"):
        new_sweep(tmp_path / "runs", **asked)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"config": {"epochs": 0}},
        {"space": {"epochs": {}}},
        {"rule": {}},
        {"rule": {"fnr": 1}},
        {"sampler": "best"},
        {"trials": "many"},
        {"settings": 3},
    ],
)
def test_a_damaged_sweep_is_said_in_one_line(tmp_path, change):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    path = sweep.folder / "sweep.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(RunDamagedError, match=r"expected a readable sweep.json.*it is damaged"):
        read_sweep(sweep.folder)


def test_how_many_trials_are_wanted_can_change_until_test_is_opened(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2,3").with_trials(1)
    assert read_sweep(sweep.folder).trials == 1
    told_of(sweep, SCORES)
    open_test(sweep)
    with pytest.raises(RequestError, match="found it opened; begin a new sweep"):
        sweep.with_trials(3)
