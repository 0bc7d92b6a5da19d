"""Texts in CSV: a spreadsheet runs nothing of them, and reading gives back what was written."""

from hypothesis import given
from hypothesis import strategies as st

from core.spreadsheets import no_formula, text_again


@given(st.text(st.sampled_from("='+-@\t\r\nab 1\"")))
def test_nothing_begins_as_a_formula_and_every_text_comes_back(text: str) -> None:
    assert not no_formula(text).startswith(tuple("=+-@\t\r\n"))
    assert text_again(no_formula(text)) == text
