"""The audit in a browser: by itself, side by side, decided, undone."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page

from benchmarks.browser import wait_for
from core.data.phantoms.writing import write_phantoms
from tests.browser.conftest import App
from tests.browser.hands import expect, open_part

pytestmark = pytest.mark.browser


def test_an_audit_comes_by_itself_and_what_is_decided_can_be_undone(page: Page, shared_app: App, tmp_path: Path):
    made = write_phantoms(tmp_path / "made", count=40, seed=0)
    data = shared_app.datasets / "scans"
    for label in ("lesion", "normal"):
        shutil.copytree(made / label, data / label)
    first = sorted((data / "normal").iterdir())[0]
    shutil.copy(first, first.with_name("copy-1.png"))
    page.set_default_timeout(120_000)
    page.goto(f"{shared_app.address}/dataset?data={data}")
    wait_for(page, "Looked for and not found")
    copies = page.locator("[class*=st-key-finding-]").filter(has_text="2 scans in 1 set of copies")
    copies.get_by_text("Look at it (2 scans)").click()
    expect(copies.locator("img")).to_have_count(2)
    copies.get_by_role("button", name="Leave out 1 cop").click()
    wait_for(page, "Problems (1)")
    undo = page.get_by_role("button", name="Undo")
    open_part(page, "Decisions in force (1)", undo)
    undo.click()
    wait_for(page, "2 scans in 1 set of copies")
    expect(page.get_by_text("Decisions in force")).to_have_count(0)
    assert page.get_by_test_id("stException").count() == 0
