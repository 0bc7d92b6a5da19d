import errno
import json
from collections.abc import Callable

import pytest
from tiny_sweeps import asked, finished, made_up_run, short_sweep

from core.errors import ConfigError, DatasetError, RequestError, WorkError
from core.files import write_whole
from core.runs import Run, create_run, list_runs, read_run
from core.sweeps import status as status_module
from core.sweeps.rule import standing
from core.sweeps.status import at_work, request_stop, start_in_background, stop_is_requested, sweep_status
from core.sweeps.sweep import Sweep
from core.sweeps.table import trials_table
from core.sweeps.trials import name_run, read_trials, tell_finished
from core.sweeps.working import run_sweep
from core.training import jobs

SCORES = {"val covid": [0.9, 0.8], "val normal": [0.2, 0.1]}
Executed = Callable[[Callable[[Run], Run]], list[Run]]


@pytest.fixture
def executing(monkeypatch) -> Executed:
    """Trains by what a test says instead; gives the runs it was asked for."""

    def by(train: Callable[[Run], Run]) -> list[Run]:
        runs: list[Run] = []

        def execute(run: Run, *, told) -> Run:
            runs.append(run)
            with jobs.claimed(run):
                told("training", 0.5, "some words")
                return train(run)

        monkeypatch.setattr("core.training.execute.execute", execute)
        return runs

    return by


@pytest.fixture
def sweep(tmp_path) -> Sweep:
    return short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2,3")


def test_every_trial_becomes_an_ordinary_run_that_names_its_sweep(sweep, executing):
    runs = executing(lambda run: finished(run, SCORES))
    told = []
    run_sweep(sweep, told=lambda *words: told.append(words))
    assert sorted(run.record.config["epochs"] for run in runs) == [1, 2, 3]
    assert {run.record.sweep for run in runs} == {sweep.id}
    assert {run.record.preset for run in runs} == {"quick"}
    assert all(run.record.preset_config == sweep.preset_config for run in runs)
    assert sorted(trials_table(sweep)["run"]) == sorted(run.id for run in runs)
    assert told[0] == ("trial 1 of 3: training", 0.5, "some words")
    assert (sweep_status(sweep).status, sweep_status(sweep).finished) == ("finished", 3)
    run_sweep(sweep)
    assert len(runs) == 3


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConfigError("expected a smaller\nbatch"), "expected a smaller batch"),
        (ValueError("no luck"), "ValueError: no luck; see the run's log.txt"),
    ],
)
def test_a_trial_that_fails_is_noted_with_its_reason_and_the_next_begins(sweep, executing, error, words):
    def train(run: Run) -> Run:
        if run.record.config["epochs"] == 2:
            raise error
        return finished(run, SCORES)

    executing(train)
    run_sweep(sweep)
    (failed,) = [trial for trial in read_trials(sweep) if trial.state == "failed"]
    assert (failed.error, failed.values) == (words, {"epochs": 2})
    status = sweep_status(sweep)
    assert (status.status, status.finished, status.failed) == ("finished", 2, 1)
    assert status.says == "Trials looked at on validation: 2 of 3; failed: 1."
    log = sweep.runs_folder / failed.run / "log.txt"
    assert ("Traceback" in log.read_text()) if isinstance(error, ValueError) else not log.exists()


def test_a_sweep_whose_trials_all_failed_failed(sweep, executing):
    executing(lambda run: (_ for _ in ()).throw(ConfigError("expected more scans")))
    run_sweep(sweep)
    status = sweep_status(sweep)
    assert (status.status, status.error) == ("failed", "every trial failed, the first so: expected more scans")


def test_a_trial_that_cannot_be_ranked_failed(sweep, executing):
    executing(lambda run: finished(run, {"val covid": [0.9], "val normal": [1.0]}))
    run_sweep(sweep)
    assert "found more than that of the other scans at score 1" in sweep_status(sweep).error


