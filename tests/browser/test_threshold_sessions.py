"""Two people at one run: what one puts in force, or takes away, the other's open page notices before it saves.

And one who goes elsewhere and comes back.
"""

import shutil

import pytest
from playwright.sync_api import Page

from benchmarks.browser import READY
from benchmarks.finished_run import write_finished_run
from core.decided import point_in_force, save_point, stored_point
from core.evaluation.decision.operating_point import fixed_point
from core.results import split_results
from core.runs import Run
from core.scores_in_force import use_calibrated_scores
from tests.browser.conftest import App
from tests.browser.hands import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def run(shared_app: App) -> Run:
    return write_finished_run(shared_app.runs, scans=600)


def test_a_page_drawn_before_calibration_shows_calibrated_scores_before_it_saves(page: Page, shared_app: App, run: Run):
    _open(page, shared_app, run)
    _move_to(page, "0.3")
    use_calibrated_scores(run)
    carried = point_in_force(run).threshold
    page.get_by_role("button", name="Use this threshold").click()
    expect(page.get_by_text("Calibrated scores, on every page")).to_be_visible()
    expect(page.get_by_role("button", name="In force", exact=True)).to_be_visible()
    assert stored_point(run) is None
    assert point_in_force(run).threshold == carried


def test_what_somebody_else_puts_in_force_is_known_with_the_next_move(page: Page, shared_app: App, run: Run):
    _open(page, shared_app, run)
    save_point(run, fixed_point(split_results(run, "val").scored, 0.238))
    _move_to(page, "0.3")
    expect(page.get_by_text("In force now: 0.238, set by hand.")).to_be_visible()
    page.get_by_role("button", name="Back to the one in force").click()
    expect(page.get_by_text("Exactly 0.238")).to_be_visible()


def test_a_deleted_run_is_not_brought_back_by_saving(page: Page, shared_app: App, run: Run):
    _open(page, shared_app, run)
    _move_to(page, "0.3")
    shutil.rmtree(run.folder)
    page.get_by_role("button", name="Use this threshold").click()
    expect(page.get_by_text(f"There is no finished run {run.id} here")).to_be_visible()
    assert not run.folder.exists()


def test_who_comes_back_finds_the_tab_open_that_was_left(page: Page, shared_app: App, run: Run):
    _open(page, shared_app, run)
    page.get_by_role("tab", name="In patients").click()
    expect(page.get_by_text("Of 1,000 people like these").first).to_be_visible()
    page.get_by_role("link", name="Performance").click()
    expect(page.get_by_role("heading", name="Performance")).to_be_visible()
    page.get_by_role("link", name="Threshold").click()
    expect(page.get_by_role("tab", name="In patients")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("Of 1,000 people like these").first).to_be_visible()


def _open(page: Page, app: App, run: Run) -> None:
    page.goto(f"{app.address}/threshold?run={run.id}")
    page.locator(READY).wait_for()
    expect(page.get_by_role("button", name="In force", exact=True)).to_be_visible()


def _move_to(page: Page, threshold: str) -> None:
    field = page.locator(".finger-dials input").first
    field.fill(threshold)
    field.press("Enter")
    expect(page.get_by_text(f"Exactly {threshold}")).to_be_visible()
