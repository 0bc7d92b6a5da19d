"""Training in a browser: watched, stopped and gone on with, queued, killed, swept; each run in its own process.

While the page is looked at, SIGSTOP holds the process that trains: no test depends on how fast it is.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from benchmarks.browser import wait_for
from core.data.phantoms.writing import write_phantoms
from core.runs import Run, list_runs, read_run
from core.training.jobs import current_status, progress_of
from tests.browser.conftest import App, app_on
from tests.browser.hands import at_rest, brought_into_view, choose, expect, until_it_holds
from tests.tiny_trainings import ended, epochs_done, only_run, started, wait_until

pytestmark = pytest.mark.browser

_LONGEST_WAIT_MS = 60_000
_SETTINGS = {"backbone": "test_resnet", "image_size": "32", "epochs": "30", "batch_size": "8", "precision": "fp32"}
_AS_THE_FORM = {**_SETTINGS, "positive": "lesion"}  # which it fills in by itself


@pytest.fixture
def phantoms(tmp_path: Path) -> Path:
    """Sixty synthetic scans of 30 patients, in a folder that the server has not seen yet."""
    return write_phantoms(tmp_path / "sixty", count=60, seed=1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A server whose runs are these tests' own."""
    folder = tmp_path_factory.mktemp("training")
    with app_on(folder) as address:
        yield App(address, folder)


@pytest.fixture
def app(served: App, page: Page) -> Iterator[App]:
    """A server without a run; what still works at the end is killed, and no run is left to the next test."""
    page.set_default_timeout(_LONGEST_WAIT_MS)
    try:
        yield served
    finally:
        for run in list_runs(served.runs)[0]:
            if current_status(run)[0] in ("queued", "running"):
                _signal(run, signal.SIGKILL)
        shutil.rmtree(served.runs, ignore_errors=True)


