"""Faithfulness on the review page: not computed unasked, one word with its numbers; and analyses in the background."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.analyses import job
from core.analyses.faithfulness import Asked
from core.analyses.working import carry_out
from core.results import split_results
from core.runs import Run
from pages.review import cached_faithful
from pages.shared import state
from pages.shared.analyses import running_words


def _of_one(folder: str, path: str, layer: str) -> None:
    from pathlib import Path

    from core.runs import read_run
    from pages.review.faithful import show_faithfulness

    show_faithfulness(read_run(Path(folder)), path, "COVID", "layercam", layer)


def _of_run(folder: str) -> None:
    from pathlib import Path

    from core.runs import read_run
    from pages.review.faithful import show_run_faithfulness

    show_run_faithfulness(read_run(Path(folder)))


def _path(run: Run) -> str:
    return str(split_results(run, "test").table["path"].iloc[0])


def _button(at: AppTest, label: str):
    return next(button for button in at.button if button.label == label)


def test_nothing_is_measured_unasked_and_the_word_comes_with_its_numbers(tiny_run, monkeypatch):
    measured = []
    whole = cached_faithful.measure_now
    monkeypatch.setattr(cached_faithful, "measure_now", lambda *a, **k: measured.append(1) or whole(*a, **k))
    at = AppTest.from_function(
        _of_one, args=(str(tiny_run.folder), _path(tiny_run), "layer1"), default_timeout=60
    ).run()
    assert not at.exception
    assert measured == []
    _button(at, "Is this map faithful?").click().run()
    assert not at.exception
    assert measured == [1]
    assert any("-badge[:material/" in text.value for text in at.markdown)
    gains, agreements = at.dataframe
    assert gains.value["measure"].tolist() == ["Deletion", "Insertion", "ROAD"]
    assert agreements.value["map of"].tolist() == ["the mirrored scan", "the moved scan", "untrained networks"]
    at.run()
    assert measured == [1]  # kept


def test_a_map_without_a_place_is_ignored_and_says_why(tiny_run):
    at = AppTest.from_function(_of_one, args=(str(tiny_run.folder), _path(tiny_run), ""), default_timeout=60).run()
    _button(at, "Is this map faithful?").click().run()
    assert not at.exception
    words = " ".join(text.value for text in at.markdown)
    assert "ignore" in words
    assert "cannot say where" in words or "nothing in the scan" in words
    assert not at.dataframe


def test_a_run_is_measured_when_asked_and_shown_by_method(tiny_run, monkeypatch):
    started = []
    monkeypatch.setattr(job, "start_command", lambda arguments, log_path: started.append(arguments) or 0)
    at = AppTest.from_function(_of_run, args=(str(tiny_run.folder),), default_timeout=60).run()
    assert not at.exception
    assert not at.dataframe
    _button(at, "Measure them").click().run()
    assert started[0][:3] == ["analyse", str(tiny_run.folder), "faithfulness"]
    carry_out(tiny_run, "faithfulness", Asked().options())
    at.run()
    assert not at.exception
    assert at.dataframe[0].value["method"].tolist() == ["Grad-CAM", "HiResCAM", "LayerCAM"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"status": "failed", "says": "no [space](x) left"}, "It failed."),
        ({"status": "running"}, "It ended early."),
    ],
)
def test_how_it_ended_is_said(tiny_run, status, words):
    found = job.state_of(tiny_run, "faithfulness")
    found.folder.mkdir(parents=True)
    mark = job.mark_of(tiny_run, "faithfulness")
    (found.folder / "status.json").write_text(json.dumps(status | {"mark": mark}))
    at = AppTest.from_function(_of_run, args=(str(tiny_run.folder),), default_timeout=60).run()
    assert not at.exception
    assert at.error[0].value.startswith(words)
    assert "[space](" not in at.error[0].value
    assert _button(at, "Measure them")


def test_progress_is_said_with_the_time_left():
    of = job.Analysis("heat", {}, "running", Path("x"))
    assert running_words(of) == "Working out where the heat is: starting"
    of = job.Analysis("heat", {}, "running", Path("x"), done=1200, of=2400, seconds_left=65.0)
    assert running_words(of) == "Working out where the heat is: 1,200 of 2,400, 65 s left"
    assert of.share == 0.5


def test_the_tab_asks_about_the_map_that_is_shown(app, tiny_run):
    at = app("review/page.py")
    at.session_state[state.CASE_TAB] = "Is the map faithful?"
    at.run()
    assert not at.exception
    assert _button(at, "Is this map faithful?")
    assert any("Grad-CAM" in text.value for text in at.markdown)
