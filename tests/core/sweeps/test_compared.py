import shutil
from dataclasses import replace

import pytest
from tiny_sweeps import SHORT, asked, short_sweep

from core.errors import RequestError, RunDamagedError
from core.evaluation.decision.rules import Cost, MaxFnr, MaxFpr, Zones
from core.runs import create_run
from core.sweeps.compared import networks_compared, over_the_choice
from core.training.config import TrainingConfig


def trial_of(sweep):
    return create_run(sweep.runs_folder, config=sweep.config.to_json(), data=sweep.data, sweep=sweep.id)


@pytest.mark.parametrize(("best_by", "networks"), [("val_loss", 20), ("last", 1)])
def test_every_epoch_that_was_asked_for_is_a_network_unless_the_last_is_taken(tmp_path, best_by, networks):
    config = replace(TrainingConfig(), epochs=20, best_by=best_by)
    assert networks_compared(create_run(tmp_path, config=config.to_json(), data=tmp_path)) == networks


@pytest.mark.parametrize(
    ("vary", "trials", "networks"),
    [("learning_rate=1e-4..1e-2", 7, 7 * SHORT["epochs"]), ("epochs=3,5", None, 2 * 5), ("epochs=3..9", 4, 4 * 9)],
)
def test_a_sweep_multiplies_by_its_trials(tmp_path, vary, trials, networks):
    sweep = short_sweep(tmp_path, tmp_path / "runs", vary, trials=trials)
    assert networks_compared(trial_of(sweep)) == networks


def test_without_its_sweep_nothing_can_be_promised_of_a_trial(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "learning_rate=1e-4..1e-2", trials=3)
    run = trial_of(sweep)
    shutil.rmtree(sweep.folder)
    for rule in (MaxFnr(0.1), Cost(10), Zones(0.1, 0.1)):
        assert over_the_choice(run, rule) == rule
    with pytest.raises(RequestError, match=r"nothing can be promised of run .*: it is one of the trials of sweep"):
        over_the_choice(run, MaxFnr(0.1, 0.95))


@pytest.mark.parametrize(
    "rule", [MaxFnr(0.1, 0.95), MaxFpr(0.1, 0.9), Zones(0.1, 0.2, None, 0.9), Zones(0.1, 0.2, 0.9)]
)
def test_promises_cover_the_choice(tmp_path, rule):
    run = create_run(tmp_path, config=replace(TrainingConfig(), epochs=7).to_json(), data=tmp_path)
    assert over_the_choice(run, rule) == replace(rule, networks=7)


def test_trials_that_were_made_count_though_fewer_are_wanted_by_now(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "learning_rate=1e-4..1e-2", trials=6)
    run = trial_of(sweep)
    for _ in range(4):
        asked(sweep)
    assert sweep.with_trials(1).trials == 1
    assert networks_compared(run) == 4 * SHORT["epochs"]


def test_a_damaged_sweep_is_called_damaged(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "learning_rate=1e-4..1e-2", trials=3)
    run = trial_of(sweep)
    (sweep.folder / "sweep.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunDamagedError):
        networks_compared(run)
