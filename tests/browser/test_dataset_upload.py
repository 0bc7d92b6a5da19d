"""A zip handed to the browser is a dataset a moment later."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page

from benchmarks.browser import wait_for
from core.data.phantoms.writing import write_phantoms
from tests.browser.conftest import App
from tests.browser.hands import expect

pytestmark = pytest.mark.browser


def test_a_zip_of_phantoms_becomes_a_dataset(page: Page, shared_app: App, tmp_path: Path) -> None:
    write_phantoms(tmp_path / "phantoms", count=40, seed=1)
    archive = shutil.make_archive(str(tmp_path / "forty"), "zip", tmp_path, "phantoms")
    page.goto(f"{shared_app.address}/dataset")
    wait_for(page, "Zip of class folders")
    page.locator("input[type=file]").first.set_input_files(archive)
    make = page.get_by_role("button", name="Make the dataset")
    expect(make).to_be_enabled(timeout=30_000)
    make.click()
    expect(page.get_by_text("files written to")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("textbox", name="Folder of scans")).to_have_value(str(shared_app.datasets / "forty"))
    expect(page.locator("img[alt^='Scan P']").first).to_be_visible(timeout=30_000)
    page.wait_for_url(re.compile("data="), timeout=30_000)  # written once the page has said all it can
    assert (shared_app.datasets / "forty" / "index.csv").is_file()
