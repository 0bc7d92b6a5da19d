"""The review page: the worklist's order, the case in the address, the map beside it."""

import cv2
import numpy as np
import pandas as pd
import pytest
import streamlit as st
from changed_runs import THIRD_CLASS, with_three_classes
from conftest import plain

from core.decided import point_in_force, save_point
from core.errors import DatasetError
from core.evaluation.decision.operating_point import fixed_point
from core.results import split_results
from core.review.case_table import case_table
from core.review.filters import Filters
from core.review.worklist import worklist
from pages.review.facts import verdict_words
from pages.review.listing import _take_row
from pages.review.paging import turn_to as _turn_to
from pages.shared import cached_scans, state


def _cases(run, cell, split="test"):
    return worklist(case_table(run, (split,), point_in_force(run)), Filters(cells=(cell,)))


def _button(at, label):
    return next(button for button in at.button if button.label == label)


def test_without_a_run_the_page_offers_the_way_to_one(app):
    at = app("review/page.py")
    assert not at.exception
    assert [button.label for button in at.button] == ["Try it on synthetic scans", "Open your own scans"]


def test_missed_patients_come_first_and_the_most_confident_error_leads(app, tiny_run):
    at = app("review/page.py")
    assert not at.exception
    missed = _cases(tiny_run, "missed")
    assert at.session_state["cell"] == "missed"
    assert at.session_state["case"] == missed["path"].iloc[0]
    assert missed["score"].is_monotonic_increasing  # lowest score: furthest below the threshold
    false_alarms = _cases(tiny_run, "false alarm")
    assert false_alarms["score"].is_monotonic_decreasing


def test_next_and_previous_go_through_the_worklist_and_stop_at_its_ends(app, tiny_run):
    at = app("review/page.py", query={"cell": "found", "split": "train", "run": tiny_run.id})
    paths = _cases(tiny_run, "found", "train")["path"].tolist()
    assert _button(at, "Previous").disabled
    for path in paths[1:]:
        _button(at, "Next").click().run()
        assert at.session_state["case"] == path
    assert _button(at, "Next").disabled
    _button(at, "Previous").click().run()
    assert at.session_state["case"] == paths[-2]


def test_a_link_opens_its_case_even_in_another_list_after_the_threshold_moved(app, tiny_run):
    path = _cases(tiny_run, "missed")["path"].iloc[0]
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.0))  # everything is called positive
    at = app("review/page.py", query={"case": path, "cell": "missed", "split": "test", "run": tiny_run.id})
    assert not at.exception
    assert at.session_state["case"] == path
    assert at.session_state["cell"] == "found"


def test_an_empty_list_says_so(app, tiny_run):
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.0))
    at = app("review/page.py", query={"cell": "missed"})
    assert not at.exception
    assert any("No scan" in item.value for item in at.success)


@pytest.mark.parametrize("name", ["best.safetensors", "predictions.parquet"])
def test_a_damaged_file_gets_one_line_not_a_traceback(app, tiny_run, name):
    (tiny_run.folder / name).write_bytes(b"damaged")
    at = app("review/page.py")
    assert not at.exception
    errors = [item.value for item in at.error]
    assert errors
    assert all("\n" not in error for error in errors)


def test_a_scan_that_is_gone_is_named(app, tiny_run, monkeypatch):
    tiny_run.updated(data="/nowhere")
    at = app("review/page.py")
    assert not at.exception
    assert any(_cases(tiny_run, "missed")["path"].iloc[0] in plain(item.value) for item in at.error)


def test_classes_are_called_by_their_own_names():
    assert verdict_words("COVID", "non-COVID") == "It is COVID, called non-COVID."
    assert verdict_words("COVID", "COVID") == "It is COVID, and called so."
    assert verdict_words("a*b*", "C_d") == r"It is a\*b\*, called C\_d."


def test_the_case_shown_says_so_on_the_page(app, tiny_run):
    assert any(text.value.endswith("It is COVID, called non-COVID.") for text in app("review/page.py").markdown)


def test_of_three_classes_only_the_scans_of_the_cell_asked_for_are_shown(app, tiny_run):
    run = with_three_classes(tiny_run)
    cleared = _cases(run, "cleared", "train")
    asked = cleared[(cleared["label"] == THIRD_CLASS) & (cleared["predicted"] == "non-COVID")]
    assert 0 < len(asked) < len(cleared), "the case must be one where the cell is a part of the list"
    query = {"cell": "cleared", "split": "train", "run": run.id, "truth": THIRD_CLASS, "predicted": "non-COVID"}
    at = app("review/page.py", query=query)
    assert not at.exception
    assert at.dataframe[0].value["path"].tolist() == asked["path"].tolist()
    assert (at.query_params["truth"], at.query_params["predicted"]) == (THIRD_CLASS, "non-COVID")
    _button(at, f"Only truth {THIRD_CLASS}").click().run()
    assert "truth" not in at.query_params
    assert at.query_params["predicted"] == "non-COVID"
    _button(at, "Only called non-COVID").click().run()
    assert len(at.dataframe[0].value) == len(cleared)


def test_a_class_of_another_run_in_the_address_narrows_nothing(app, tiny_run):
    at = app("review/page.py", query={"cell": "cleared", "split": "train", "truth": "nobody", "predicted": "COVID"})
    assert len(at.dataframe[0].value) == len(_cases(tiny_run, "cleared", "train"))


def test_a_run_cannot_make_the_page_read_outside_its_dataset(app, tiny_run, tmp_path):
    cv2.imwrite(str(tmp_path / "secret.png"), np.full((40, 40), 9, np.uint8))
    with pytest.raises(DatasetError, match="refused"):
        cached_scans.scan_with_map(tiny_run, str(tmp_path / "secret.png"), "COVID", "gradcam")
    path = tiny_run.folder / "predictions.parquet"
    predictions = pd.read_parquet(path)
    first = _cases(tiny_run, "missed")["path"].iloc[0]
    predictions.loc[predictions["path"] == first, "path"] = "../../secret.png"
    predictions.to_parquet(path, index=False)
    at = app("review/page.py")
    assert not at.exception
    assert any("refused" in item.value for item in at.main.error)
    assert not at.get("imgs")


def test_the_same_row_of_another_list_and_a_row_after_paging_can_be_chosen(app, tiny_run, monkeypatch):
    monkeypatch.setattr(st, "session_state", {"one": {"selection": {"rows": [1]}}, "two": {"selection": {"rows": [1]}}})
    _take_row("one", ["a", "b"])
    assert state.get(state.CASE) == "b"
    _take_row("two", ["c", "d"])
    assert state.get(state.CASE) == "d"
    before = st.session_state.get(state.WORKLIST_TURN, 0)
    _turn_to("c")
    assert st.session_state[state.WORKLIST_TURN] == before + 1  # the table is another: no row of it is chosen
    st.session_state["two"] = {"selection": {"rows": []}}
    _take_row("two", ["c", "d"])
    assert state.get(state.CASE) == "c"


def test_a_large_scan_is_kept_and_shown_no_larger_than_a_screen(app, tiny_run, tmp_path):
    (tmp_path / "large").mkdir()
    cv2.imwrite(str(tmp_path / "large/scan.png"), np.random.default_rng(0).integers(0, 255, (1500, 3000), np.uint8))
    run = tiny_run.updated(data=str(tmp_path / "large"))
    scan, found = cached_scans.scan_with_map(run, "scan.png", "COVID", "gradcam")
    assert scan.shape == found.heat.shape == (512, 1024)
