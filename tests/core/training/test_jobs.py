import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from tiny_trainings import TINY, wait_until

from core import processes
from core.errors import RequestError, WorkError
from core.runs import Run, create_run, read_run
from core.training import jobs
from core.training.jobs import (
    claimed,
    current_status,
    device_turn,
    is_claimed,
    progress_of,
    report,
    request_stop,
    start_in_background,
    stop_is_requested,
    waiting_before,
)

LONG_AGO = "2020-01-01T00:00:00+00:00"


def new_run(folder: Path, *, created: str | None = None) -> Run:
    run = create_run(folder, config=TINY | {"seed": 0}, data=folder / "scans")
    return run.updated(created=created) if created else run


@contextmanager
def claimed_elsewhere(run: Run) -> Iterator[None]:
    """As if another process worked on the run."""
    begun, done = threading.Event(), threading.Event()

    def work() -> None:
        with claimed(run):
            begun.set()
            done.wait(60)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_run_is_claimed_while_somebody_works_on_it(tmp_path):
    run = new_run(tmp_path)
    assert not is_claimed(run)
    with claimed_elsewhere(run):
        assert is_claimed(run)
    assert not is_claimed(run)


def test_two_cannot_work_on_the_same_run(tmp_path):
    run = new_run(tmp_path)
    taken = pytest.raises(RequestError, match="already being worked on by another process; wait for it, or stop it")
    with claimed_elsewhere(run), taken, claimed(run):
        pass
    with claimed(run):
        pass


def test_one_trains_at_a_time(tmp_path):
    runs = [new_run(tmp_path) for _ in range(4)]
    inside, most = 0, 0

    def train(run: Run) -> None:
        nonlocal inside, most
        with claimed(run), device_turn(run, stop_requested=lambda: False) as its_turn:
            assert its_turn
            run.updated(status="running")
            inside += 1
            most = max(most, inside)
            time.sleep(0.05)
            inside -= 1
            run.updated(status="finished")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(train, runs))
    assert most == 1
    assert {read_run(run.folder).record.status for run in runs} == {"finished"}


def test_the_run_made_first_goes_first(tmp_path):
    first = new_run(tmp_path, created="2026-01-01T00:00:01+00:00")
    second = new_run(tmp_path, created="2026-01-01T00:00:02+00:00")
    order = []

    def train(run: Run) -> None:
        with claimed(run), device_turn(run, stop_requested=lambda: False):
            order.append(run.id)
            run.updated(status="finished")

    with claimed_elsewhere(first):
        later = threading.Thread(target=train, args=(second,))
        later.start()
        wait_until(lambda: progress_of(second).get("phase") == "waiting")
        assert waiting_before(second) == 1
        assert order == []
    train(first)
    later.join()
    assert order == [first.id, second.id]


def test_a_run_whose_process_died_in_the_queue_holds_up_nobody(tmp_path):
    new_run(tmp_path, created=LONG_AGO)
    assert waiting_before(new_run(tmp_path)) == 0


def test_a_waiting_run_says_so_and_can_be_stopped(tmp_path):
    first, second = new_run(tmp_path), new_run(tmp_path)
    with device_turn(first, stop_requested=lambda: False):
        answers = []

        def wait() -> None:
            with device_turn(second, stop_requested=lambda: stop_is_requested(second)) as its_turn:
                answers.append(its_turn)

        thread = threading.Thread(target=wait)
        thread.start()
        wait_until(lambda: progress_of(second).get("phase") == "waiting")
        assert progress_of(second)["ahead"] == 1
        request_stop(second)
        thread.join()
        assert answers == [False]


def test_a_process_that_died_is_found_out(tmp_path):
    run = new_run(tmp_path).updated(status="running")
    assert current_status(run)[0] == "failed"
    assert "ended without a word" in current_status(run)[1]
    with claimed_elsewhere(run):
        assert current_status(run) == ("running", "")


def test_a_queued_run_has_a_minute_for_its_process_to_come_up(tmp_path):
    run = new_run(tmp_path)
    assert current_status(run) == ("queued", "")
    assert current_status(run.updated(created=LONG_AGO))[0] == "failed"


@pytest.mark.parametrize("status", ["finished", "failed", "stopped"])
def test_an_ended_run_is_what_it_says_and_cannot_be_stopped(tmp_path, status):
    run = new_run(tmp_path).updated(status=status, error="why")
    assert current_status(run) == (status, "why")
    with pytest.raises(RequestError, match=f"expected a queued or running run to stop, found .* {status}"):
        request_stop(run)
    assert not stop_is_requested(run)


