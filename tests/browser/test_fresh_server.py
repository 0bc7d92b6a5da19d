"""The first request to a fresh server, whatever it asks for."""

import urllib.request

import pytest
from playwright.sync_api import Page

from benchmarks.browser import wait_for
from tests.browser.conftest import app_on
from tests.browser.hands import expect

pytestmark = pytest.mark.browser


def test_a_deep_link_first_goes_through_the_frame_without_page_not_found(page: Page, tmp_path):
    with app_on(tmp_path) as address:
        page.goto(f"{address}/review?run=nothing-here&cell=missed")
        wait_for(page, "Research use only")
        expect(page.get_by_role("heading", name="Review")).to_be_visible()
        expect(page.get_by_role("link", name="Threshold")).to_be_visible()  # the navigation is there
        expect(page.get_by_text("There is no finished run to look at yet")).to_be_visible()
        assert page.get_by_text("Page not found").count() == 0


@pytest.mark.parametrize("path", ["", "dataset", "training", "performance", "threshold", "review", "prediction"])
def test_every_page_stands_without_any_run(page: Page, empty_app: str, path: str):
    page.goto(f"{empty_app}/{path}")
    wait_for(page, "Research use only")
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_text("Page not found").count() == 0


def test_pages_begin_in_the_dark_reading_room(page: Page, empty_app: str):
    page.goto(empty_app)
    wait_for(page, "Research use only")
    background = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
    assert background == "rgb(14, 17, 22)"


def test_answers_carry_security_headers(empty_app: str):
    for path in ("/", "/_stcore/health"):
        with urllib.request.urlopen(empty_app + path) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
