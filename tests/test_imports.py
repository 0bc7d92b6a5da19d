"""The house's imports run one way, and the command line loads nothing heavy before it must."""

import subprocess
import sys

import pytest
from tiny_trainings import ROOT


def test_the_contracts_on_imports_are_kept():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("module", ["core.cli", "core.runs", "core.parser", "core.errors", "core.training.jobs"])
def test_what_starts_the_command_line_and_the_pages_loads_nothing_heavy(module):
    heavy = {"torch", "streamlit", "sklearn", "timm", "plotly"}
    code = f"import sys, {module}; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc"])
def test_no_module_is_named_for_nothing(name):
    found = [path for folder in ("core", "pages", "tests") for path in (ROOT / folder).rglob(f"*{name}*.py")]
    assert found == []
