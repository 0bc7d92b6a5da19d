"""The dataset page with 20,000 scans: it opens, the gallery turns, the sizes are drawn."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page

from benchmarks.browser import wait_for
from tests.browser.conftest import App

pytestmark = pytest.mark.browser
COUNT = 20_000


def write_many(folder: Path) -> Path:
    """Small crops of one noise, nearly each of its own size."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (160, 160), dtype=np.uint8)
    for label in ("sick", "well"):
        (folder / label).mkdir(parents=True)
        for number in range(COUNT // 2):
            width, height, left, top = rng.integers((20, 20, 0, 0), (90, 90, 60, 60))
            cv2.imwrite(str(folder / label / f"scan {number}.png"), noise[top : top + height, left : left + width])
    return folder


def test_the_gallery_and_the_sizes_stay_usable_with_20000_scans(page: Page, shared_app: App):
    data = write_many(shared_app.datasets / "many")
    page.set_default_timeout(120_000)
    page.goto(f"{shared_app.address}/dataset?data={data}")
    page.get_by_text("20,000 scans, 1 to 24 shown").wait_for()
    wait_for(page, "The whole index")
    assert page.get_by_text("Audit this dataset").count() == 1  # so many are looked through when asked
    page.locator("[data-testid=stPaginationNext]").click()
    page.get_by_text("20,000 scans, 25 to 48 shown").wait_for()
    page.locator("[data-testid=stImage] img").nth(20).wait_for()
    page.get_by_text("Width (px)").first.wait_for()
    assert 0 < page.locator(".scatterlayer path.point").count() <= 2000
    assert page.get_by_test_id("stException").count() == 0
