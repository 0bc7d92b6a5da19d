"""The review page: the worklist's order, the case in the address, the map beside it."""

import re
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest
import streamlit as st
from changed_runs import THIRD_CLASS, older_run_beside, with_three_classes
from conftest import plain

from core.decided import point_in_force, save_point
from core.errors import DatasetError
from core.evaluation.decision.operating_point import fixed_point
from core.results import split_results
from core.review.worklists.case_table import case_table
from core.review.worklists.filters import Filters
from core.review.worklists.worklist import worklist
from pages.review import listing
from pages.review.facts import verdict_words
from pages.review.listing import _take_row
from pages.review.paging import turn_to as _turn_to
from pages.shared import cached_viewed, state


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
    assert verdict_words("COVID", "non-COVID") == "Labelled COVID, called non-COVID."
    assert verdict_words("COVID", "COVID") == "Labelled COVID, and called so."
    assert verdict_words("a*b*", "C_d") == r"Labelled a\*b\*, called C\_d."


def test_the_case_shown_says_so_on_the_page(app, tiny_run):
    assert any(text.value.endswith("Labelled COVID, called non-COVID.") for text in app("review/page.py").markdown)


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
        cached_viewed.picture(tiny_run, str(tmp_path / "secret.png"))
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


def _listed(at):
    return at.dataframe[0].value["path"].tolist()


def _everything(run):
    return case_table(run, ("train", "val", "test"), point_in_force(run))


def test_several_cells_of_all_splits_stand_in_one_list_that_the_address_holds(app, tiny_run):
    at = app("review/page.py", query={"cell": "missed,false alarm", "split": "any", "order": "score-down"})
    assert not at.exception
    expected = worklist(_everything(tiny_run), Filters(cells=("missed", "false alarm"), order="score-down"))
    assert _listed(at) == expected["path"].tolist()
    wanted = {"cell": "missed,false alarm", "split": "any", "order": "score-down"}
    assert {name: at.query_params[name] for name in wanted} == wanted


def test_every_chip_says_how_many_there_would_be(app, tiny_run):
    at = app("review/page.py", query={"cell": "missed", "split": "test"})
    table = _everything(tiny_run)
    lists, splits = at.button_group[1], at.button_group[2]
    in_test = table[table["split"] == "test"]["cell"].value_counts()
    words = {"missed": "Missed", "false alarm": "False alarms", "found": "Found", "cleared": "Cleared"}
    assert lists.options == [f"{word} {in_test[cell]}" for cell, word in words.items()]
    missed = table[table["cell"] == "missed"]["split"].value_counts()
    assert splits.options == [
        *(
            f"{word} {missed[split]}"
            for split, word in (("test", "Test"), ("val", "Validation"), ("train", "Training"))
        ),
        f"All {missed.sum()}",
    ]


def test_what_the_address_means_nothing_by_is_said_and_left_out(app, tiny_run):
    at = app("review/page.py", query={"cell": "lost", "split": "holdout", "score": "9", "order": "size", "only": "x"})
    assert not at.exception
    assert at.session_state["cell"] == "missed"
    said = next(item.value for item in at.caption if item.value.startswith("Not understood in the address"))
    assert all(name in plain(said) for name in ("cell=lost", "split=holdout", "score=9", "order=size", "only=x"))


def test_an_empty_list_offers_to_drop_what_empties_it(app, tiny_run):
    at = app("review/page.py", query={"cell": "missed", "split": "test", "score": "0.99..1"})
    assert any("No scan" in item.value for item in at.success)
    _button(at, "Without “Score 0.99 to 1”: 1").click().run()
    assert _listed(at) == _cases(tiny_run, "missed")["path"].tolist()
    assert "score" not in at.query_params


def test_what_has_not_been_worked_out_is_said_with_a_way_on_and_a_way_back(app, tiny_run):
    at = app("review/page.py", query={"cell": "missed", "split": "test", "only": "outside"})
    assert not at.exception
    assert any("where the heat lies has not been worked out" in plain(item.value) for item in at.info)
    assert any(button.label == "Work out where the heat is" for button in at.button)
    _button(at, "Without “Heat outside the lungs”").click().run()
    assert _listed(at) == _cases(tiny_run, "missed")["path"].tolist()


def test_a_link_to_a_case_alone_shows_it_whatever_list_it_is_in(app, tiny_run):
    path = _cases(tiny_run, "cleared", "train")["path"].iloc[-1]
    at = app("review/page.py", query={"run": tiny_run.id, "case": path})
    assert at.session_state["case"] == path
    assert (at.query_params["cell"], at.query_params["split"]) == ("cleared", "train")


def test_from_the_facts_all_slices_of_the_group_are_one_list(app, tiny_run):
    at = app("review/page.py", query={"cell": "missed", "split": "test"})
    at.session_state[state.CASE_TAB] = "Facts"
    at.run()
    case = _cases(tiny_run, "missed").iloc[0]
    _button(at, "All 2 slices of this group").click().run()
    assert at.session_state["case"] == case["path"]
    assert (at.query_params["group"], at.query_params["split"], at.query_params["order"]) == (
        case["group"],
        "any",
        "group",
    )
    at.session_state[state.CASE_TAB] = "The whole worklist"
    at.run()
    table = _everything(tiny_run)
    assert _listed(at) == sorted(table.loc[table["group"] == case["group"], "path"])


def test_further_choices_narrow_the_list_and_are_chips_to_drop(app, tiny_run):
    at = app("review/page.py", query={"cell": "any", "split": "any"})
    at.session_state[state.NARROW_OPEN] = True
    at.run()
    assert not at.exception
    at.selectbox(key=f"{state.WORKLIST_CHOICE}truth").select("COVID").run()
    table = _everything(tiny_run)
    assert len(_listed(at)) == min(50, int((table["label"] == "COVID").sum()))
    assert at.query_params["truth"] == "COVID"
    _button(at, "Only truth COVID").click().run()
    assert "truth" not in at.query_params


def test_a_long_list_is_sent_page_by_page(app, tiny_run, monkeypatch):
    monkeypatch.setattr(listing, "PAGE_ROWS", 7)
    at = app("review/page.py", query={"cell": "any", "split": "any", "order": "score-up"})
    expected = worklist(_everything(tiny_run), Filters(order="score-up"))["path"].tolist()
    assert _listed(at) == expected[:7]
    for _ in range(7):
        _button(at, "Next").click().run()
    assert _listed(at) == expected[7:14]  # the page that the case shown is on


@pytest.mark.parametrize(("upper", "zone"), [(None, ""), (0.99, "referred"), (0.5, "ruled in")])
def test_the_zone_is_told_where_two_thresholds_are_in_force(app, tiny_run, upper, zone):
    save_point(tiny_run, replace(fixed_point(split_results(tiny_run, "val").scored, 0.3), upper=upper))
    at = app("review/page.py", query={"cell": "found", "split": "test"})
    badges = [words.value for words in at.markdown if "-badge[found]" in words.value]
    assert len(badges) == 1
    assert re.findall(r"-badge\[([a-z ]+)\]", badges[0]) == ["found", *([zone] if zone else [])]


def test_other_runs_say_what_they_think_of_the_same_scan(app, tiny_run):
    other = older_run_beside(tiny_run)
    at = app("review/page.py", query={"run": tiny_run.id, "cell": "missed", "split": "test"})
    at.session_state[state.CASE_TAB] = "Other runs"
    at.run()
    assert not at.exception
    assert at.dataframe[0].value["called"].tolist() == ["non-COVID"]
    assert any("0 of 1" in item.value for item in at.markdown)
    assert other.id != tiny_run.id
