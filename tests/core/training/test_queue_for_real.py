"""Trainings started, killed, tried again and stopped as people do it, with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tiny_trainings import ROOT, TINY, wait_until

from core.runs import Run, create_run, read_history, read_run
from core.training.config import TrainingConfig
from core.training.jobs import current_status, progress_of, queued, request_stop, retry

SERVER = """
import sys
from pathlib import Path
from core.runs import read_run
from core.training.jobs import start_in_background
for folder in sys.argv[1:]:
    start_in_background(read_run(Path(folder)))
"""


def processes_of(run: Run, module: str) -> list[int]:
    """The ids of the living processes `python -m <module>` of a run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().decode(errors="replace").split("\0")
            if str(run.folder) in words and module in words and path.read_bytes():
                found.append(int(path.parent.name))
    return found


@pytest.fixture
def two_runs(scans, tmp_path) -> Iterator[list[Run]]:
    """Two long trainings that two app servers on one folder were asked for at the same time."""
    config = TrainingConfig(**(TINY | {"epochs": 1000, "patience": 1000})).to_json()
    runs = [create_run(tmp_path, config=config, data=scans) for _ in range(2)]
    folders = [str(run.folder) for run in runs]
    servers = [subprocess.Popen([sys.executable, "-c", SERVER, *folders], cwd=ROOT) for _ in range(2)]
    try:
        assert [server.wait(timeout=60) for server in servers] == [0, 0]
        yield runs
    finally:
        for run in runs:
            for pid in processes_of(run, "core.training.supervise") + processes_of(run, "core"):
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)


def status(run: Run) -> str:
    return current_status(read_run(run.folder))[0]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="expected /proc to count processes, found none")
def test_each_run_gets_one_process_one_trains_at_a_time_and_a_killed_one_says_so_and_is_tried_again(two_runs):
    wait_until(lambda: any(len(read_history(run)) for run in two_runs))
    first, second = sorted(two_runs, key=status, reverse=True)  # "running", "queued"
    assert [len(processes_of(run, "core")) for run in (first, second)] == [1, 1]
    assert (status(first), status(second)) == ("running", "queued")
    assert [run.id for run in queued(first.folder.parent)] == [second.id]

    os.kill(processes_of(first, "core")[0], signal.SIGKILL)
    wait_until(lambda: status(first) == "failed")
    assert current_status(read_run(first.folder))[1].startswith("killed by signal 9 (SIGKILL): ")
    wait_until(lambda: status(second) == "running")

    retry(first)
    retry(first)
    wait_until(lambda: bool(processes_of(first, "core")))
    assert [run.id for run in queued(first.folder.parent)] == [first.id]
    wait_until(lambda: progress_of(first).get("phase") == "waiting")
    assert len(processes_of(first, "core")) == 1
    for run in (first, second):
        request_stop(read_run(run.folder))
        wait_until(lambda run=run: status(run) == "stopped")
