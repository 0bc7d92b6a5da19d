"""Notes beside a scan: one key keeps a verdict, everything beside it follows, nothing said is lost."""

import sqlite3
from contextlib import closing

import pandas as pd
import pytest
from conftest import plain
from streamlit.testing.v1 import AppTest

from core.review.notes.marks import Mark
from core.review.notes.note import Note
from core.review.notes.note_book import notes_of
from core.review.notes.verdicts import VERDICTS
from core.runs import read_index
from pages.shared import state


def beside_a_scan() -> None:
    """The panel on a page of its own, for the case in the session, else the first scan of the run."""
    import streamlit as st

    from core.runs import read_index
    from pages.review.notes import marks_of_notes, show_notes
    from pages.shared import cached, state

    run = cached.finished_runs()[0]
    index = read_index(run)
    paths = index["path"].tolist()
    if not state.get(state.CASE):
        state.put(state.CASE, paths[0])
    at = paths.index(state.get(state.CASE))
    row = index.iloc[at]
    case = row.rename({"sha256": "content"})
    show_notes(run, case, paths[at + 1])
    st.text(f"marks {len(marks_of_notes(run, case))}")


@pytest.fixture
def panel(tiny_run) -> AppTest:
    return AppTest.from_function(beside_a_scan, default_timeout=60).run()


@pytest.fixture
def named(panel) -> AppTest:
    return panel.text_input(key=state.READER).set_value("Ada").run()


def button(panel: AppTest, begins: str):
    return next(each for each in panel.button if each.key.startswith(begins))


def press(panel: AppTest, verdict: str) -> AppTest:
    button(panel, f"verdict-{verdict}").click().run()
    assert not panel.exception
    return panel


def said(run) -> list[tuple[str, str, str, str, str]]:
    return [(n.reader, n.verdict, n.confidence, n.right_label, n.text) for n in notes_of(run).standing()]


def shown(panel: AppTest) -> str:
    return "\n".join(element.value for element in (*panel.markdown, *panel.text, *panel.caption, *panel.error))


def area(panel: AppTest):
    return panel.text_area[0]


def sure(panel: AppTest):
    return panel.get("button_group")[0]


def test_without_a_name_no_verdict_can_be_given_and_the_page_says_so(panel, tiny_run):
    assert all(button(panel, f"verdict-{verdict}").disabled for verdict in VERDICTS)
    assert "Say who reads" in shown(panel)
    panel.text_input(key=state.READER).set_value("A\x07da").run()
    assert "control characters" in shown(panel)
    assert all(button(panel, f"verdict-{verdict}").disabled for verdict in VERDICTS)
    assert not notes_of(tiny_run).path.exists()


def test_a_name_of_which_nothing_is_seen_is_asked_for_and_takes_nothing_else_away(panel):
    panel.text_input(key=state.READER).set_value("\u200d").run()
    assert not panel.exception
    assert "found none; say who reads" in shown(panel)
    assert "marks 0" in shown(panel)


def test_one_press_keeps_a_verdict_with_run_path_and_content(named, tiny_run):
    press(named, "poor-image")
    note = notes_of(tiny_run).standing()[0]
    row = read_index(tiny_run).iloc[0]
    assert (note.reader, note.verdict, note.run) == ("Ada", "poor-image", tiny_run.id)
    assert (note.path, note.content) == (row["path"], row["sha256"])
    assert "Saved: Poor image" in shown(named)
    press(named, "poor-image")
    assert len(notes_of(tiny_run).history()) == 1


def test_of_two_classes_a_wrong_label_means_the_other(named, tiny_run):
    press(named, "label-wrong")
    label = read_index(tiny_run)["label"].iloc[0]
    assert said(tiny_run) == [("Ada", "label-wrong", "", next(n for n in tiny_run.record.classes if n != label), "")]


