"""The tour of the README, driven as a visitor would: start page, demo, threshold, review, prediction."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.browser import READY, wait_for
from core.decided import point_in_force
from core.results import split_results
from core.review.worklists.case_table import case_table
from core.review.worklists.filters import Filters
from core.review.worklists.worklist import worklist
from core.runs import Run, list_runs
from tests.browser.conftest import app_on
from tests.browser.hands import at_rest, expect, until_it_holds

pytestmark = pytest.mark.browser
_DEMO_MS = 900_000  # a busy machine with one core to spare


@pytest.fixture(scope="module")
def toured(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Run, Path]]:
    """The app after one click on the start page: its address, the demo's run, its folder."""
    folder = tmp_path_factory.mktemp("tour")
    with app_on(folder) as address:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        wait_for(page, "Research use only")
        page.get_by_role("button", name="Try it on synthetic scans").click()
        expect(page.get_by_role("button", name="Stop")).to_be_visible(timeout=60_000)  # it shows that it works
        page.close()  # it goes on without a browser
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        expect(page.get_by_role("button", name="Where do we cut?")).to_be_visible(timeout=_DEMO_MS)
        page.close()
        run = list_runs(folder / "runs")[0][0]
        yield address, run, folder


def _settled(page: Page) -> None:
    page.wait_for_timeout(300)
    page.wait_for_selector(READY, timeout=60_000)


def test_the_demo_run_is_worth_exploring(toured):
    _, run, _ = toured
    test = split_results(run, "test").evaluated(0.5)
    assert run.record.status == "finished"
    assert test.auc.value > 0.75
    assert point_in_force(run).fnr.value <= 0.05  # chosen on validation, as the demo promises


def test_start_page_leads_to_the_threshold_and_a_saved_one_counts_everywhere(page: Page, toured):
    address, run, _ = toured
    page.goto(address)
    page.get_by_role("button", name="Where do we cut?").click()
    expect(page.get_by_role("heading", name="Where do we cut?")).to_be_visible(timeout=30_000)
    _settled(page)
    page.get_by_label(re.compile("Miss at most")).fill("20")
    page.keyboard.press("Enter")
    _settled(page)
    page.get_by_role("button", name="Pick on validation").click()
    _settled(page)
    page.get_by_role("button", name="Use this threshold").click()
    expect(page.get_by_role("button", name="In force", exact=True)).to_be_visible(timeout=30_000)
    point = point_in_force(run)
    assert point.fnr.value <= 0.20
    for link in ("Performance", "Review"):
        page.get_by_role("link", name=link).click()
        expect(page.get_by_role("heading", name=re.compile(link))).to_be_visible(timeout=30_000)
        _settled(page)
        expect(page.get_by_test_id("stSidebar").get_by_text(f"{point.threshold:.3f}").first).to_be_visible()


def test_review_goes_through_the_worklist_by_keyboard_and_a_link_reopens_the_case(page: Page, browser: Browser, toured):
    address, run, _ = toured
    cells = case_table(run, ("test",), point_in_force(run))
    cell = max(("missed", "false alarm", "found"), key=lambda name: int((cells["cell"] == name).sum()))
    cases = worklist(cells, Filters(cells=(cell,)))["path"].tolist()
    page.goto(f"{address}/review?run={run.id}&cell={cell}&split=test")
    _case_is_shown(page, cases[0])
    page.keyboard.press("ArrowRight")
    _case_is_shown(page, cases[1])
    page.keyboard.press("ArrowLeft")
    _case_is_shown(page, cases[0])
    page.get_by_role("button", name="Next").click()
    _case_is_shown(page, cases[1])
    expect(page.get_by_text("unscaled maximum").first).to_be_visible()
    with browser.new_context() as other:
        again = other.new_page()
        again.goto(page.url)
        _case_is_shown(again, cases[1])


def test_a_click_on_a_cell_of_the_matrix_leads_to_its_worklist(page: Page, toured):
    address, run, _ = toured
    found = worklist(case_table(run, ("test",), point_in_force(run)), Filters(cells=("found",)))["path"].tolist()
    page.goto(f"{address}/performance?run={run.id}&split=test")
    matrix = page.locator('[class*="st-key-confusion-"] .js-plotly-plot')
    matrix.wait_for(timeout=120_000)
    page.wait_for_selector(READY, timeout=120_000)

    def click_on_found() -> None:
        x, y = at_rest(matrix).evaluate(  # charts above and below it take their heights first
            """(plot, positive) => {
                const k = plot.data.findIndex(trace => trace.customdata)
                const isFound = ([truth, called]) => truth === positive && called === positive
                const n = plot.data[k].customdata.findIndex(isFound)
                const {xaxis, yaxis} = plot._fullLayout, trace = plot._fullData[k], box = plot.getBoundingClientRect()
                return [box.x + xaxis._offset + xaxis.d2p(trace.x[n]), box.y + yaxis._offset + yaxis.d2p(trace.y[n])]
            }""",
            run.record.positive,
        )
        page.mouse.move(x - 8, y - 8)  # plotly takes a click for what the pointer hovers over
        page.mouse.move(x, y)
        page.wait_for_timeout(600)
        page.mouse.click(x, y, delay=60)

    until_it_holds(click_on_found, lambda: page.wait_for_url("**/review?**", timeout=10_000))
    _case_is_shown(page, found[0])
    assert "cell=found" in page.url


def test_a_scan_can_be_predicted_and_the_result_downloaded(page: Page, toured):
    address, run, folder = toured
    scan = sorted((folder / "datasets").glob("*/lesion/*.png"))[0]
    page.goto(f"{address}/prediction?run={run.id}")
    wait_for(page, "Research use only")
    page.locator("input[type=file]").first.set_input_files(str(scan))
    page.get_by_text("Unscaled maximum").first.wait_for(timeout=60_000)
    _settled(page)
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button").first.click()
    assert scan.name in Path(download.value.path()).read_text(encoding="utf-8")


def _case_is_shown(page: Page, path: str) -> None:
    page.locator(f'canvas[aria-label^="Scan {path},"]').first.wait_for(timeout=60_000)
    deadline = time.monotonic() + 20
    while path.replace("/", "%2F") not in page.url and path not in page.url:
        assert time.monotonic() < deadline, f"the address {page.url} does not name {path}"
        page.wait_for_timeout(100)
