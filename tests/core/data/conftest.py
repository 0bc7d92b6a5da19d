"""Datasets for these tests."""

import pytest
from tiny_folders import put_scan


@pytest.fixture
def folder(tmp_path):
    """Two class folders with six scans each."""
    for label in ("COVID", "normal"):
        for number in range(6):
            put_scan(tmp_path / label / f"{number}.png")
    return tmp_path
