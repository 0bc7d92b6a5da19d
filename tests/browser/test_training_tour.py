"""Training in a browser: watched, stopped and gone on with, queued, killed, swept; each in a process of its own.

What a process does while the page is looked at is held still with SIGSTOP, so no test depends on how fast it trains.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks.browser import wait_for
from core.data.phantoms.writing import write_phantoms
from core.runs import Run, list_runs, read_run
from core.training.jobs import current_status, progress_of, queued
from tests.browser.conftest import app_on
from tests.tiny_trainings import TINY, ended, only_run, started, train_arguments, wait_until

pytestmark = pytest.mark.browser

_EPOCHS = 40
_TIMEOUT_MS = 60_000


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty synthetic scans of 30 patients."""
    return write_phantoms(tmp_path_factory.mktemp("scans") / "sixty", count=60, seed=1)


@pytest.fixture
def app(tmp_path: Path, page: Page) -> Iterator[SimpleNamespace]:
    """A fresh server with no run: its `address`, its `runs`. What still trains at the end is killed."""
    page.set_default_timeout(_TIMEOUT_MS)
    expect.set_options(timeout=_TIMEOUT_MS)
    with app_on(tmp_path) as address:
        try:
            yield SimpleNamespace(address=address, runs=tmp_path / "runs")
        finally:
            expect.set_options(timeout=5_000)
            for run in list_runs(tmp_path / "runs")[0]:
                if current_status(run)[0] in ("queued", "running"):
                    _signal(run, signal.SIGKILL)


def test_a_run_stopped_and_gone_on_with_from_the_page_ends_with_the_weights_of_one_that_never_was(
    page: Page, app: SimpleNamespace, phantoms: Path, tmp_path: Path
) -> None:
    settings = TINY | {"epochs": _EPOCHS, "patience": _EPOCHS, "positive": "lesion"}
    with started(train_arguments(phantoms, tmp_path / "never-stopped", **settings)) as command:
        _open_form(page, app, phantoms)
        expect(page.get_by_text("Exactly the preset quick.")).to_be_visible()
        _fill_in(page)
        expect(page.get_by_text("Differs from the preset quick in 7 settings:")).to_be_visible()
        assert ended(command).status == 0
    page.get_by_role("button", name="Start training").click()
    run = _held_in_training(app.runs)

    expect(page.get_by_role("img", name="Loss by epoch")).to_be_visible()  # without a reload
    page.get_by_text("What the network sees", exact=True).click()
    expect(page.locator("img[alt^='Scan 1 of the first batch']")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_until(lambda: (run.folder / "stop.request").exists())
    _signal(run, signal.SIGCONT)
    go_on = page.get_by_role("button", name="Go on", exact=True)
    expect(go_on).to_be_visible()
    assert 1 <= progress_of(run).get("epoch", 1) < _EPOCHS and read_run(run.folder).record.status == "stopped"

    go_on.click()
    expect(page.get_by_role("button", name="How good is it?")).to_be_visible()
    never_stopped = only_run(tmp_path / "never-stopped")
    assert read_run(run.folder).record.config == never_stopped.record.config
    assert run.weights_path.read_bytes() == never_stopped.weights_path.read_bytes()


def _open_form(page: Page, app: SimpleNamespace, data: Path) -> None:
    """The training page with a dataset that was just checked."""
    page.goto(f"{app.address}/training")
    wait_for(page, "Research use only")
    _type(page.get_by_role("textbox", name="Dataset folder"), str(data))
    page.get_by_role("button", name="Check this folder").click()
    wait_for(page, "Start training")


def _fill_in(page: Page) -> None:
    """The form as `TINY` has it: a run of seconds."""
    _type(page.get_by_role("combobox", name="Backbone", exact=True), TINY["backbone"])
    for name, value in (
        ("Image size", 32),
        ("Epochs", _EPOCHS),
        ("Patience", _EPOCHS),
        ("Batch size", TINY["batch_size"]),
        ("Learning rate", TINY["learning_rate"]),
    ):
        _type(page.get_by_role("spinbutton", name=name, exact=True), str(value))
    page.get_by_text("All settings", exact=True).click()
    _type(page.get_by_role("spinbutton", name="Dropout", exact=True), str(TINY["dropout"]))
    _type(page.get_by_role("combobox", name="Precision", exact=True), TINY["precision"])


def _type(field: Locator, text: str) -> None:
    field.fill(text)
    field.press("Enter")


def _held_in_training(runs_folder: Path) -> Run:
    """The newest run, its process held still after its first epoch."""
    wait_until(lambda: bool(list_runs(runs_folder)[0]))
    run = list_runs(runs_folder)[0][0]
    wait_until(lambda: (run.folder / "history.csv").exists())
    _signal(run, signal.SIGSTOP)
    return run


def _signal(run: Run, number: int) -> None:
    """Send a signal to the process that trains a run."""
    os.kill(progress_of(run)["pid"], number)
