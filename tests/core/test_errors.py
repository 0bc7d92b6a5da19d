import inspect
import re

import pytest

from core import errors
from core.errors import failure_line

TREE = {
    "RequestError": 2,
    "DatasetError": 2,
    "ConfigError": 2,
    "RunNotFoundError": 2,
    "WorkError": 1,
    "RunDamagedError": 1,
    "WeightsError": 1,
    "DivergedError": 1,
}


def exceptions() -> dict[str, type[errors.ExplorerError]]:
    return {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind)}


def test_a_wrong_request_exits_with_2_and_failed_work_with_1():
    found = {name: kind.exit_status for name, kind in exceptions().items() if name != "ExplorerError"}
    assert found == TREE


@pytest.mark.parametrize("name", TREE)
def test_every_error_is_either_a_wrong_request_or_failed_work(name):
    kind = exceptions()[name]
    assert issubclass(kind, errors.RequestError) != issubclass(kind, errors.WorkError)


def test_the_tree_drawn_in_the_docstring_is_the_tree_there_is():
    drawn: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"([│├└─ ]*)(\w+Error)\b", line):
            drawn.append((len(match[1]) // 4, match[2]))
    assert {name for _, name in drawn} == set(exceptions())
    ancestors: list[str] = []
    for depth, name in drawn:
        ancestors[depth:] = [name]
        if depth:
            assert exceptions()[name].__base__ is exceptions()[ancestors[depth - 1]]


@pytest.mark.parametrize("kind", exceptions().values())
def test_people_see_an_error_as_one_line(kind):
    assert failure_line(kind("expected a\n  b,\tfound c\n")) == "expected a b, found c"
