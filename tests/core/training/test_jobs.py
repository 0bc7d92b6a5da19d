import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from waiting_runs import LONG_AGO, claimed_elsewhere, new_run, waiting_run

from core import processes
from core.errors import RequestError, WorkError
from core.runs import read_run
from core.training import jobs
from core.training.jobs import current_status, queued, request_stop, retry, start_in_background, stop_is_requested
from core.training.queue import is_coming
from core.training.signs import progress_of, report


@pytest.fixture
def begun(monkeypatch) -> list[list[str]]:
    """The commands of the processes that are started; this process stands for each of them."""
    arguments: list[list[str]] = []

    class Started:
        pid = os.getpid()

        def wait(self) -> int:
            return 0

    def popen(command: list[str], **options: object) -> Started:
        assert options["start_new_session"]
        arguments.append(command)
        return Started()

    monkeypatch.setattr(processes.subprocess, "Popen", popen)
    return arguments


def test_a_process_that_died_is_found_out(tmp_path):
    run = new_run(tmp_path).updated(status="running")
    assert current_status(run)[0] == "failed"
    assert "ended without a word" in current_status(run)[1]
    with claimed_elsewhere(run):
        assert current_status(run) == ("running", "")


def test_a_process_that_died_in_the_queue_is_found_out_at_once(tmp_path):
    run = new_run(tmp_path)
    report(run, phase="waiting", ahead=1)
    assert current_status(run)[0] == "failed"


def test_a_run_just_made_has_a_minute_for_its_process_to_come_up(tmp_path):
    run = new_run(tmp_path)
    assert current_status(run) == ("queued", "")
    assert current_status(run.updated(created=LONG_AGO))[0] == "failed"


def test_a_process_that_dies_before_it_is_up_is_found_out_at_once(tmp_path):
    run = waiting_run(tmp_path)
    assert current_status(run) == ("queued", "")
    report(run, phase="starting", pid=2**22 + 1)
    assert current_status(run)[0] == "failed"


@pytest.mark.parametrize("pid", [None, "7", 0, -1, True, 10**30, 4.5])
def test_a_process_id_that_is_none_is_nobodys(tmp_path, pid):
    run = new_run(tmp_path)
    report(run, phase="starting", pid=pid)
    assert current_status(run)[0] == "failed"


@pytest.mark.parametrize("status", ["finished", "failed", "stopped"])
def test_an_ended_run_is_what_it_says_and_cannot_be_stopped(tmp_path, status):
    run = new_run(tmp_path).updated(status=status, error="why")
    assert current_status(run) == (status, "why")
    with pytest.raises(RequestError, match=f"expected a queued or running run to stop, found .* {status}"):
        request_stop(run)
    assert not stop_is_requested(run)


def test_a_process_that_is_there_but_silent_is_told(tmp_path):
    run = new_run(tmp_path).updated(status="running")
    with claimed_elsewhere(run):
        report(run, phase="training", pid=77)
        assert current_status(run) == ("running", "")
        report(run, phase="training", pid=77, heartbeat=LONG_AGO)
        status, why = current_status(run)
        assert status == "running"
        assert why == (
            "no sign of life since 2020-01-01 00:00 UTC, though process 77 is there; "
            "if it stays so, end that process and resume the run"
        )
        report(run, phase="training", pid=77, heartbeat="no time")
        assert current_status(run) == ("running", "")


def test_stopping_a_run_that_died_marks_it_and_leaves_no_request_for_the_next_start(tmp_path):
    run = new_run(tmp_path).updated(status="running")
    request_stop(run)
    assert read_run(run.folder).record.status == "stopped"
    assert not stop_is_requested(run)


def test_a_start_in_the_background_can_be_stopped_before_its_process_is_up(tmp_path, begun):
    run = new_run(tmp_path).updated(status="failed", error="killed", created=LONG_AGO)
    (run.folder / jobs.STOP_REQUEST).touch()
    assert start_in_background(run) == os.getpid()
    run = read_run(run.folder)
    assert current_status(run) == ("queued", "")
    assert [other.id for other in queued(tmp_path)] == [run.id]
    assert not stop_is_requested(run)
    request_stop(run)
    assert stop_is_requested(run)


@pytest.mark.parametrize(("phantoms", "command"), [({"count": 12, "seed": 0}, "demo"), (None, "resume")])
def test_a_demo_goes_on_as_one_and_any_other_run_is_resumed_under_a_supervisor(tmp_path, begun, phantoms, command):
    run = new_run(tmp_path).updated(phantoms=phantoms)
    start_in_background(run)
    assert begun[0][1:] == ["-m", "core.training.supervise", str(run.folder), command]


def test_a_run_started_many_times_at_once_gets_one_process(tmp_path, begun):
    run = new_run(tmp_path).updated(status="failed")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(start_in_background, [run] * 4))
    assert len(begun) == 1


def test_a_run_at_work_is_not_started_again(tmp_path, begun):
    run = new_run(tmp_path).updated(status="running")
    report(run, phase="training", pid=77)
    with claimed_elsewhere(run):
        assert retry(run) == 77
    assert begun == []
    assert read_run(run.folder).record.status == "running"


def test_what_is_tried_again_waits_at_the_end(tmp_path, begun):
    first = new_run(tmp_path, created=LONG_AGO).updated(status="failed", error="killed", ended="then")
    second = waiting_run(tmp_path)
    retry(first)
    assert [run.id for run in queued(tmp_path)] == [second.id, first.id]
    record = read_run(first.folder).record
    assert (record.status, record.error, record.ended) == ("queued", "", "")
    assert progress_of(first)["phase"] == "starting"


def test_a_finished_run_is_not_tried_again_and_stays_finished_when_it_is_started(tmp_path, begun):
    run = new_run(tmp_path)
    run.updated(status="finished")
    with pytest.raises(RequestError, match="is finished already; start a new one to train again"):
        retry(run)
    start_in_background(run)  # read before it was finished; a demo draws its maps then
    assert read_run(run.folder).record.status == "finished"
    assert queued(tmp_path) == []


def refuse(*_arguments: object, **_options: object) -> None:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("refused", ["Popen", "open", "touch"])
def test_what_the_system_refuses_is_told_in_one_line(tmp_path, monkeypatch, refused):
    run = new_run(tmp_path)
    if refused == "Popen":
        monkeypatch.setattr(processes.subprocess, "Popen", refuse)
        doing, act = "start", start_in_background
    elif refused == "open":
        run.log_path.mkdir()
        doing, act = "start", start_in_background
    else:
        monkeypatch.setattr(Path, "touch", refuse)
        doing, act = "stop", request_stop
    with pytest.raises(WorkError, match=f"^cannot {doing} run {run.id}: .*; look at the rights and the free space of"):
        act(run)
    if doing == "start":
        assert read_run(run.folder).record.error.startswith(f"cannot start run {run.id}: ")
        assert current_status(read_run(run.folder))[0] == "failed"
        assert not is_coming(read_run(run.folder))  # it can be tried again at once
