"""Making an empty database takes Optuna a second: it is made once, and copied for each test that asks for a trial."""

import shutil
from pathlib import Path

import pytest
from tiny_sweeps import short_sweep

from core.sweeps import trials


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `trials._make` makes."""
    folder = tmp_path_factory.mktemp("database")
    sweep = short_sweep(folder, folder / "runs", "epochs=1,2")
    trials._make(sweep)
    return sweep.trials_path


@pytest.fixture(autouse=True)
def _copied_databases(empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "_make", lambda sweep: shutil.copy(empty_database, sweep.trials_path))
