"""The queue on the training page: order, stop, try again, and why a run ended."""

from contextlib import ExitStack

import pytest
from conftest import plain

from core.files import write_text
from core.runs import create_run, read_run
from core.training.config import TrainingConfig
from core.training.jobs import claimed, queued, report, stop_is_requested
from pages.shared import cached, state


@pytest.fixture
def waiting(tmp_path):
    """Three runs that wait, their locks held."""
    with ExitStack() as stack:
        runs = []
        for backbone in ("resnet10t", "resnet18", "resnet34"):
            config = TrainingConfig(backbone=backbone).to_json()
            run = create_run(
                cached.DEFAULT_RUNS,
                config=config,
                data=tmp_path / "scans",
                preset="quick",
                preset_config=TrainingConfig(epochs=3).to_json(),
            )
            stack.enter_context(claimed(run))
            report(run, phase="waiting", ahead=1)
            runs.append(run)
        yield runs


@pytest.fixture
def queue(app):
    def opened():
        at = app("training/page.py")
        at.session_state[state.TRAINING_TAB] = "Queue"
        at.run()
        assert not at.exception
        return at

    return opened


def _order():
    return [run.record.config["backbone"] for run in queued(cached.DEFAULT_RUNS)]


def test_what_waits_stands_in_order_and_can_be_reordered(queue, waiting):
    at = queue()
    assert any("Waiting: 3" in item.value for item in at.markdown)
    ids = {run.record.config["backbone"]: run.id for run in queued(cached.DEFAULT_RUNS)}
    first, second, third = _order()
    at.button(key=f"queue-Down-{ids[first]}").click().run()
    assert _order() == [second, first, third]
    at.button(key=f"queue-First-{ids[third]}").click().run()
    assert _order() == [third, second, first]
    at.button(key=f"queue-Up-{ids[first]}").click().run()
    assert _order() == [third, first, second]
    names = [plain(item.value) for item in at.markdown if item.value.startswith(("1.", "2.", "3."))]
    assert [name.split(", ")[1].split(" on ")[0] for name in names] == [third, first, second]
    assert at.button(key=f"queue-Up-{ids[third]}").disabled
    assert at.button(key=f"queue-First-{ids[third]}").disabled
    assert at.button(key=f"queue-Down-{ids[second]}").disabled


def test_each_of_the_queue_says_what_tells_it_from_others_of_its_preset(queue, waiting):
    said = [plain(item.value) for item in queue().caption if item.value.startswith("With ")]
    assert "With backbone resnet34, epochs 20." in said
    assert len(said) == 3


def test_a_run_that_waits_can_be_stopped(queue, waiting):
    at = queue()
    at.button(key=f"queue-Stop-{waiting[1].id}").click().run()
    assert not at.exception
    assert stop_is_requested(waiting[1])


def test_what_trains_now_is_no_part_of_what_waits(queue, waiting):
    waiting[0].updated(status="running")
    report(waiting[0], phase="training", epoch=1, epochs=3, images_per_second=9.0, limit_images_per_second=10.0)
    at = queue()
    assert any("Waiting: 2" in item.value for item in at.markdown)
    assert f"queue-Up-{waiting[0].id}" not in {button.key for button in at.button}
    assert at.button(key=f"queue-Stop-{waiting[0].id}")


def test_a_run_that_no_longer_waits_is_said_and_not_moved(queue, waiting):
    at = queue()
    ids = [run.id for run in queued(cached.DEFAULT_RUNS)]
    read_run(cached.DEFAULT_RUNS / ids[0]).updated(status="finished")
    at.button(key=f"queue-Down-{ids[0]}").click().run()
    assert not at.exception
    assert any("expected a waiting run to move" in toast.value for toast in at.toast)


def test_a_dead_run_says_why_shows_its_last_lines_and_can_be_tried_again(queue, tiny_run, monkeypatch):
    tried = []
    monkeypatch.setattr("core.training.jobs.retry", tried.append)
    run = tiny_run.updated(status="failed", error="the disk of *here* is full")
    write_text(run.log_path, "epoch 2: done\nerror: no space left on device\n")
    at = queue()
    assert "The disk of *here* is full." in [plain(caption.value) for caption in at.caption]
    assert any("no space left on device" in code.value for code in at.code)
    at.button(key=f"queue-Try again-{run.id}").click().run()
    assert [one.id for one in tried] == [run.id]


def test_an_empty_queue_says_so(queue):
    at = queue()
    assert "Nothing trains now." in [caption.value for caption in at.caption]
    assert "**Nothing waits.**" in [item.value for item in at.markdown]
