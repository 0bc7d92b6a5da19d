"""One case to take along from the review page, and as the page prints."""

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.review.notes.note import Note
from core.review.notes.note_book import notes_of
from core.runs import Run, read_index
from pages.review.sheet import _on_paper, _sheet


@pytest.fixture
def case(tiny_run: Run) -> pd.Series:
    index = read_index(tiny_run)
    row = index[index["split"] == "test"].iloc[0]
    return pd.Series({"path": row["path"], "content": row["sha256"]})


def test_the_page_offers_both_files_and_draws_none_before_it_is_asked(tiny_run, case, monkeypatch):
    monkeypatch.setattr(
        "core.review.sheets.sheet.sheet_of", lambda *_, **__: pytest.fail("drawn before it was asked for")
    )

    def page(run, row):
        from pages.review.sheet import show_sheet

        show_sheet(run, row, target="COVID", method="gradcam", layer="")

    at = AppTest.from_function(page, args=(tiny_run, case)).run()
    assert not at.exception
    assert [button.proto.label for button in at.get("download_button")] == ["Sheet as PDF", "Sheet as PNG"]


def test_both_files_come_from_the_network_at_hand(tiny_run, case):
    st.cache_resource.clear()
    assert _sheet(tiny_run, case["path"], "COVID", "gradcam", "", "pdf").startswith(b"%PDF")


def test_notes_are_on_paper_and_act_as_nothing(tiny_run, case):
    notes_of(tiny_run).save(Note(case["content"], "<i>Ada</i>", "poor-image", text="<script>alert(1)</script> " * 100))
    printed = _on_paper(tiny_run, case)
    assert "&lt;i&gt;Ada&lt;/i&gt;" in printed
    assert "<script>" not in printed
    assert "the rest is in the app" in printed
    assert case["path"] not in printed
    assert "Research use only, not a medical device." in printed
