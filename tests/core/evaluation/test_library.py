"""`core.evaluation` as a library: what its docstring shows is true, and it brings neither pages nor networks."""

import doctest
import subprocess
import sys

import pytest
from tiny_trainings import ROOT

import core.evaluation


def test_the_example_in_the_docstring_is_true():
    results = doctest.testmod(core.evaluation, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.attempted > 15
    assert results.failed == 0


@pytest.mark.parametrize("name", core.evaluation.__all__)
def test_every_name_is_there_and_says_what_it_is(name):
    assert getattr(core.evaluation, name).__doc__


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'core.evaluation' has no attribute 'magic'"):
        core.evaluation.magic  # noqa: B018


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import core.evaluation", "numpy scipy pandas sklearn torch streamlit plotly"),
        ("from core.evaluation import *", "torch torchvision timm streamlit plotly"),
    ],
)
def test_importing_it_loads_no_more_than_is_asked_for(code, absent):
    tell = f"{code}\nimport sys\nprint(*sorted(set({absent.split()!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", tell], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
