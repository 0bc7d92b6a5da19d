import json
import os

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from waiting_runs import LONG_AGO, claimed_elsewhere, new_run

from core import processes
from core.errors import RequestError, WorkError
from core.training import signs
from core.training.signs import claimed, is_claimed, last_lines, progress_of, report, seconds_silent


def test_a_run_is_claimed_while_somebody_works_on_it(tmp_path):
    run = new_run(tmp_path)
    assert not is_claimed(run)
    with claimed_elsewhere(run):
        assert is_claimed(run)
    assert not is_claimed(run)


def test_two_cannot_work_on_the_same_run(tmp_path):
    run = new_run(tmp_path)
    taken = pytest.raises(RequestError, match="already being worked on by another process; wait for it, or stop it")
    with claimed_elsewhere(run), taken, claimed(run, timeout_seconds=0):
        pass
    with claimed(run):
        pass


def test_who_only_looks_is_no_worker(tmp_path, monkeypatch):
    run = new_run(tmp_path)
    looking = FileLock(run.folder / ".lock")
    looking.acquire(timeout=0)
    monkeypatch.setattr(processes.time, "sleep", lambda seconds: looking.release())  # it looked for a moment only
    assert not is_claimed(run)


def test_a_folder_that_cannot_be_locked_is_told_in_one_line(tmp_path, monkeypatch):
    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    run = new_run(tmp_path)
    monkeypatch.setattr(signs.FileLock, "acquire", refuse)
    with pytest.raises(WorkError, match=f"^cannot lock run {run.id}: .*; look at the rights and the free space"):
        claimed(run).__enter__()


def test_a_report_tells_who_wrote_it_and_when(tmp_path):
    run = new_run(tmp_path)
    report(run, phase="training", epoch=3)
    told = progress_of(run)
    assert (told["phase"], told["epoch"], told["pid"]) == ("training", 3, os.getpid())
    assert told["heartbeat"] >= run.record.created


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"])
def test_a_damaged_status_file_is_no_status(tmp_path, content):
    run = new_run(tmp_path)
    (run.folder / "status.json").write_bytes(content)
    assert progress_of(run) == {}


@pytest.mark.parametrize("heartbeat", ["yesterday", 7, [1], "2026-01-01"])
def test_a_heartbeat_that_is_no_time_is_no_sign_of_life(tmp_path, heartbeat):
    run = new_run(tmp_path)
    (run.folder / "status.json").write_text(json.dumps({"heartbeat": heartbeat}))
    assert seconds_silent(run) == float("inf")


def test_silence_is_counted_from_the_last_report_else_from_the_making(tmp_path):
    run = new_run(tmp_path, created=LONG_AGO)
    assert seconds_silent(run) > 1e8
    report(run, phase="training")
    assert seconds_silent(run) < 60
    report(run, phase="training", heartbeat=LONG_AGO)
    assert seconds_silent(run) > 1e8


def test_the_last_lines_are_those_that_say_something(tmp_path):
    run = new_run(tmp_path)
    assert last_lines(run) == []
    run.log_path.write_bytes(b"one\n\n  \ntwo\r\nthree: 10 %\rthree: 90 %\n\x1b[31mfour\x1b[0m\x07\t\xff!\n\n")
    assert last_lines(run) == ["one", "two", "three: 90 %", "four    �!"]
    assert last_lines(run, 2) == ["three: 90 %", "four    �!"]
    assert last_lines(run, 0) == []


def test_lines_of_earlier_attempts_can_be_left_out(tmp_path):
    run = new_run(tmp_path)
    run.log_path.write_text("error: the old one\n")
    begins_at = run.log_path.stat().st_size
    assert last_lines(run, from_byte=begins_at) == []
    with run.log_path.open("a") as log:
        log.write("error: the new one\n")
    assert last_lines(run, from_byte=begins_at) == ["error: the new one"]


def test_a_log_without_an_end_is_read_from_its_end(tmp_path):
    run = new_run(tmp_path)
    run.log_path.write_text("x" * 10_000_000 + "\nlast\n")
    first, last = last_lines(run)
    assert (len(first), first[-1], last) == (300, "…", "last")


@pytest.fixture(scope="module")
def logged_run(tmp_path_factory):
    """A run whose log tests write anew."""
    return new_run(tmp_path_factory.mktemp("log"))


@given(content=st.binary(max_size=400), n=st.integers(1, 6))
def test_whatever_a_log_holds_its_last_lines_are_few_short_and_printable(logged_run, content, n):
    run = logged_run
    run.log_path.write_bytes(content)
    lines = last_lines(run, n)
    assert len(lines) <= n
    assert all(line and line.isprintable() and len(line) <= 300 for line in lines)
