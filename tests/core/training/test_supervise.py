import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from filelock import FileLock
from tiny_trainings import ROOT
from waiting_runs import claimed_elsewhere, new_run

from core.runs import Run, read_run
from core.training import supervise as module
from core.training.endings import Ending, cause_of_death, is_full
from core.training.jobs import WATCHER_LOCK, current_status
from core.training.signs import claimed, is_claimed, last_lines, report
from core.training.supervise import supervise, watched

PID = 2**22 + 1  # of no process


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_process_that_a_signal_ended_is_seen_to_be(number):
    ending = watched(python(f"import os; os.kill(os.getpid(), {int(number)})"))
    assert (ending.exit_status, ending.signal, ending.memory_kills) == (None, number, 0)


def test_a_process_that_returned_is_seen_to_have():
    assert watched(python("raise SystemExit(3)")).exit_status == 3


def test_the_most_memory_it_held_is_measured():
    watch = """
import sys
from core.training.supervise import watched
print(watched([sys.executable, "-c", "kept = bytearray(300 * 2**20); del kept"]).peak_memory_gib)
"""  # by a process of its own, as small as a supervisor is: a child begins with the peak of its parent
    done = subprocess.run(python(watch), cwd=ROOT, capture_output=True, text=True, check=True)
    assert 0.29 < float(done.stdout) < 0.4


def test_a_process_that_may_not_have_the_memory_it_wants_is_told_of_by_its_last_words(tmp_path, capfd):
    run = new_run(tmp_path)
    limited = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28)); bytearray(2**30)"
    ending = watched(python(limited))
    run.log_path.write_text(capfd.readouterr().err)
    assert ending.exit_status == 1
    assert cause_of_death(ending, last_lines(run), run.folder).startswith("memory ran out (it held ")


def test_processes_that_the_system_ended_meanwhile_are_counted(monkeypatch):
    counts = iter([5, 7])
    monkeypatch.setattr(module, "memory_kills", lambda: next(counts))
    assert watched(python("")).memory_kills == 2


def test_a_request_to_end_is_passed_on(monkeypatch):
    threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
    before = signal.getsignal(signal.SIGTERM)
    assert watched(python("import time; time.sleep(60)")).signal == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before


def write_down(run: Run, *, status: str = "running", worked_on_by: int = PID) -> Run:
    """The run after a supervisor wrote down why its process had ended."""
    run.updated(status=status)
    report(run, phase="training", pid=worked_on_by)
    assert module._write_down(run.folder, PID, "killed")
    return read_run(run.folder)


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_run_left_behind_is_marked_as_failed_with_the_reason(tmp_path, status):
    record = write_down(new_run(tmp_path), status=status).record
    assert (record.status, record.error) == ("failed", "killed")
    assert record.ended


@pytest.mark.parametrize("status", ["finished", "failed", "stopped"])
def test_what_a_process_wrote_down_itself_stands(tmp_path, status):
    run = write_down(new_run(tmp_path).updated(error="its own words"), status=status)
    assert (run.record.status, run.record.error) == (status, "its own words")


def test_the_end_of_one_process_is_not_that_of_another(tmp_path):
    assert write_down(new_run(tmp_path), worked_on_by=PID + 1).record.status == "running"


def test_a_run_that_another_process_works_on_by_now_is_left_alone(tmp_path):
    run = new_run(tmp_path)
    with claimed_elsewhere(run):
        assert write_down(run).record.status == "running"


def test_a_removed_run_is_no_concern(tmp_path):
    assert module._write_down(tmp_path / "gone", PID, "killed")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("expected rights to mount a small disk, found none; run as root to test this")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_on_a_full_disk_the_reason_is_told_at_once_and_written_when_there_is_space(small_disk, monkeypatch):
    run = new_run(small_disk).updated(status="running")
    report(run, phase="training", pid=PID)
    with claimed(run):  # makes its lock's file
        pass
    ballast = small_disk / "ballast"
    with suppress(OSError):
        ballast.write_bytes(bytes(2**20))  # as much of it as there is room for
    assert is_full(small_disk)
    said = []

    def free_some(_seconds: float) -> None:
        said.append(current_status(run))
        ballast.unlink(missing_ok=True)

    ending = Ending(pid=PID, exit_status=1, signal=None, peak_memory_gib=0.5)
    monkeypatch.setattr(module, "watched", lambda arguments: ending)
    monkeypatch.setattr(module.time, "sleep", free_some)
    monkeypatch.setattr(module.os, "setpriority", lambda *_arguments: None)
    (run.folder / WATCHER_LOCK).touch()
    assert supervise(run.folder, "resume") == 1
    assert len(said) == 1
    assert (said[0][0], f"the disk of {run.folder} is full" in said[0][1]) == ("failed", True)
    record = read_run(run.folder).record
    assert (record.status, record.error) == said[0]


def test_a_second_supervisor_of_a_run_starts_nothing(tmp_path, monkeypatch):
    run = new_run(tmp_path)
    monkeypatch.setattr(module.os, "setpriority", lambda *_arguments: None)
    monkeypatch.setattr(module, "watched", lambda arguments: pytest.fail("it started a process"))
    monkeypatch.setattr(module, "_WATCHER_TIMEOUT_SECONDS", 0)
    with FileLock(run.folder / WATCHER_LOCK, thread_local=False):
        assert supervise(run.folder, "resume") == 1


def test_while_the_reason_is_being_found_a_run_is_not_called_dead(tmp_path):
    run = new_run(tmp_path).updated(status="running")
    report(run, phase="training", pid=PID)
    with FileLock(run.folder / WATCHER_LOCK):
        assert not is_claimed(run)
        assert current_status(run) == ("running", "")
    assert current_status(run)[0] == "failed"