@pytest.mark.parametrize("heartbeat", ["", "yesterday", 7, None, [], "2026-01-01"])
def test_a_heartbeat_that_is_no_time_is_no_heartbeat(tmp_path, heartbeat):
    run = new_run(tmp_path, created=LONG_AGO)
    (run.folder / "status.json").write_text(json.dumps({"heartbeat": heartbeat}))
    assert current_status(run)[0] == "failed"


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"])
def test_a_damaged_status_file_is_no_status(tmp_path, content):
    run = new_run(tmp_path)
    (run.folder / "status.json").write_bytes(content)
    assert progress_of(run) == {}


def test_a_report_tells_who_wrote_it_and_when(tmp_path):
    run = new_run(tmp_path)
    report(run, phase="training", epoch=3)
    told = progress_of(run)
    assert (told["phase"], told["epoch"], told["pid"]) == ("training", 3, os.getpid())
    assert told["heartbeat"] >= run.record.created


def test_stopping_a_run_that_died_marks_it_and_leaves_no_request_for_the_next_start(tmp_path):
    run = new_run(tmp_path).updated(status="running")
    request_stop(run)
    assert read_run(run.folder).record.status == "stopped"
    assert not stop_is_requested(run)


def test_a_start_in_the_background_can_be_stopped_before_its_process_is_up(tmp_path, monkeypatch):
    begun = []
    monkeypatch.setattr(processes.subprocess, "Popen", lambda arguments, **options: begun.append(options) or Started())
    run = new_run(tmp_path).updated(status="failed", error="killed", created=LONG_AGO)
    (run.folder / jobs.STOP_REQUEST).touch()
    assert start_in_background(run) == Started.pid
    run = read_run(run.folder)
    assert current_status(run) == ("queued", "")
    assert not stop_is_requested(run)
    request_stop(run)
    assert stop_is_requested(run)
    assert begun[0]["start_new_session"]


@pytest.mark.parametrize(("phantoms", "command"), [({"count": 12, "seed": 0}, "demo"), (None, "resume")])
def test_a_demo_goes_on_as_one_and_any_other_run_is_resumed(tmp_path, monkeypatch, phantoms, command):
    begun = []
    monkeypatch.setattr(
        processes.subprocess, "Popen", lambda arguments, **options: begun.append(arguments) or Started()
    )
    start_in_background(new_run(tmp_path).updated(phantoms=phantoms))
    assert begun[0][3] == command


def test_a_finished_run_stays_finished_when_it_is_started_again(tmp_path, monkeypatch):
    monkeypatch.setattr(processes.subprocess, "Popen", lambda arguments, **options: Started())
    run = new_run(tmp_path)
    run.updated(status="finished")
    start_in_background(run)  # read before it was finished
    assert read_run(run.folder).record.status == "finished"


def refuse(*_arguments: object, **_options: object) -> None:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("refused", ["Popen", "open", "touch", "acquire"])
def test_what_the_system_refuses_is_told_in_one_line(tmp_path, monkeypatch, refused):
    run = new_run(tmp_path)
    if refused == "Popen":
        monkeypatch.setattr(processes.subprocess, "Popen", refuse)
        doing, act = "start", lambda: start_in_background(run)
    elif refused == "open":
        run.log_path.mkdir()
        doing, act = "start", lambda: start_in_background(run)
    elif refused == "touch":
        monkeypatch.setattr(Path, "touch", refuse)
        doing, act = "stop", lambda: request_stop(run)
    else:
        monkeypatch.setattr(jobs.FileLock, "acquire", refuse)
        doing, act = "lock", lambda: claimed(run).__enter__()
    with pytest.raises(WorkError, match=f"^cannot {doing} run {run.id}: .*; look at the rights and the free space of"):
        act()


def test_who_only_looks_is_no_worker(tmp_path, monkeypatch):
    run = new_run(tmp_path)
    looking = FileLock(run.folder / ".lock")
    looking.acquire(timeout=0)
    monkeypatch.setattr(jobs.time, "sleep", lambda seconds: looking.release())  # it looked for a moment only
    assert not is_claimed(run)


class Started:
    """As if a process had been started."""

    pid = 4242

    def wait(self) -> int:
        return 0
