"""Sweeps as people start them: real trainings, real processes, killed and shared."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from tiny_sweeps import SHORT, short_sweep
from tiny_trainings import (
    ROOT,
    TINY,
    call,
    ended,
    epochs_done,
    kill_group,
    only_run,
    says_one_line,
    started,
    wait_until,
)

from core.runs import list_runs, read_history
from core.sweeps.status import sweep_status
from core.sweeps.sweep import list_sweeps
from core.sweeps.table import trials_table
from core.sweeps.trials import read_trials


def sweep_arguments(data: Path, runs: Path, *vary: str, **settings: object) -> list[str]:
    varied = [part for pair in vary for part in ("--vary", pair)]
    names = {pair.partition("=")[0] for pair in vary}
    fixed = [part for name, value in settings.items() if name not in names for part in ("--set", f"{name}={value}")]
    return ["sweep", str(data), "--preset", "quick", *varied, *fixed, "--runs", str(runs), "--json"]


def test_a_grid_from_the_command_line_to_the_winners_test_figures(scans, tmp_path, capsys):
    runs = tmp_path / "runs"
    begun = call(sweep_arguments(scans, runs, "batch_size=8,4000", **SHORT), capsys)
    assert begun.status == 0, begun.stderr
    facts = begun.facts
    assert (facts["status"], facts["wanted"], facts["looked_at"], facts["failed"]) == ("finished", 2, 1, 1)
    assert facts["opened"] is None
    assert not any("test" in name for trial in facts["trials"] for name in trial)
    good, bad = facts["trials"]
    assert (good["rank"], good["batch_size"], good["epochs_trained"]) == (1, 8, 2)
    assert good["val_fnr_low"] <= good["val_fnr"] <= good["val_fnr_high"]
    assert (bad["rank"], bad["batch_size"], bad["status"]) == (None, 4000, "failed")
    assert "choose a smaller one" in bad["error"]
    assert facts["winner"] == good["run"]
    assert {run.record.sweep for run in list_runs(runs)[0]} == {facts["sweep"]}

    again = call(["sweep", facts["sweep"], "--runs", runs, "--open-test", "--json"], capsys).facts
    assert again["trials"] == facts["trials"]
    assert (again["opened"]["run"], again["opened"]["trials_looked_at"]) == (good["run"], 1)
    assert again["opened"]["test"]["split"] == "test"
    lines = call(["sweep", facts["sweep"], "--runs", runs], capsys).stdout
    assert "Trials looked at on validation: 1 of 2; failed: 1." in lines
    assert "is the best of 1 trial by validation FNR at the threshold that gives at most 10 % false alarms" in lines


def test_a_trial_is_trained_as_the_same_config_is_alone(trained, scans, tmp_path, capsys):
    begun = call(sweep_arguments(scans, tmp_path / "runs", f"epochs={TINY['epochs']}", **TINY), capsys)
    assert begun.status == 0, begun.stderr
    (own,) = list_runs(tmp_path / "runs")[0]
    assert own.record.config == trained.run.record.config
    assert own.weights_path.read_bytes() == trained.run.weights_path.read_bytes()


def test_a_sweep_killed_in_mid_trial_goes_on_with_that_trial_from_its_last_epoch(scans, tmp_path, capsys):
    runs = tmp_path / "runs"
    arguments = sweep_arguments(scans, runs, "learning_rate=1e-3,2e-3", **TINY | {"epochs": 30, "patience": 30})
    with started(arguments) as process:
        wait_until(lambda: epochs_done(runs) >= 3, process)
        kill_group(process)
    (sweep,), _ = list_sweeps(runs)
    before = read_history(only_run(runs))
    assert (sweep_status(sweep).status, read_trials(sweep)[0].state) == ("failed", "running")
    sweep = sweep.with_trials(1)

    again = call(["sweep", str(sweep.folder), "--json"], capsys)
    assert again.status == 0, again.stderr
    (trial,) = again.facts["trials"]
    assert (trial["run"], trial["epochs_trained"]) == (only_run(runs).id, 30)
    after = read_history(only_run(runs))
    pd.testing.assert_frame_equal(after.head(len(before)), before)  # seconds too: not one epoch was trained again


def test_two_processes_share_the_trials_and_none_is_trained_twice(scans, tmp_path):
    runs = tmp_path / "runs"
    sweep = short_sweep(scans, runs, "learning_rate=1e-3,2e-3,3e-3", "flip=true,false")
    arguments = ["sweep", str(sweep.folder), "--json"]
    with started(arguments) as first, started(arguments) as second:
        both = [ended(first), ended(second)]
    assert [one.status for one in both] == [0, 0], both[0].stderr + both[1].stderr
    table = trials_table(sweep)
    assert table["status"].tolist() == ["finished"] * 6
    assert len(table[["learning_rate", "flip"]].drop_duplicates()) == 6
    assert sorted(table["run"]) == sorted(run.id for run in list_runs(runs)[0])
    told = [{line.split(":")[0] for line in one.stderr.splitlines() if line.endswith("checking scans")} for one in both]
    assert told[0]
    assert told[1]
    assert not told[0] & told[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sweep", "{nowhere}"], "expected a dataset's folder, or a sweep's folder or id"),
        (["sweep", "{data}", "--preset", "quick"], "expected the preset quick to say what to vary"),
        (["sweep", "{data}", "--vary", "dropout=0,2"], "expected dropout between 0.0 and 0.95"),
        (["sweep", "{data}", "--vary", "epochs=1,2", "--set", "epochs=3"], "expected epochs either fixed or varied"),
        (["sweep", "{data}", "--trials", "0"], "expected at least one trial"),
        (["sweep", "{data}", "--max-fpr", "1"], "from 0 up to but not 1"),
        (["sweep", "{data}", "--max-fpr", "0.1", "--threshold", "0.5"], "not allowed with argument"),
        (["sweep", "{sweep}", "--preset", "light"], "to go on as it was begun"),
        (["sweep", "{sweep}", "--vary", "epochs=1,2"], "to go on as it was begun"),
        (["sweep", "{sweep}", "--threshold", "0.5"], "to go on as it was begun"),
    ],
)
def test_a_wrong_request_is_told_in_one_line_and_begins_nothing(tmp_path, capsys, arguments, words):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    places = {"data": tmp_path, "nowhere": tmp_path / "nowhere", "sweep": sweep.folder}
    refused = call([*(text.format(**places) for text in arguments), "--runs", tmp_path / "runs"], capsys)
    assert refused.status == 2
    assert says_one_line(refused.stderr)
    assert words in refused.stderr
    assert list_sweeps(tmp_path / "runs")[0] == [sweep]


def test_the_command_line_begins_without_optuna():
    code = "import sys, core.parser; print(*sorted({'optuna', 'sqlalchemy', 'scipy', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