def test_a_dataset_that_cannot_be_used_ends_the_sweep_and_no_trial_is_lost(sweep, executing):
    def refuse(run: Run) -> Run:
        raise DatasetError("expected scans, found none")

    executing(refuse)
    with pytest.raises(DatasetError):
        run_sweep(sweep)
    assert (sweep_status(sweep).status, sweep_status(sweep).error) == ("failed", "expected scans, found none")
    executing(lambda run: finished(run, SCORES))
    run_sweep(sweep)
    assert sweep_status(sweep).finished == 3
    assert len(list_runs(sweep.runs_folder)[0]) == 3


def test_a_full_disk_ends_the_sweep_and_costs_it_no_trial(sweep, executing):
    def no_space(run: Run) -> Run:
        write_whole(run.folder / "resume.pt", no_room)

    def no_room(_path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    runs = executing(no_space)
    with pytest.raises(WorkError, match="No space left on device"):
        run_sweep(sweep)
    assert len(runs) == 1
    assert sweep_status(sweep).status == "failed"
    executing(lambda run: finished(run, SCORES))
    run_sweep(sweep)
    assert (sweep_status(sweep).finished, sweep_status(sweep).failed) == (3, 0)


def test_a_trial_that_ends_while_another_process_looks_is_not_taken_up_again(sweep, executing, monkeypatch):
    runs = executing(lambda run: finished(run, SCORES))
    theirs = asked(sweep)
    before = read_trials(sweep)
    done = made_up_run(sweep, SCORES)
    name_run(sweep, theirs, done.id)
    tell_finished(sweep, theirs, standing(done, sweep.rule))
    looks = iter([before])
    monkeypatch.setattr("core.sweeps.working.read_trials", lambda sweep: next(looks, None) or read_trials(sweep))
    run_sweep(sweep)
    assert len(runs) == 2
    assert sweep_status(sweep).finished == 3


def test_trials_on_changed_data_are_not_compared(sweep, executing):
    data = iter(["as it was", "changed", "as it was"])
    executing(lambda run: finished(run, SCORES, data=next(data)))
    run_sweep(sweep)
    assert [trial.state for trial in read_trials(sweep)] == ["finished", "failed", "finished"]
    assert "changed since the first trial" in read_trials(sweep)[1].error


def test_a_trial_left_without_a_run_gets_one(sweep, executing):
    left = asked(sweep)
    runs = executing(lambda run: finished(run, SCORES))
    run_sweep(sweep)
    assert runs[0].record.config["epochs"] == left.values["epochs"]
    assert len(runs) == 3


def test_a_run_that_nobody_could_name_any_more_is_the_trials(sweep, executing):
    left = asked(sweep)
    config = sweep.config.to_json() | dict(left.values)
    lost = create_run(sweep.runs_folder, config=config, data=sweep.data, sweep=sweep.id)
    runs = executing(lambda run: finished(run, SCORES))
    run_sweep(sweep)
    assert runs[0].id == lost.id
    assert len(list_runs(sweep.runs_folder)[0]) == 3


def test_a_run_that_finished_before_it_could_be_told_of_is_not_trained_again(sweep, executing):
    left = asked(sweep)
    done = made_up_run(sweep, SCORES)
    name_run(sweep, left, done.id)
    runs = executing(lambda run: finished(run, SCORES))
    run_sweep(sweep)
    assert done.id not in {run.id for run in runs}
    assert len(runs) == 2
    assert sweep_status(sweep).finished == 3


def test_a_trial_at_work_elsewhere_is_left_to_who_works_on_it(sweep, executing):
    from core.sweeps.working import _claimed_trial

    runs = executing(lambda run: finished(run, SCORES))
    with _claimed_trial(sweep) as theirs:
        run_sweep(sweep)
        assert len(runs) == 2
        assert [trial.state for trial in read_trials(sweep)] == ["running", "finished", "finished"]
    run_sweep(sweep)
    assert runs[-1].record.config["epochs"] == theirs.values["epochs"]


def test_a_stop_of_the_sweep_stops_its_run_and_going_on_takes_it_up(sweep, executing):
    def stopped(run: Run) -> Run:
        request_stop(sweep)
        assert jobs.stop_is_requested(run)
        return run.updated(status="stopped")

    first = executing(stopped)
    run_sweep(sweep)
    assert (sweep_status(sweep).status, len(first)) == ("stopped", 1)
    runs = executing(lambda run: finished(run, SCORES))
    run_sweep(sweep)
    assert runs[0].id == first[0].id
    assert not stop_is_requested(sweep)
    assert sweep_status(sweep).finished == 3


def test_a_stop_that_came_before_the_run_was_at_work_reaches_it(sweep, monkeypatch):
    def execute(run: Run, *, told) -> Run:
        (sweep.folder / status_module.STOP_REQUEST).touch()
        with jobs.claimed(run):
            told("waiting", 0.0, "")
            assert jobs.stop_is_requested(run)
            return run.updated(status="stopped")

    monkeypatch.setattr("core.training.execute.execute", execute)
    run_sweep(sweep)
    assert sweep_status(sweep).status == "stopped"


def test_a_run_that_somebody_stopped_alone_is_passed_over(sweep, executing):
    executing(lambda run: run.updated(status="stopped") if run.record.config["epochs"] == 1 else finished(run, SCORES))
    run_sweep(sweep)
    (failed,) = [trial for trial in read_trials(sweep) if trial.state == "failed"]
    assert failed.error == "somebody stopped its run"
    assert sweep_status(sweep).finished == 2


def test_the_keyboard_stops_a_sweep_and_no_trial_is_lost(sweep, executing):
    def interrupted(run: Run) -> Run:
        raise KeyboardInterrupt

    executing(interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(sweep)
    assert sweep_status(sweep).status == "stopped"
    assert read_trials(sweep)[0].state == "running"


def test_nobody_at_work_is_nobody_to_stop(sweep, executing):
    executing(lambda run: finished(run, SCORES))
    run_sweep(sweep)
    with pytest.raises(RequestError, match=r"expected a sweep at work to stop, found .* finished"):
        request_stop(sweep)


def test_a_sweep_that_is_being_stopped_is_not_gone_on_with(sweep):
    with at_work(sweep):
        assert sweep_status(sweep).status == "running"
        request_stop(sweep)
        with pytest.raises(RequestError, match="it is being stopped; wait until it has"):
            run_sweep(sweep)
        with pytest.raises(RequestError, match="it is being stopped"):
            start_in_background(sweep)


def test_a_killed_sweep_is_found_out(sweep):
    with at_work(sweep):
        pass
    assert sweep_status(sweep).status == "failed"
    assert "ended without a word" in sweep_status(sweep).error


def test_a_sweep_is_queued_until_its_process_is_there_and_a_stop_meanwhile_holds(sweep, executing, monkeypatch):
    commands = []
    monkeypatch.setattr(status_module, "start_command", lambda command, **where: commands.append(command) or 1)
    start_in_background(sweep)
    assert commands == [["sweep", str(sweep.folder), "--background"]]
    assert sweep_status(sweep).status == "queued"
    request_stop(sweep)
    runs = executing(lambda run: finished(run, SCORES))
    run_sweep(sweep)
    assert (runs, sweep_status(sweep).status) == ([], "stopped")
    progress = sweep.folder / "status.json"
    progress.write_text(json.dumps({"phase": "starting", "time": "2020-01-01T00:00:00+00:00"}))
    assert sweep_status(sweep).status == "failed"


def test_how_many_are_wanted_may_change_while_a_process_is_at_work(sweep, executing):
    def train(run: Run) -> Run:
        sweep.with_trials(2)
        return finished(run, SCORES)

    runs = executing(train)
    run_sweep(sweep)
    assert len(runs) == 2


def test_a_run_that_somebody_removed_is_trained_anew(sweep, executing):
    name_run(sweep, asked(sweep), "20200101-000000-gone-0000")
    executing(lambda run: finished(run, SCORES))
    run_sweep(sweep)
    assert all(read_run(sweep.runs_folder / trial.run) for trial in read_trials(sweep))
