import json
import shutil

import pandas as pd
import pytest
from tiny_sweeps import asked, failed, short_sweep, told_of

from core.errors import RequestError, RunDamagedError
from core.results import split_results
from core.runs import read_run
from core.sweeps.opening import open_test, opened_test, sweep_words
from core.sweeps.rule import Rule
from core.sweeps.status import at_work, sweep_status
from core.sweeps.sweep import Sweep
from core.sweeps.table import trials_table
from core.sweeps.trials import read_trials
from core.sweeps.working import run_sweep

GOOD = {"val covid": [0.9, 0.8], "val normal": [0.2, 0.1], "test covid": [0.9, 0.4], "test normal": [0.1, 0.5]}
BAD = {"val covid": [0.9, 0.3], "val normal": [0.2, 0.4], "test covid": [0.9, 0.8], "test normal": [0.1, 0.2]}


@pytest.fixture
def over(tmp_path) -> Sweep:
    """Three trials, the first bad on validation though the best on test, the second failed, the third good."""
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2,3", rule=Rule(threshold=0.45))
    told_of(sweep, BAD)
    failed(sweep)
    told_of(sweep, GOOD)
    return sweep


def test_the_winner_is_the_best_on_validation_whatever_test_says(over):
    opened = open_test(over)
    assert opened.run == trials_table(over)["run"][0]
    assert (opened.trials_looked_at, opened.trials_failed, opened.threshold) == (2, 1, 0.45)
    results = split_results(read_run(over.runs_folder / opened.run), "test")
    assert opened.test == results.evaluated(0.45).to_json()
    assert opened.test["fnr"]["value"] == 0.5
    assert "is the best of 2 trials by validation FNR at the threshold 0.45" in opened.says


def test_test_is_opened_once(over):
    assert opened_test(over) is None
    opened = open_test(over)
    path = over.runs_folder / opened.run / "predictions.parquet"
    table = pd.read_parquet(path)
    table["covid"], table["normal"] = table["normal"], table["covid"]
    table.to_parquet(path, index=False)
    assert open_test(over).test == opened_test(over).test == json.loads(json.dumps(opened.test))


@pytest.mark.parametrize("left", ["not asked for", "running"])
def test_test_stays_closed_while_trials_are_left(tmp_path, left):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    told_of(sweep, GOOD)
    if left == "running":
        asked(sweep)
    with pytest.raises(RequestError, match=r"expected all 2 trials .* to be over .* found 1; .* --trials 1"):
        open_test(sweep)
    assert opened_test(sweep) is None


def test_test_stays_closed_while_somebody_is_at_work(over):
    with at_work(over), pytest.raises(RequestError, match="found a process at work on it; wait, or stop it"):
        open_test(over)


def test_who_is_content_with_fewer_trials_opens_test_of_those_and_no_trial_is_gone_on_with(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    told_of(sweep, GOOD)
    asked(sweep)  # and left behind by a process that was stopped
    sweep = sweep.with_trials(1)
    run_sweep(sweep)
    assert sweep_status(sweep).status == "finished"
    assert open_test(sweep).trials_looked_at == 1
    run_sweep(sweep)
    assert [trial.state for trial in read_trials(sweep)] == ["finished", "running"]


def test_without_a_finished_trial_there_is_nothing_to_open(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1")
    failed(sweep)
    with pytest.raises(RequestError, match="found none"):
        open_test(sweep)


def test_a_winner_without_a_test_split_says_so(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1")
    told_of(sweep, {key: values for key, values in GOOD.items() if key.startswith("val")})
    with pytest.raises(RequestError, match="found 'test', which has no scans"):
        open_test(sweep)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"opened": 1'])
def test_damaged_figures_are_said_in_one_line(over, text):
    (over.folder / "opened.json").write_text(text)
    with pytest.raises(RunDamagedError, match="restore the file"):
        opened_test(over)


def test_figures_of_a_trial_are_called_exploratory_but_for_the_winners_once_opened(over):
    runs = [read_run(over.runs_folder / name) for name in trials_table(over)["run"] if name]
    assert all(sweep_words(run).startswith(f"One of 3 trials of sweep {over.id}") for run in runs)
    opened = open_test(over)
    said = {run.id: sweep_words(run) for run in runs}
    assert said.pop(opened.run) == opened.says
    assert said
    assert all("its test figures are exploratory" in words for words in said.values())


def test_a_trial_copied_away_from_its_sweep_is_still_called_one(over, tmp_path):
    name = trials_table(over)["run"][0]
    shutil.copytree(over.runs_folder / name, tmp_path / "elsewhere" / name)
    assert "which is not here" in sweep_words(read_run(tmp_path / "elsewhere" / name))


def test_a_run_of_no_sweep_needs_no_such_words(own_run):
    assert sweep_words(own_run) == ""
