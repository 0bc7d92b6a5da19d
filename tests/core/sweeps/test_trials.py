import itertools
import sqlite3
from contextlib import closing

import pytest
from tiny_sweeps import asked, failed, made_up_run, short_sweep, told_of

from core.errors import WorkError
from core.sweeps.rule import Rule, standing
from core.sweeps.table import MEASURED, ranked, trials_table, winner
from core.sweeps.trials import Trial, ask, asking, completed, read_trials, tell_finished

BEST = {"val covid": [0.9, 0.8], "val normal": [0.2, 0.1]}
CLOSE = {"val covid": [0.9, 0.8], "val normal": [0.1, 0.85]}  # at 0.5 it misses none either, but its AUC is lower
WORST = {"val covid": [0.9, 0.3], "val normal": [0.2, 0.1]}


def told_in_turn(sweep, scores):
    values = []
    for some in scores:
        trial = asked(sweep)
        values.append(dict(trial.values))

        tell_finished(sweep, trial, standing(made_up_run(sweep, some), sweep.rule))
    return values


def test_a_grid_tries_every_combination_once_and_no_more(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "batch_size=4,8", "flip=true,false", "learning_rate=1e-3,1e-2")
    values = [asked(sweep).values for _ in range(8)]
    whole = itertools.product((4, 8), (True, False), (1e-3, 1e-2))
    assert sorted((v["batch_size"], v["flip"], v["learning_rate"]) for v in values) == sorted(whole)
    with asking(sweep):
        assert ask(sweep) is None


def test_no_trial_is_there_before_one_is_asked_for(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    assert read_trials(sweep) == ()
    assert winner(sweep) is None
    assert not sweep.trials_path.exists()
    assert list(trials_table(sweep).columns) == ["rank", "trial", "status", "epochs", *MEASURED, "run", "error"]


def test_values_are_drawn_from_the_ranges_and_are_of_the_fields_kind(tmp_path):
    sweep = short_sweep(
        tmp_path, tmp_path / "runs", "learning_rate=1e-4..1e-2", "epochs=5..20", "flip=true,false", trials=3
    )
    for _ in range(3):
        values = asked(sweep).values
        assert 1e-4 <= values["learning_rate"] <= 1e-2
        assert type(values["epochs"]) is int
        assert 5 <= values["epochs"] <= 20
        assert type(values["flip"]) is bool


def test_the_same_seed_and_answers_give_the_same_trials_and_another_seed_others(tmp_path):
    scores = [BEST, WORST, CLOSE, BEST] * 3  # beyond the first ten, which are drawn at random
    first, again, other = (
        told_in_turn(
            short_sweep(tmp_path, tmp_path / "runs", "learning_rate=1e-4..1e-2", trials=12, seed=seed), scores[:count]
        )
        for seed, count in ((0, 12), (0, 12), (1, 2))
    )
    assert first == again
    assert not any(values in first for values in other)
    assert len({values["learning_rate"] for values in first}) == 12


def test_a_trial_whose_asker_died_over_its_values_gets_the_rest(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=5..20", "flip=true,false", trials=1)
    values = dict(asked(sweep).values)
    with closing(sqlite3.connect(sweep.trials_path)) as database, database:
        database.execute("DELETE FROM trial_params WHERE param_name = 'flip'")
    (torn,) = read_trials(sweep)
    assert torn.values == {"epochs": values["epochs"]}
    with asking(sweep):
        whole = completed(sweep, torn)
    assert whole.values["epochs"] == values["epochs"]
    assert type(whole.values["flip"]) is bool
    assert read_trials(sweep) == (whole,)


def test_a_grid_trial_whose_asker_died_keeps_its_combination(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=5,6,7", "flip=true,false")
    trial = asked(sweep)
    with closing(sqlite3.connect(sweep.trials_path)) as database, database:
        database.execute("DELETE FROM trial_params")
    with asking(sweep):
        assert completed(sweep, read_trials(sweep)[0]) == trial


def test_the_ranking_is_by_misses_then_auc_then_epochs_then_order(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "batch_size=2,3,4,5,6,7,8", rule=Rule(threshold=0.5))
    worst = told_of(sweep, WORST)
    failed(sweep)
    close = told_of(sweep, CLOSE)
    long, short, late = told_of(sweep, BEST, epochs=9), told_of(sweep, BEST, epochs=2), told_of(sweep, BEST, epochs=9)
    left = asked(sweep)
    order = [short, long, late, close, worst]
    assert [trial.run for trial in ranked(read_trials(sweep))] == [run.id for run in order]
    assert winner(sweep).run == short.id
    table = trials_table(sweep)
    assert table["rank"].tolist()[:5] == [1, 2, 3, 4, 5]
    assert table["rank"].isna().tolist() == [False] * 5 + [True] * 2
    assert table["status"].tolist() == ["finished"] * 5 + ["running", "failed"]
    assert table["run"].tolist()[:5] == [run.id for run in order]
    assert table["epochs_trained"].tolist()[:5] == [2, 9, 9, 3, 3]
    assert table["val_fnr"].tolist()[:5] == [0, 0, 0, 0, 0.5]
    assert table["error"].tolist()[-1] == "it did not work"
    assert table["trial"].tolist()[-2:] == [left.number + 1, 2]


def test_readers_do_not_wait_for_writers(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    asked(sweep)
    with closing(sqlite3.connect(sweep.trials_path)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        database.execute("BEGIN IMMEDIATE")  # as a writer does
        assert len(read_trials(sweep)) == 1


def test_a_damaged_database_is_said_in_one_line(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    sweep.trials_path.write_bytes(b"no database" * 1000)
    with pytest.raises(WorkError, match="but the database refused") as caught:
        read_trials(sweep)
    assert "\n" not in str(caught.value)


def test_trials_say_nothing_on_standard_error(tmp_path, capfd):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    told_of(sweep, BEST)
    failed(sweep)
    assert isinstance(read_trials(sweep)[0], Trial)
    assert capfd.readouterr() == ("", "")
