"""The start page: one button, its progress, and the ways into the result."""

from conftest import plain

from core.commands.trainings import new_demo_run
from core.errors import WorkError
from core.files import write_text
from core.runs import create_run
from core.training.config import TrainingConfig
from core.training.jobs import claimed, report
from pages.shared import cached


def _buttons(at) -> list[str]:
    return [button.label for button in at.button]


def test_without_a_run_the_start_page_offers_the_demo_and_own_scans(app):
    at = app()
    assert not at.exception
    assert "Try it on synthetic scans" in _buttons(at)
    assert "Open your own scans" in _buttons(at)
    assert len(at.main.markdown[0].value.split(". ")) == 3  # three sentences on what this is


def test_one_click_makes_a_queued_demo_run_and_starts_its_process(app, monkeypatch):
    started = []
    monkeypatch.setattr(
        "core.training.jobs.start_in_background", lambda run, command=None: started.append((run, command))
    )
    at = app()
    next(button for button in at.button if button.label == "Try it on synthetic scans").click().run()
    assert not at.exception
    [(run, command)] = started
    assert command is None  # start_in_background knows a demo by its phantoms
    assert run.record.status == "queued"
    assert run.record.phantoms == {"count": 400, "seed": 0}


def test_a_demo_at_work_shows_its_progress_and_a_stop_button(app, tmp_path):
    run = new_demo_run(cached.DEFAULT_RUNS, tmp_path / "data").updated(status="running")
    report(run, phase="training", epoch=2, epochs=8, step=3, steps=6, images_per_second=123.4, seconds_left=42.0)
    with claimed(run):
        at = app()
        assert not at.exception
        assert "Stop" in _buttons(at)
        assert "Try it on synthetic scans" not in _buttons(at)


def test_a_demo_that_died_says_why_and_can_be_tried_again(app, tmp_path):
    run = new_demo_run(cached.DEFAULT_RUNS, tmp_path / "data").updated(status="running")
    report(run, phase="training")
    at = app()
    assert "its process ended without a word" in at.error[0].value
    assert "Try it on synthetic scans" in _buttons(at)


def test_a_finished_demo_leads_to_performance_threshold_and_review(app, tiny_run):
    tiny_run.updated(phantoms={"count": 40, "seed": 0})
    at = app()
    assert {"How good is it?", "Where do we cut?", "Why is it wrong?"} <= set(_buttons(at))


def test_a_damaged_run_is_said_in_one_line_and_does_not_hide_the_others(app, tiny_run):
    broken = create_run(cached.DEFAULT_RUNS, config=TrainingConfig().to_json(), data=tiny_run.folder)
    write_text(broken.folder / "run.json", "{")
    at = app()
    assert not at.exception
    [warning] = [item.value for item in at.warning]
    assert broken.id in warning
    assert "\n" not in warning
    assert len(at.dataframe[0].value) == 1


def test_a_run_on_own_scans_with_the_demos_preset_is_no_demo(app, tiny_run):
    tiny_run.updated(preset="demo")
    at = app()
    assert "Try it on synthetic scans" in _buttons(at)
    assert "How good is it?" not in _buttons(at)


def test_the_start_buttons_failure_is_one_line(app, monkeypatch):
    def full(*_):
        raise WorkError("cannot write: disk full")

    monkeypatch.setattr("core.training.jobs.start_in_background", full)
    at = app()
    next(button for button in at.button if button.label == "Try it on synthetic scans").click().run()
    assert not at.exception
    assert [plain(error.value) for error in at.main.error] == ["cannot write: disk full"]
