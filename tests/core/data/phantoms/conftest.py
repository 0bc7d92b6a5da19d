"""Sets of phantoms that several tests look at."""

from pathlib import Path

import pytest

from core.data.phantoms.writing import write_phantoms


@pytest.fixture(scope="session")
def full_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phantoms(tmp_path_factory.mktemp("phantoms") / "set", count=96)