def test_a_run_stopped_and_gone_on_with_ends_with_the_weights_of_one_that_never_was_stopped(
    page: Page, app: App, phantoms: Path, tmp_path: Path
) -> None:
    other_runs = tmp_path / "never-stopped"
    changed = [part for name, value in _AS_THE_FORM.items() for part in ("--set", f"{name}={value}")]
    with started(["train", str(phantoms), "--preset", "quick", *changed, "--runs", str(other_runs)]) as command:
        _open_form(page, app, phantoms)
        expect(page.get_by_text("Exactly the preset quick.")).to_be_visible()
        _fill_in(page)
        assert ended(command).status == 0
    page.get_by_role("button", name="Start training").click()
    run = _held_in_training(app)

    expect(page.get_by_role("figure", name="Loss over ")).to_be_visible()  # nobody loaded the page anew
    page.get_by_text("What the network sees", exact=True).click()
    expect(page.locator("img[alt^='Scan 1 of the first batch']")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_until(lambda: (run.folder / "stop.request").exists())
    _signal(run, signal.SIGCONT)
    go_on = page.get_by_role("button", name="Go on", exact=True)
    expect(go_on).to_be_visible()
    assert read_run(run.folder).record.status == "stopped"
    assert 1 <= epochs_done(app.runs) < 30

    go_on.click()
    expect(page.get_by_role("button", name="How good is it?")).to_be_visible()
    never_stopped = only_run(other_runs)
    assert read_run(run.folder).record.config == never_stopped.record.config
    assert run.weights_path.read_bytes() == never_stopped.weights_path.read_bytes()


def test_what_waits_can_be_moved_and_stopped_and_the_next_begins_when_the_one_at_work_is_killed(
    page: Page, app: App, phantoms: Path
) -> None:
    _open_form(page, app, phantoms)
    _fill_in(page)
    page.get_by_role("button", name="Start training").click()
    at_work = _held_in_training(app)
    page.get_by_role("tab", name="Queue").click()
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    second = _started_again(page, app)
    expect(page.get_by_role("combobox", name="Run to watch")).to_be_visible()  # a run just begun is watched
    third = _started_again(page, app)

    page.get_by_role("tab", name="Queue").click()  # at times before the page has been painted with the third run
    expect(page.get_by_text("Waiting: 2")).to_be_visible()
    _button(page, "First", third).click()
    expect(_button(page, "First", third)).to_be_disabled()  # it is the first now
    stop = _button(page, "Stop", second)
    expect(stop).to_be_enabled()
    stop.click()
    expect(page.get_by_text("Waiting: 1")).to_be_visible()
    expect(page.get_by_text("Somebody stopped it.")).to_be_visible()

    _signal(at_work, signal.SIGKILL)
    expect(page.get_by_text("killed by signal 9 (SIGKILL)")).to_be_visible()
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    wait_until(lambda: read_run(third.folder).record.status == "finished")
    assert read_run(second.folder).record.status == "stopped"
    expect(page.get_by_text("Nothing trains now.")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0


def test_a_sweep_begun_on_the_page_is_followed_to_its_one_look_at_test(page: Page, app: App, phantoms: Path) -> None:
    _open_form(page, app, phantoms)
    _fill_in(page)
    page.get_by_text("Try several values of it: a sweep").click()
    vary = page.get_by_role("combobox", name="What to vary")
    _type(vary, "Epochs")
    vary.press("Escape")  # closes the list, which stays open for the next choice
    _type(page.get_by_role("textbox", name="Epochs", exact=True), "2, 3")
    expect(page.get_by_text("2 combinations in all.")).to_be_visible()
    page.get_by_role("button", name="Start the sweep").click()

    look = page.get_by_role("button", name="Open the winner's test figures (once)")
    expect(page.get_by_text("Trials looked at on validation: 2 of 2.").first).to_be_visible()
    expect(page.get_by_role("figure", name="trials")).to_be_visible()
    expect(look).to_be_enabled()
    assert page.get_by_text("Test: missed (FNR)").count() == 0
    look.click()
    expect(page.get_by_text("is the best of 2 trials")).to_be_visible()
    expect(page.get_by_text("Test: missed (FNR)")).to_be_visible()
    expect(look).to_have_count(0)
    assert page.get_by_test_id("stException").count() == 0


def _open_form(page: Page, app: App, data: Path) -> None:
    """The form, with a dataset that was just checked."""
    page.goto(f"{app.address}/training")
    wait_for(page, "Research use only")
    _type(page.get_by_role("textbox", name="Dataset folder"), str(data))
    page.get_by_role("button", name="Check this folder").click()
    wait_for(page, "Start training")


def _fill_in(page: Page) -> None:
    """Change the settings, so that a training takes seconds; the page says what differs from the preset."""
    page.get_by_text("All settings", exact=True).click()
    _type(page.get_by_role("combobox", name="Backbone", exact=True), _SETTINGS["backbone"])
    wait_for(page, "Differs from the preset quick in 1 setting:")
    numbers = (("Image size", "image_size"), ("Epochs", "epochs"), ("Batch size", "batch_size"))
    for count, (label, name) in enumerate(numbers, start=2):
        _type(page.get_by_role("spinbutton", name=label, exact=True), _SETTINGS[name])
        wait_for(page, f"Differs from the preset quick in {count} settings:")
    choose(page, "Precision", _SETTINGS["precision"])
    wait_for(page, f"Differs from the preset quick in {len(_SETTINGS)} settings:")


def _type(field: Locator, text: str) -> None:
    brought_into_view(field).fill(text)
    field.press("Enter")


def _started_again(page: Page, app: App) -> Run:
    """One more run of the form as it stands; it has a process and waits."""
    known = {run.id for run in list_runs(app.runs)[0]}

    def start() -> None:
        button = page.get_by_role("button", name="Start training")
        if not button.is_visible():
            page.get_by_text("Train a network", exact=True).click()
        at_rest(button).click()  # what stands above it is painted anew twice a second, and may move it

    until_it_holds(start, lambda: wait_until(lambda: len(list_runs(app.runs)[0]) > len(known), seconds=20))
    run = next(run for run in list_runs(app.runs)[0] if run.id not in known)
    wait_until(lambda: progress_of(run).get("phase") == "waiting")
    return run


def _held_in_training(app: App) -> Run:
    """The only run, its process held still after an epoch."""
    wait_until(lambda: epochs_done(app.runs) > 0)
    run = only_run(app.runs)
    _signal(run, signal.SIGSTOP)
    return run


def _signal(run: Run, number: int) -> None:
    """Send a signal to the process at work on a run."""
    os.kill(progress_of(run)["pid"], number)


def _button(page: Page, label: str, run: Run) -> Locator:
    """A button beside a run in the queue."""
    return page.locator(f".st-key-queue-{label}-{run.id} button")
