"""The map of all scans in a real browser: what is drawn around becomes the worklist, and so does its link."""

from urllib.parse import parse_qs, urlsplit

import pytest
from made_runs import made_features, made_run, made_table
from playwright.sync_api import Page

from benchmarks.browser import READY, wait_for
from core.explanation.projection import within
from core.review.worklists.places import scan_places
from core.runs import Run
from tests.browser.conftest import App

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def mapped(shared_app: App) -> tuple[str, Run]:
    table = made_table()
    return shared_app.address, made_run(shared_app.runs, table, made_features(table))


def test_a_lasso_becomes_a_worklist_of_just_its_scans_and_a_link_to_it(page: Page, mapped: tuple[str, Run]):
    address, run = mapped
    page.goto(f"{address}/review?run={run.id}&view=all")
    page.wait_for_selector(".js-plotly-plot .nsewdrag", timeout=180_000)  # the first page of a cold server
    wait_for(page, "Draw around scans")
    box = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.55), (0.02, 0.55), (0.02, 0.02)]
    for number, (x, y) in enumerate(corners):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8)
        if number == 0:
            page.mouse.down()
    page.mouse.up()
    wait_for(page, "Go through these")
    area = parse_qs(urlsplit(page.url).query)["area"][0]
    inside = int(within(scan_places(run, "pca").points, area).sum())
    assert 0 < inside < 60
    page.get_by_role("button", name=f"Go through these {inside} scans").click()
    wait_for(page, f"of {inside}")
    link = page.url
    assert parse_qs(urlsplit(link).query)["area"] == [area]
    page.goto(link)
    wait_for(page, f"of {inside}")
    page.wait_for_selector(READY)
