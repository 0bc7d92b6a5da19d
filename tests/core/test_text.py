"""Answers as lines for people."""

import itertools

import pytest

from core.text import as_text


def line_of(value, low, high, **more):
    (line,) = as_text({"figure": {"value": value, "low": low, "high": high, **more}})
    return line.removeprefix("figure  ")


def test_a_figure_stands_with_its_interval_on_one_line():
    assert line_of(0.5, 0.25, 0.75) == "0.5000  (95 % 0.2500 to 0.7500)"
    assert line_of(0.5, None, None) == "0.5000"
    assert line_of(None, None, None) == "not defined"


@pytest.mark.parametrize("numbers", list(itertools.product([0.5, None], repeat=3)))
def test_any_number_of_a_figure_may_be_missing(numbers):
    assert "None" not in line_of(*numbers)
    assert line_of(*numbers).startswith("not defined" if numbers[0] is None else "0.5000")


def test_what_has_no_end_is_told_apart_from_what_nobody_knows():
    assert line_of(5.4, 1.95, None, unbounded=["high"]) == "5.4000  (95 % 1.9500 to unbounded)"
    assert line_of(None, 1.95, None, unbounded=["value", "high"]) == "unbounded  (95 % 1.9500 to unbounded)"
    assert line_of(None, None, None, unbounded=["value"]) == "unbounded"
    assert line_of(5.4, 1.95, None, unbounded=[]) == "5.4000  (95 % 1.9500 to unknown)"
