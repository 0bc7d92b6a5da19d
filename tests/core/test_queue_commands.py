import os
import sys
from pathlib import Path

import pytest
from tiny_trainings import TINY, call, only_run, says_one_line, train_arguments

from core import processes
from core.calls import _stands_for
from core.runs import Run, create_run
from core.training.queue import enter
from core.training.signs import report


def waiting_run(runs: Path, **record: object) -> Run:
    """A run in the queue; this process stands for its own."""
    run = create_run(runs, config=TINY | {"seed": 0}, data=runs / "scans").updated(**record)
    report(run, phase="starting", pid=os.getpid())
    enter(run)
    return run


@pytest.fixture
def begun(monkeypatch) -> list[list[str]]:
    """The commands of the processes that are started; this process stands for each of them."""
    arguments: list[list[str]] = []

    class Started:
        pid = os.getpid()

        def __init__(self, command: list[str], **_options: object) -> None:
            arguments.append(command)

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(processes.subprocess, "Popen", Started)
    return arguments


def order(facts: dict) -> list[tuple[int, str]]:
    return [(row["place"], row["run"]) for row in facts["waiting"]]


def test_queue_lists_who_waits_in_order_and_moves_one(tmp_path, capsys):
    a, b, c = (waiting_run(tmp_path) for _ in range(3))
    assert order(call(["queue", "--runs", tmp_path, "--json"], capsys).facts) == [(1, a.id), (2, b.id), (3, c.id)]
    for where, ids in (("--first", [c, a, b]), ("--down", [a, c, b]), ("--last", [a, b, c]), ("--up", [a, c, b])):
        moved = call(["queue", c.id, where, "--runs", tmp_path, "--json"], capsys)
        assert order(moved.facts) == list(enumerate((run.id for run in ids), start=1))
    lines = call(["queue", "--runs", tmp_path], capsys).stdout.splitlines()
    assert [line.split()[:2] for line in lines[2:5]] == [["1", a.id], ["2", c.id], ["3", b.id]]


def test_an_empty_queue_is_told(tmp_path, capsys):
    assert call(["queue", "--runs", tmp_path, "--json"], capsys).facts == {
        "training": [],
        "waiting": [],
        "problems": [],
    }


@pytest.mark.parametrize("arguments", [["RUN"], ["--first"]])
def test_a_run_without_a_place_and_a_place_without_a_run_are_told(tmp_path, capsys, arguments):
    run = waiting_run(tmp_path)
    asked = [run.id if word == "RUN" else word for word in arguments]
    refused = call(["queue", *asked, "--runs", tmp_path], capsys)
    assert refused.status == 2
    assert says_one_line(refused.stderr)


def test_a_run_that_does_not_wait_cannot_be_moved(tmp_path, capsys):
    run = waiting_run(tmp_path).updated(status="stopped")
    refused = call(["queue", run.id, "--first", "--runs", tmp_path], capsys)
    assert refused.status == 2
    assert "expected a waiting run to move" in refused.stderr
    assert says_one_line(refused.stderr)


def test_runs_tells_the_place_of_those_that_wait_and_why_the_others_ended(tmp_path, capsys):
    died = waiting_run(tmp_path, status="running")
    report(died, phase="training")
    waits = waiting_run(tmp_path)
    rows = {row["run"]: row for row in call(["runs", "--runs", tmp_path, "--json"], capsys).facts["runs"]}
    assert (rows[waits.id]["status"], rows[waits.id]["place"], rows[waits.id]["error"]) == ("queued", 1, "")
    assert (rows[died.id]["status"], rows[died.id]["place"]) == ("failed", None)
    assert rows[died.id]["error"].startswith("its process ended without a word")


def test_a_training_in_the_background_is_queued_and_the_command_returns(scans, tmp_path, capsys, begun):
    before = waiting_run(tmp_path / "other")
    facts = call([*train_arguments(scans, tmp_path / "runs"), "--background"], capsys).facts
    run = only_run(tmp_path / "runs")
    assert facts == {"run": run.id, "status": "queued", "folder": str(run.folder), "place": 1}
    assert begun == [[sys.executable, "-m", "core.training.supervise", str(run.folder.resolve()), "resume"]]
    assert before.record.status == "queued"


def test_resume_in_the_background_puts_a_run_behind_those_that_wait(tmp_path, capsys, begun):
    run = create_run(tmp_path, config=TINY | {"seed": 0}, data=tmp_path).updated(status="failed", error="killed")
    waiting_run(tmp_path)
    assert call(["resume", run.id, "--runs", tmp_path, "--background", "--json"], capsys).facts["place"] == 2
    run.updated(status="finished")
    refused = call(["resume", run.id, "--runs", tmp_path, "--background"], capsys)
    assert refused.status == 2
    assert "is finished already" in refused.stderr


def test_a_demo_can_be_queued(tmp_path, capsys, begun):
    facts = call(["demo", "--runs", tmp_path / "r", "--data", tmp_path / "d", "--background", "--json"], capsys).facts
    assert facts["status"] == "queued"
    assert begun[0][-1] == "demo"


def test_epochs_are_not_written_twice_where_standard_error_is_the_log(tmp_path):
    log, other = tmp_path / "log.txt", tmp_path / "other.txt"
    with log.open("w") as file:
        assert _stands_for(file.fileno(), log)
        assert not _stands_for(file.fileno(), other)
        other.touch()
        assert not _stands_for(file.fileno(), other)
    assert not _stands_for(10_000, log)