def test_of_three_classes_the_right_label_is_asked_for_and_kept_at_once(named, tiny_run):
    tiny_run.updated(classes=("COVID", "non-COVID", "other"))
    named.run()
    press(named, "label-wrong")
    assert said(tiny_run)[0][3] == ""
    assert "Without the right label" in shown(named)
    pills = next(group for group in named.get("button_group") if group.label == "Right label")
    pills.select("other").run()
    assert said(tiny_run)[0][3] == "other"
    assert "Without the right label" not in shown(named)


def test_confidence_and_remark_follow_the_verdict_and_change_it_afterwards(named, tiny_run):
    area(named).set_value("blurred =1+1\n- not a list").run()
    assert notes_of(tiny_run).history() == ()
    press(named, "model-wrong")
    assert said(tiny_run) == [("Ada", "model-wrong", "", "", "blurred =1+1\n- not a list")]
    area(named).set_value("sharp").run()
    sure(named).select("high").run()
    assert said(tiny_run) == [("Ada", "model-wrong", "high", "", "sharp")]
    assert len(notes_of(tiny_run).history()) == 3


def test_a_remark_without_a_verdict_is_there_when_the_reader_comes_back(named, tiny_run):
    area(named).set_value("look again").run()
    first, second = read_index(tiny_run)["path"].iloc[:2]
    for path in (second, first):
        named.session_state[state.CASE] = path
        named.run()
    assert area(named).value == "look again"


def test_undo_takes_back_step_by_step_and_the_fields_follow(named, tiny_run):
    press(named, "model-wrong")
    area(named).set_value("sharp").run()
    button(named, "undo-note").click().run()
    assert said(tiny_run) == [("Ada", "model-wrong", "", "", "")]
    assert area(named).value == ""
    button(named, "undo-note").click().run()
    assert said(tiny_run) == []
    assert [note.undone != "" for note in notes_of(tiny_run).history()] == [True, True]
    assert "taken back" in shown(named)


def test_a_verdict_can_turn_to_the_next_scan_and_undo_turns_back(named, tiny_run):
    first, second = read_index(tiny_run)["path"].iloc[:2]
    named.toggle(key=state.NOTE_GO_ON).set_value(True).run()
    press(named, "model-wrong")
    assert named.session_state[state.CASE] == second
    assert "Saved: Model wrong for" in shown(named)
    button(named, "undo-note").click().run()
    assert named.session_state[state.CASE] == first
    assert said(tiny_run) == []


def test_what_others_said_is_seen_after_ones_own_verdict(named, tiny_run):
    content = read_index(tiny_run)["sha256"].iloc[0]
    mark = Mark("point", 0.5, 0.5, 0.5, 0.5)
    notes_of(tiny_run).save(Note(content, "<b>Bob</b>", "both-defensible", text="# no heading", mark=mark, run="other"))
    named.run()
    before = [expander for expander in named.expander if expander.label.startswith("Other readers")]
    assert [expander.proto.expanded for expander in before] == [False]
    assert "marks 0" in shown(named)
    press(named, "model-wrong")
    after = [expander for expander in named.expander if expander.label.startswith("Other readers")]
    assert [expander.proto.expanded for expander in after] == [True]
    assert "marks 1" in shown(named)
    assert r"**\<b\>Bob\</b\>**" in shown(named)
    assert "# no heading" in [element.value for element in named.text]


def test_a_note_follows_the_scan_to_another_run(named, tiny_run):
    press(named, "model-wrong")
    content = read_index(tiny_run)["sha256"].iloc[0]
    assert [note.verdict for note in notes_of(tiny_run).of_scan(content)] == ["model-wrong"]
    other = tiny_run.updated(id="another")
    assert notes_of(other).of_scan(content) == notes_of(tiny_run).of_scan(content)


