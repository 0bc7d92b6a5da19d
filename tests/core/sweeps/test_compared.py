import shutil
from dataclasses import replace

import pandas as pd
import pytest
from tiny_sweeps import SHORT, asked, short_sweep

from core.errors import RequestError, RunDamagedError
from core.evaluation.decision.rules import Cost, MaxFnr, MaxFpr, Zones
from core.runs import create_run
from core.sweeps.compared import networks_compared, over_the_choice
from core.training.config import TrainingConfig

SPLIT_BY_GROUP = (("train", "a"), ("train", "b"), ("val", "c"), ("test", "d"))


def with_scans(run, scans=SPLIT_BY_GROUP):
    """The run, finished, with predictions for a scan of each split and group."""
    table = pd.DataFrame(scans, columns=["split", "group"])
    table = table.assign(path=[f"{row}.png" for row in range(len(table))], label="yes", yes=0.5, no=0.5)
    table.to_parquet(run.folder / "predictions.parquet", index=False)
    return run.updated(status="finished", classes=("yes", "no"), positive="yes")


def run_with(folder, scans=SPLIT_BY_GROUP, **settings):
    config = replace(TrainingConfig(), **settings)
    return with_scans(create_run(folder, config=config.to_json(), data=folder), scans)


def trial_of(sweep):
    run = create_run(sweep.runs_folder, config=sweep.config.to_json(), data=sweep.data, sweep=sweep.id)
    return with_scans(run)


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
    assert over_the_choice(run_with(tmp_path, epochs=7), rule) == replace(rule, networks=7)


def test_a_run_that_began_with_anothers_weights_might_have_begun_with_those_of_any_of_its_epochs(tmp_path):
    first = run_with(tmp_path, epochs=5)
    second = run_with(tmp_path, init=first.id, epochs=3)
    assert networks_compared(second) == 15
    assert networks_compared(run_with(tmp_path, init=str(second.folder), epochs=1, best_by="last")) == 15
    shutil.rmtree(first.folder)
    with pytest.raises(RequestError, match=f"began with the weights of {first.id}, which is not here"):
        networks_compared(second)
    weights = tmp_path / "of-others.safetensors"
    weights.write_bytes(b"")
    assert networks_compared(run_with(tmp_path, init=str(weights), epochs=3)) == 3


def test_nothing_is_promised_on_groups_that_training_has_seen(tmp_path):
    run = run_with(tmp_path, (*SPLIT_BY_GROUP, ("val", "a")))
    with pytest.raises(RequestError, match="1 group lies in its training split and in validation"):
        over_the_choice(run, MaxFnr(0.1, 0.95))
    assert over_the_choice(run, MaxFnr(0.1)) == MaxFnr(0.1)
    tested_on_it = run_with(tmp_path, (*SPLIT_BY_GROUP, ("test", "a")))
    assert over_the_choice(tested_on_it, MaxFnr(0.1, 0.95)).networks > 1


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
