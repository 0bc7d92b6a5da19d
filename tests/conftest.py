"""What tests of the whole project share: one thread, no GPU, no hub, and one tiny training for all."""

import os

# Before anything imports torch; the processes that tests start have it too.
os.environ.update(OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1")

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from tiny_trainings import Finished, ended, only_run, started, train_arguments, write_scans
from xdist.scheduler import LoadScopeScheduling

from core.runs import Run, read_run

# No test asserts a wall-clock time, property tests neither; in continuous integration they try the same each time.
settings.register_profile("project", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("project")


class FilesTogether(LoadScopeScheduling):
    """A file's tests stay on one core, and so do all that drive a browser: two browsers at once starve each other.

    pytest-xdist's own groups (`--dist loadgroup`) do nothing under pytest 9.2, and say nothing.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesTogether:
    return FilesTogether(config, log)


@dataclass(frozen=True)
class Trained:
    """A training through the command line: its dataset, its runs folder, what it printed. Not to be changed."""

    data: Path
    runs: Path
    finished: Finished

    @property
    def run(self) -> Run:
        """The run."""
        return only_run(self.runs)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that tests decode or index lies in the project, or is found there."""
    os.environ["CT_EXPLORER_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    del os.environ["CT_EXPLORER_CACHE"]


@pytest.fixture(scope="session")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 scans of two classes that are easily told apart. Not to be changed."""
    return write_scans(tmp_path_factory.mktemp("data") / "scans")


@pytest.fixture(scope="session")
def trained(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A finished run on `scans`."""
    runs = tmp_path_factory.mktemp("trained") / "runs"
    with started(train_arguments(scans, runs)) as process:
        finished = ended(process)
    assert finished.status == 0, finished.stderr
    return Trained(scans, runs, finished)


@pytest.fixture
def own_run(trained: Trained, tmp_path: Path) -> Run:
    """A copy of the finished run that a test may damage; the only run of its folder."""
    folder = tmp_path / "own" / trained.run.id
    shutil.copytree(trained.run.folder, folder)
    return read_run(folder)