def test_a_mark_on_the_scan_goes_with_the_verdict_and_can_be_taken_off(named, tiny_run, monkeypatch):
    from pages.review.viewer.view import case_key

    path, mark = read_index(tiny_run)["path"].iloc[0], Mark("rectangle", 0.1, 0.2, 0.3, 0.4)
    named.session_state[state.MARKS] = {case_key(tiny_run, path): mark}
    named.run()
    assert "goes with the verdict" in shown(named)
    press(named, "model-wrong")
    assert notes_of(tiny_run).standing()[0].mark == mark
    assert named.session_state[state.MARKS] == {}
    area(named).set_value("there").run()
    assert notes_of(tiny_run).standing()[0].mark == mark
    button(named, "drop-mark").click().run()
    assert notes_of(tiny_run).standing()[0].mark is None


def test_a_note_that_cannot_be_kept_is_said_and_what_was_typed_stays(named, tiny_run, monkeypatch):
    press(named, "model-wrong")
    monkeypatch.setattr("core.review.book.WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(notes_of(tiny_run).path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        area(named).set_value("must not be lost").run()
        assert "locked" in shown(named)
        assert area(named).value == "must not be lost"
    press(named, "both-defensible")
    assert said(tiny_run) == [("Ada", "both-defensible", "", "", "must not be lost")]


def about_the_run() -> None:
    from pages.review.notes_figures import show_corrected_figures
    from pages.review.notes_run import show_run_notes
    from pages.shared import cached

    run = cached.finished_runs()[0]
    show_run_notes(run)
    show_corrected_figures(run)


def test_the_run_shows_its_notes_and_what_corrected_labels_change(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr("streamlit.page_link", lambda *_, **__: None)  # the page stands by itself here
    at = AppTest.from_function(about_the_run, default_timeout=60).run()
    assert "Nobody has said anything" in "\n".join(info.value for info in at.info)
    table = pd.read_parquet(tiny_run.folder / "predictions.parquet").query("split == 'test'")
    wrong = table[(table["COVID"] >= 0.5) != (table["label"] == "COVID")].iloc[0]
    content = read_index(tiny_run).set_index("path").loc[wrong["path"], "sha256"]
    right = next(name for name in tiny_run.record.classes if name != wrong["label"])
    notes_of(tiny_run).save(Note(content, "Ada", "label-wrong", right_label=right, path=wrong["path"]))
    at.run()
    assert not at.exception
    assert "flatter the model" in "\n".join(warning.value for warning in at.warning)
    assert [metric.label for metric in at.metric] == ["FNR", "FPR", "AUC", "Accuracy"]
    accuracy = at.metric[3]
    assert float(accuracy.value.rstrip("%")) > float(accuracy.delta.removeprefix("was ").rstrip("%"))
    at.button(key="make-copy").click().run()
    assert not at.exception
    assert "1 of 40 labels changed" in "\n".join(success.value for success in at.success)
    copy = tmp_path / "datasets" / f"{tiny_run.record.data.rsplit('/')[-1]}-corrected"
    assert (copy / "index.csv").is_file()
    at.button(key="make-copy").click().run()
    assert "something at" in "\n".join(error.value for error in at.error)


def test_a_run_on_corrected_labels_says_so_beside_its_name_and_its_figures(app, tiny_run):
    tiny_run.updated(corrected="1 of 40 labels corrected by readers")
    at = app("performance/page.py")
    assert "Trained on tiny; 1 of 40 labels corrected by readers" in plain(at.sidebar.caption[0].value)
    assert "counted by them: 1 of 40 labels" in plain("\n".join(info.value for info in at.info))


def test_what_was_pressed_while_the_next_scan_is_on_its_way_counts_for_the_one_on_screen(named, tiny_run):
    first, second = read_index(tiny_run).iloc[0], read_index(tiny_run).iloc[1]
    pressed = button(named, "verdict-model-wrong")
    assert pressed.key.endswith(first["sha256"])
    named.session_state[state.CASE] = second["path"]
    named.run()
    assert all(second["sha256"] in each.key for each in named.button if each.key.startswith("verdict-"))
